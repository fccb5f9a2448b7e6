-- title: The extensions are there
-- when: before
-- rows: fail
-- with: extensions list = pg_stat_statements; each must be installed in this database
-- rights: any role
-- means: pg_stat_statements must also stand in shared_preload_libraries, and that takes a restart: too late inside the window.
-- remedy: CREATE EXTENSION; for those that are preloaded also the setting and a restart.
select x.name as extension, case when a.name is null then 'not available on this server' when e.extname is null then 'not installed in this database' else 'not in shared_preload_libraries' end as problem
  from unnest(array[${extensions}]::text[]) x(name) left join pg_available_extensions a on a.name = x.name left join pg_extension e on e.extname = x.name
 where x.name is not null and (e.extname is null or (x.name = 'pg_stat_statements' and to_regprocedure('pg_stat_statements_reset()') is null and not exists (select 1 from pg_proc where proname = 'pg_stat_statements_reset')))
 order by 1
