-- title: A table is not bloated, measured
-- when: before, after
-- rows: by verdict
-- with: table relation; the table
-- with: above percent = 30%; of it dead or free
-- rights: pg_stat_scan_tables, and the extension pgstattuple
-- means: What pg/dead-rows estimates, measured by reading the table's visibility map and every page that is not all visible.
-- remedy: pg_repack, or VACUUM FULL in a window of its own.
select case when dead_tuple_percent + approx_free_percent > 100 * ${above} then 'warn' else 'ok' end as verdict, ${table:text} as relation, table_len as bytes, round(approx_tuple_percent::numeric, 1) as live_percent,
       round(dead_tuple_percent::numeric, 1) as dead_percent, round(approx_free_percent::numeric, 1) as free_percent from pgstattuple_approx(${table:text}::regclass)
