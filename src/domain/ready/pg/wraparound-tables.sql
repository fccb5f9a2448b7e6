-- title: No table is due for an anti-wraparound vacuum
-- when: before
-- rows: warn
-- with: above percent = 75%; of autovacuum_freeze_max_age
-- rights: any role
-- means: A vacuum to prevent wraparound that starts inside the window makes a change of that table wait for its end.
-- remedy: VACUUM (FREEZE) it before the window.
select c.oid::regclass::text as relation, age(c.relfrozenxid) as age, pg_size_pretty(pg_total_relation_size(c.oid)) as size
  from pg_class c where c.relkind in ('r', 'm', 't') and c.relfrozenxid <> '0'
   and age(c.relfrozenxid) > ${above} * current_setting('autovacuum_freeze_max_age')::bigint
 order by 2 desc limit 20
