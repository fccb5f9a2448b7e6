-- title: Nothing holds back the cleaning of dead rows
-- when: before
-- rows: warn
-- with: older_than count = 1000000; in transactions
-- rights: pg_monitor
-- means: Dead rows newer than the oldest snapshot, slot or prepared transaction cannot be cleaned. A backfill under an old one leaves the table bloated.
-- remedy: End what is named here, or drop the slot that nobody reads, before you write many rows.
select kind, who, xmin_age from (
  select 'session' as kind, format('pid %s, %s, %s', pid, usename, coalesce(nullif(application_name, ''), '(none)')) as who, age(backend_xmin) as xmin_age
    from pg_stat_activity where backend_xmin is not null and pid <> pg_backend_pid()
  union all select 'replication slot', slot_name::text, greatest(age(xmin), age(catalog_xmin)) from pg_replication_slots where coalesce(xmin, catalog_xmin) is not null
  union all select 'prepared transaction', gid, age(transaction) from pg_prepared_xacts
  union all select 'standby with feedback', coalesce(application_name, '?'), age(backend_xmin) from pg_stat_replication where backend_xmin is not null) s
 where xmin_age > ${older_than} order by xmin_age desc limit 50
