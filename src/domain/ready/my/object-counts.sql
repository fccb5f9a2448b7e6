-- title: How many objects there are
-- when: before, after
-- rows: shown
-- compares: numbers by kind
-- with: planned list = ; as tables +2, indexes +3: any other difference fails it
-- rights: any right on the tables
-- means: Used before and after, the difference is what the migration made. As every statement commits by itself, it also shows what a failed one left behind.
-- remedy: my/catalog-fingerprint names each object.
select 'tables' as kind, count(*) as n from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' union all select 'views', count(*) from information_schema.views where table_schema = database()
union all select 'indexes', count(distinct table_name, index_name) from information_schema.statistics where table_schema = database() union all select 'foreign keys', count(*) from information_schema.referential_constraints where constraint_schema = database()
union all select 'triggers', count(*) from information_schema.triggers where trigger_schema = database() union all select 'routines', count(*) from information_schema.routines where routine_schema = database()
