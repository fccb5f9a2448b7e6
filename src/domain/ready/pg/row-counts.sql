-- title: How many rows each table has, counted
-- when: before, after
-- rows: shown
-- compares: numbers by relation
-- watches: rows
-- differs: fail
-- with: schemas list = public; whose tables are counted
-- with: up_to size = 1GB; larger tables are left out
-- with: may_fall percent = 0%; a table that lost more fails it
-- rights: SELECT on the tables; those without are left out
-- means: Reads every table of the schemas up to that size. Compared, a table that lost rows fails it; growth is only shown, because the application goes on writing.
-- remedy: Find out what deleted them before anything else is done; the way back may need the backup.
select t.relation, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', t.relation), false, true, '')))[1]::text::bigint as rows
  from (select c.oid::regclass::text as relation from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname in (${schemas}) and pg_relation_size(c.oid) <= ${up_to} and has_table_privilege(c.oid, 'SELECT')) t order by 1
