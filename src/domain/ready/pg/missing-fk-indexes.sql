-- title: Every foreign key has an index on its own side
-- when: after
-- rows: warn
-- rights: any role
-- means: Deleting a row of the parent, or changing its key, scans the whole child without one.
-- remedy: CREATE INDEX CONCURRENTLY on the columns, unless the child is small and the parent never deleted from.
select k.conrelid::regclass::text as relation, k.conname as name, (select string_agg(a.attname, ', ' order by o.n) from unnest(k.conkey) with ordinality o(att, n) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.att) as columns,
       k.confrelid::regclass::text as parent, greatest(c.reltuples, 0)::bigint as about_rows
  from pg_constraint k join pg_class c on c.oid = k.conrelid
 where k.contype = 'f' and k.conparentid = 0
   and not exists (select 1 from pg_index i where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
        and (select array_agg(x) from unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) x) @> k.conkey and (select array_agg(x) from unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) x) <@ k.conkey)
 order by about_rows desc, 1, 2
