-- title: This user may change the schema
-- when: before
-- rows: fail
-- with: rights list = CREATE, ALTER, DROP, INDEX, REFERENCES; that the migration needs
-- rights: any user; run it as the user that migrates
-- means: A migration that meets the first missing right stops half way, and nothing of it is rolled back. Rights that come through a role are not seen here.
-- remedy: GRANT them on the schema.
select n.name as missing from (select 'CREATE' as name union all select 'ALTER' union all select 'DROP' union all select 'INDEX' union all select 'REFERENCES' union all select 'CREATE VIEW' union all select 'TRIGGER' union all select 'EXECUTE') n
 where n.name in (${rights})
   and not exists (select 1 from information_schema.user_privileges p where p.privilege_type = n.name and p.grantee = concat('''', replace(current_user(), '@', '''@'''), ''''))
   and not exists (select 1 from information_schema.schema_privileges p where p.privilege_type = n.name and database() like p.table_schema and p.grantee = concat('''', replace(current_user(), '@', '''@'''), ''''))
