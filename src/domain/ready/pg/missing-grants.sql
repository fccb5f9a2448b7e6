-- title: The application may use every table
-- when: after
-- rows: fail
-- with: roles list; of the application
-- with: schemas list = public; whose tables it uses
-- with: rights list = SELECT, INSERT, UPDATE, DELETE; that it needs on each
-- with: except list = ; tables that it does not use, as schema.table
-- rights: any role
-- means: A table that the migration's role makes is out of the application's reach unless default privileges say otherwise: the commonest error after a release that went well.
-- remedy: GRANT them now, and ALTER DEFAULT PRIVILEGES FOR ROLE (the migration's) for the next time.
select c.oid::regclass::text as relation, r.rolname as role, string_agg(p.right, ', ' order by p.right) as missing
  from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join unnest(array[${roles}]::name[]) r(rolname) cross join unnest(array[${rights}]::text[]) p("right")
 where c.relkind in ('r', 'p') and n.nspname in (${schemas}) and not has_table_privilege(r.rolname, c.oid, p.right)
   and not exists (select 1 from unnest(array[${except}]::text[]) x where to_regclass(x) = c.oid)
   and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') group by c.oid, 2 order by 1, 2
