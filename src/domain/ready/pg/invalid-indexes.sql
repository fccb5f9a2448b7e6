-- title: Every index is valid
-- when: before, after
-- rows: fail
-- rights: any role
-- means: All that a failed CREATE INDEX CONCURRENTLY leaves behind. It costs every write, is never used, and while it is unique can still refuse rows. The next attempt fails with "already exists". Indexes that are being built right now are left out.
-- remedy: REINDEX INDEX CONCURRENTLY it, or DROP INDEX CONCURRENTLY and build it again. What ends in _ccnew or _ccold is left over from a reindex: drop it.
select n.nspname || '.' || c.relname as index, i.indrelid::regclass::text as relation, case when not i.indislive then 'being dropped' when not i.indisready then 'not ready' else 'not valid' end as state,
       i.indisunique as is_unique, pg_size_pretty(pg_relation_size(c.oid)) as size, pg_get_indexdef(i.indexrelid) as definition
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
 where (not i.indisvalid or not i.indisready or not i.indislive) and c.relkind <> 'I' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast_temp'
   and not exists (select 1 from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
 order by 1
