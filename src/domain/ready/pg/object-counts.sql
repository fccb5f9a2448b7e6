-- title: How many objects there are
-- when: before, after
-- rows: shown
-- compares: numbers by kind
-- with: schemas list = public; that are counted
-- with: planned list = ; as tables +2, indexes +3: any other difference fails it
-- rights: any role
-- means: Used before and after, the difference is what the migration made: two tables more, three indexes more.
-- remedy: Where the difference is not the plan's, pg/catalog-fingerprint names each object.
with n as (select oid from pg_namespace where nspname in (${schemas}))
select k.kind, k.n from (
  select case relkind when 'r' then 'tables' when 'p' then 'tables' when 'i' then 'indexes' when 'I' then 'indexes' when 'v' then 'views' when 'm' then 'materialized views' when 'S' then 'sequences' end as kind, count(*) as n
    from pg_class where relnamespace in (select oid from n) and relkind in ('r', 'p', 'i', 'I', 'v', 'm', 'S')
     and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = pg_class.oid and d.deptype = 'e') group by 1
  union all select case contype when 'f' then 'foreign keys' else 'checks' end, count(*) from pg_constraint where contype in ('f', 'c') and connamespace in (select oid from n) group by 1
  union all select 'functions', count(*) from pg_proc p where pronamespace in (select oid from n) and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  union all select 'triggers', count(*) from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal and c.relnamespace in (select oid from n)
  union all select 'enums', count(*) from pg_type where typtype = 'e' and typnamespace in (select oid from n)
  union all select 'partitions', count(*) from pg_class where relispartition and relkind in ('r', 'p') and relnamespace in (select oid from n)
  union all select 'policies', count(*) from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace in (select oid from n)) k
 where k.kind is not null order by 1
