-- The exact number of rows of every table in the schemas named by :schemas, one line each: table=rows.
set search_path = pg_catalog;
select format('select %L || ''='' || count(*) from %s', c.oid::regclass, c.oid::regclass)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.nspname = any (string_to_array(:'schemas', ','))
   and has_table_privilege(c.oid, 'select') and c.relname not in ('alembic_version', '_prisma_migrations', '_sqlx_migrations', 'flyway_schema_history')
 order by c.oid::regclass::text collate "C"
\gexec
