-- tables, PostgreSQL 12+: those worth a row.   $1 int = rows wanted by size, $2 bool = measure the files
-- * a size function opens the table, its indexes and its large values: whoever holds or wants one of these for himself would make it
--   wait, so these are left out (bytes is null) and the planner's pages are told instead; lock_timeout is short all the same
-- * candidates are ranked by pages and rows that the catalog and the statistics know already: only the picked ones are measured
WITH /* holdpoint */ held AS MATERIALIZED (
  SELECT DISTINCT l.relation AS oid FROM pg_catalog.pg_lock_status() l
   WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
), idx AS MATERIALIZED (
  SELECT i.indrelid AS oid, sum(c.relpages)::bigint AS pages, sum(pg_catalog.pg_stat_get_numscans(i.indexrelid))::bigint AS scans,
         pg_catalog.bool_or(i.indexrelid IN (SELECT oid FROM held)) AS held
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid GROUP BY 1
), tab AS MATERIALIZED (
  SELECT c.oid, c.relname, n.nspname, pg_catalog.age(c.relfrozenxid) AS frozen_age, coalesce(x.scans, 0) AS idx_scans,
         c.relpages::bigint + coalesce(t.relpages, 0) + coalesce(x.pages, 0) AS pages, coalesce(x.pages, 0) AS idx_pages,
         pg_catalog.pg_stat_get_live_tuples(c.oid) AS live, pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
         pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid)
           + pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS writes,
         coalesce(x.held, false) OR c.oid IN (SELECT oid FROM held) OR c.reltoastrelid IN (SELECT oid FROM held) AS held
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
    LEFT JOIN idx x ON x.oid = c.oid
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
), pick AS MATERIALIZED (
  SELECT * FROM (
    SELECT t.*, count(*) OVER ()::int AS of_all,
           pg_catalog.row_number() OVER (ORDER BY greatest(pages, live / 100) DESC, oid) AS by_size,
           pg_catalog.row_number() OVER (ORDER BY dead DESC) AS by_dead,
           pg_catalog.row_number() OVER (ORDER BY writes DESC) AS by_writes
      FROM tab t) r
   WHERE by_size <= $1 OR (by_dead <= 15 AND dead > 0) OR (by_writes <= 15 AND writes > 0)
)
SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms, p.of_all, p.oid,
       pg_catalog.textsend(p.nspname || '.' || p.relname) AS name, p.held,
       CASE WHEN $2 AND NOT p.held THEN pg_catalog.pg_total_relation_size(p.oid) END AS bytes,
       CASE WHEN $2 AND NOT p.held THEN pg_catalog.pg_indexes_size(p.oid) END AS index_bytes,
       p.pages * pg_catalog.current_setting('block_size')::bigint AS guessed_bytes,
       p.idx_pages * pg_catalog.current_setting('block_size')::bigint AS guessed_index_bytes,
       p.live, p.dead, p.writes, p.frozen_age, p.idx_scans, pg_catalog.pg_stat_get_numscans(p.oid) AS seq_scans,
       (extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_stat_get_last_vacuum_time(p.oid)) * 1000)::bigint AS vacuum_ms,
       (extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_stat_get_last_autovacuum_time(p.oid)) * 1000)::bigint AS autovacuum_ms,
       (extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_stat_get_last_analyze_time(p.oid)) * 1000)::bigint AS analyze_ms,
       (extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_stat_get_last_autoanalyze_time(p.oid)) * 1000)::bigint AS autoanalyze_ms
  FROM pick p
