-- title: About how many rows each table has
-- when: before, after
-- rows: shown
-- compares: numbers by relation
-- watches: about_rows
-- differs: warn
-- with: may_fall percent = 5%; a table that lost more is a warning
-- rights: any role
-- means: Cheap on any size, and only as good as the last ANALYZE. Compared, a table that lost rows stands out.
-- remedy: ANALYZE, run it again, and count the table exactly (pg/row-counts) where it still fell.
select c.oid::regclass::text as relation, greatest(c.reltuples, 0)::bigint as about_rows, pg_total_relation_size(c.oid) as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)' order by 1
