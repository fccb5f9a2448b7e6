-- title: Transaction ids are far from their limit
-- when: before
-- rows: by verdict
-- with: warn_above percent = 75%; of autovacuum_freeze_max_age
-- with: fail_above percent = 100%; of autovacuum_freeze_max_age
-- rights: any role
-- means: Beyond that age autovacuum must freeze the table; this vacuum does not give way to a change of the table, which then waits until it is through.
-- remedy: VACUUM (FREEZE) the oldest tables before the window; pg/wraparound-tables names them.
with s as (select datname as database, age(datfrozenxid) as age, current_setting('autovacuum_freeze_max_age')::bigint as freeze_max_age from pg_database where datallowconn)
select case when age > ${fail_above} * freeze_max_age then 'fail' when age > ${warn_above} * freeze_max_age then 'warn' else 'ok' end as verdict,
       database, age, freeze_max_age, round(100.0 * age / freeze_max_age, 1) as percent from s order by age desc limit 10
