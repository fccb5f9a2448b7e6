-- What a reviewer should know about :schema, a line each. Nothing of it is an error by itself.
select 'foreign key without an index: ' || k.conrelid::regclass || '.' || k.conname
  from pg_constraint k
 where k.contype = 'f' and k.connamespace = :'schema'::regnamespace and k.conparentid = 0
   and not exists (select from pg_index i where i.indrelid = k.conrelid and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
 order by 1;
select 'the same index twice: ' || string_agg(indexrelid::regclass::text, ', ' order by indexrelid)
  from pg_index i join pg_class c on c.oid = i.indrelid
 where c.relnamespace = :'schema'::regnamespace
 group by indrelid, indkey, indclass, indcollation, coalesce(pg_get_expr(indexprs, indrelid), ''), coalesce(pg_get_expr(indpred, indrelid), '')
having count(*) > 1 order by 1;
select 'without a comment: ' || oid::regclass
  from pg_class
 where relnamespace = :'schema'::regnamespace and relkind in ('r', 'p', 'm') and not relispartition and relname <> '_sqlx_migrations'
   and obj_description(oid, 'pg_class') is null
 order by 1;
select 'no trigger, although there is an audit: ' || c.oid::regclass
  from pg_class c
 where c.relnamespace = :'schema'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and :'audit' <> '' and c.relname not in ('_sqlx_migrations', :'audit')
   and not exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
 order by 1;
with bounds as (
  select inhparent, inhrelid, pg_get_expr(c.relpartbound, c.oid) as text,
         substring(pg_get_expr(c.relpartbound, c.oid) from $$FROM \('([^']+)'$$) as starts,
         substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \('([^']+)'$$) as ends
    from pg_inherits join pg_class c on c.oid = inhrelid
   where c.relispartition and c.relnamespace = :'schema'::regnamespace
), following as (
  select *, lead(starts) over (partition by inhparent order by starts) as next from bounds where starts is not null
)
select 'a gap between partitions of ' || inhparent::regclass || ': from ' || ends || ' to ' || next from following where ends < next order by 1;
