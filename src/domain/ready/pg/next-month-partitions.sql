-- title: There are partitions for next month
-- when: before, after
-- rows: fail
-- rights: any role
-- means: Tables that are partitioned by one column of time. Without a partition the first row of the month fails, or lands in the default partition, where it makes adding the right one expensive.
-- remedy: Create the partition now, and see why the job that should have done it did not.
with p as (select p.partrelid, c.oid, pg_get_expr(c.relpartbound, c.oid) as bound from pg_partitioned_table p left join pg_inherits i on i.inhparent = p.partrelid left join pg_class c on c.oid = i.inhrelid
            where p.partstrat = 'r' and p.partnatts = 1 and (select atttypid from pg_attribute where attrelid = p.partrelid and attnum = p.partattrs[0]) in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)),
b as (select partrelid, bound = 'DEFAULT' as is_default,
             case when bound like '%FROM (MINVALUE)%' then '-infinity' else (regexp_match(bound, 'FROM \(''([^'']+)''\)'))[1]::timestamptz end as lo,
             case when bound like '%TO (MAXVALUE)' then 'infinity' else (regexp_match(bound, 'TO \(''([^'']+)''\)'))[1]::timestamptz end as hi from p)
select partrelid::regclass::text as parent, max(hi) as covered_until, (date_trunc('month', now()) + interval '1 month')::date as needed_from, coalesce(bool_or(is_default), false) as has_default
  from b group by partrelid having not coalesce(bool_or(lo <= date_trunc('month', now()) + interval '1 month' and hi >= date_trunc('month', now()) + interval '2 month'), false)
     and coalesce(max(hi), '-infinity') < date_trunc('month', now()) + interval '2 month' order by 1
