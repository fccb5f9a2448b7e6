-- title: How far vacuum, cluster, copy and analyze are
-- when: during
-- rows: shown
-- rights: any role; pg_monitor for other roles' sessions
-- means: VACUUM FULL and CLUSTER are shown as they rewrite, dumps and restores as they copy.
-- remedy: Nothing, while it moves.
-- from 14
select 'vacuum' as what, pid, relid::regclass::text as relation, phase, round(100.0 * heap_blks_scanned / nullif(heap_blks_total, 0), 1) as percent from pg_stat_progress_vacuum where datname = current_database()
union all select lower(command), pid, relid::regclass::text, phase, round(100.0 * heap_blks_scanned / nullif(heap_blks_total, 0), 1) from pg_stat_progress_cluster where datname = current_database()
union all select 'copy ' || lower(command), pid, relid::regclass::text, type, round(100.0 * bytes_processed / nullif(bytes_total, 0), 1) from pg_stat_progress_copy where datname = current_database()
union all select 'analyze', pid, relid::regclass::text, phase, round(100.0 * sample_blks_scanned / nullif(sample_blks_total, 0), 1) from pg_stat_progress_analyze where datname = current_database()
 order by 1, 2
-- from 12
select 'vacuum' as what, pid, relid::regclass::text as relation, phase, round(100.0 * heap_blks_scanned / nullif(heap_blks_total, 0), 1) as percent from pg_stat_progress_vacuum where datname = current_database()
union all select lower(command), pid, relid::regclass::text, phase, round(100.0 * heap_blks_scanned / nullif(heap_blks_total, 0), 1) from pg_stat_progress_cluster where datname = current_database()
 order by 1, 2
