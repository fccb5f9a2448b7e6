-- The partitions of :s.:t for this month and :ahead more, by range of its first key. With :look set, only says which are missing.
-- Each is made by itself with a CHECK of its bounds and then attached: that reads nothing, and the parent is not locked strongly.
-- Rows that lie in a default partition already stand in the way of their month: then the server says so, and nothing is made.
select format('%I.%I', :'s', :'t')::regclass as parent \gset
select a.attname as key, format_type(a.atttypid, a.atttypmod) as type
  from pg_partitioned_table p join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
 where p.partrelid = :'parent'::regclass and p.partstrat = 'r' \gset
create temporary view missing as
select format('%I.%I', :'s', :'t' || to_char(m, '"_"YYYY_MM')) as part, m::date as starts, (m + interval '1 month')::date as ends
  from generate_series(date_trunc('month', now()), date_trunc('month', now()) + :ahead * interval '1 month', interval '1 month') m
 where to_regclass(format('%I.%I', :'s', :'t' || to_char(m, '"_"YYYY_MM'))) is null;
\if :{?look}
select 'missing: ' || part from missing order by starts;
select 1 / (count(*) = 0)::int as fails_where_one_is_missing from missing \gset
\quit
\endif
select statement
  from missing,
       lateral (values
         (1, 'begin'),
         (2, format('create table %s (like %s including all)', part, :'parent')),
         (3, format('alter table %s add constraint bounds check (%I is not null and %I >= %L::%s and %I < %L::%s)', part, :'key', :'key', starts, :'type', :'key', ends, :'type')),
         (4, format('alter table %s attach partition %s for values from (%L) to (%L)', :'parent', part, starts, ends)),
         (5, format('alter table %s drop constraint bounds', part)),
         (6, 'commit'),
         (7, format('select %L', 'made ' || part))) made (number, statement)
 order by starts, number
\gexec
select 'there are ' || count(*) || ' partitions' from pg_inherits where inhparent = :'parent'::regclass;
