-- title: The materialized views
-- when: before, after
-- rows: shown
-- rights: any role
-- means: The server keeps no time of the last refresh; the run's log does, where the run did it.
-- remedy: Refresh those whose sources the migration changed.
select n.nspname || '.' || c.relname as view, c.relispopulated as populated, greatest(c.reltuples, 0)::bigint as about_rows, pg_size_pretty(pg_total_relation_size(c.oid)) as size,
       exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null) as can_refresh_concurrently
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm' order by 1
