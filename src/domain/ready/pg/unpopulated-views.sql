-- title: Every materialized view is populated
-- when: after
-- rows: fail
-- rights: any role
-- means: Reading one that was never refreshed is an error.
-- remedy: REFRESH MATERIALIZED VIEW it; CONCURRENTLY is possible only once it is populated and has a unique index without WHERE.
select n.nspname || '.' || c.relname as view, exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null) as can_refresh_concurrently
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm' and not c.relispopulated order by 1
