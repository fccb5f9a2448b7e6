-- title: Settings kept for roles and databases
-- when: before
-- rows: shown
-- rights: any role
-- means: A setting stored for a role or a database silently wins over what the configuration says.
-- remedy: Compare with what the plan takes for granted.
select coalesce(r.rolname, '(all roles)') as role, coalesce(d.datname, '(all databases)') as database, c.setting
  from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase cross join unnest(s.setconfig) c(setting) order by 1, 2, 3
