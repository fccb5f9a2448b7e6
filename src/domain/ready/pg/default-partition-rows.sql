-- title: No row sits in a default partition
-- when: before, after
-- rows: warn
-- rights: SELECT on the partitions; those without are left out
-- means: Attaching a partition scans the default one under an exclusive lock, and fails when a row there belongs to the new one.
-- remedy: Move the rows: detach the default, insert them through the parent, attach it again.
select d.partition, d.parent, d.n as rows, case when d.n = 1000 then 'or more' else '' end as note from (
  select c.oid::regclass::text as partition, i.inhparent::regclass::text as parent,
         (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from (select 1 from %s limit 1000) s', c.oid::regclass), false, true, '')))[1]::text::int as n
    from pg_class c join pg_inherits i on i.inhrelid = c.oid where c.relispartition and pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' and has_table_privilege(c.oid, 'SELECT')) d
 where d.n > 0 order by 1
