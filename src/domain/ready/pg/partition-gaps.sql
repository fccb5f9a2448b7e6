-- title: There is no hole between partitions
-- when: before, after
-- rows: warn
-- rights: any role
-- means: Tables that are partitioned by one column of time. A row that falls into the hole is refused, or goes to the default partition.
-- remedy: Create the partition that is missing.
with p as (select p.partrelid, c.oid, pg_get_expr(c.relpartbound, c.oid) as bound from pg_partitioned_table p join pg_inherits i on i.inhparent = p.partrelid join pg_class c on c.oid = i.inhrelid
            where p.partstrat = 'r' and p.partnatts = 1 and (select atttypid from pg_attribute where attrelid = p.partrelid and attnum = p.partattrs[0]) in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)),
b as (select partrelid, oid, case when bound like '%FROM (MINVALUE)%' then '-infinity' else (regexp_match(bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz end as lo,
             case when bound like '%TO (MAXVALUE)' then 'infinity' else (regexp_match(bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz end as hi from p where bound <> 'DEFAULT'),
g as (select partrelid, oid, hi, lead(lo) over (partition by partrelid order by lo) as next_lo from b)
select partrelid::regclass::text as parent, oid::regclass::text as after_partition, hi as hole_from, next_lo as hole_to from g where next_lo > hi order by 1, 3
