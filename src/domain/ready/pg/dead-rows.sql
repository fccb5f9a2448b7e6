-- title: No table is full of dead rows
-- when: before, after
-- rows: warn
-- with: above percent = 20%; of the table's rows
-- with: from_rows count = 10000; smaller tables are let pass
-- rights: any role
-- means: A backfill leaves a dead row for each it changed. Scans read them until vacuum has been.
-- remedy: VACUUM the table; between batches let autovacuum keep up.
select relid::regclass::text as relation, n_live_tup as live, n_dead_tup as dead, round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 1) as dead_percent,
       greatest(last_vacuum, last_autovacuum) as last_vacuum, pg_size_pretty(pg_total_relation_size(relid)) as size
  from pg_stat_user_tables where n_live_tup + n_dead_tup >= ${from_rows} and n_dead_tup > ${above} * (n_live_tup + n_dead_tup) order by n_dead_tup desc, 1 limit 20
