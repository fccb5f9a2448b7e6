-- title: The database's counters
-- when: before, during, after
-- rows: shown
-- compares: numbers by counter
-- rights: any role
-- means: They only grow: used twice and compared they tell what happened in between. Deadlocks and rollbacks beyond the usual are the migration's.
-- remedy: Look into deadlocks at once: the server's log names the statements.
select c.counter, c.n from pg_stat_database d cross join lateral (values ('commits', xact_commit::numeric), ('rollbacks', xact_rollback), ('deadlocks', deadlocks), ('conflicts', conflicts), ('temporary files', temp_files),
       ('temporary bytes', temp_bytes), ('blocks hit', blks_hit), ('blocks read', blks_read), ('rows written', tup_inserted + tup_updated + tup_deleted),
       ('wal bytes', case when pg_is_in_recovery() then 0 else pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') end), ('database bytes', pg_database_size(datid))) c(counter, n)
 where d.datname = current_database() order by 1
