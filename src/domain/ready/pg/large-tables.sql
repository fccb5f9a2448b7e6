-- title: No table is so large that it needs the careful way
-- when: before
-- rows: warn
-- with: rows count = 1000000; larger ones are found
-- with: tables list = ; only these, where any are named
-- rights: any role
-- means: On a large table whatever scans or rewrites it holds its lock for minutes: indexes are built concurrently there, constraints in two steps, backfills in batches.
-- remedy: Take the large-table variant of the step for these.
select c.oid::regclass::text as relation, c.reltuples::bigint as about_rows, pg_size_pretty(pg_total_relation_size(c.oid)) as size,
       coalesce(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0) as written_since_reset
  from pg_class c left join pg_stat_user_tables s on s.relid = c.oid join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
   and c.reltuples > ${rows} and (array_remove(array[${tables}]::text[], null) = '{}' or c.oid in (select to_regclass(t)::oid from unnest(array[${tables}]::text[]) t))
 order by c.reltuples desc, 1
