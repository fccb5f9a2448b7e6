-- title: Every object with its definition
-- when: before, after
-- rows: shown
-- compares: objects by kind, name
-- differs: fail
-- with: planned list = ; names that are to change, with all that belongs to them; any other change fails it, and so does one that did not come
-- rights: any right on the tables
-- means: One row for each column, index, constraint, trigger, view and routine. Compared with before it shows exactly what a migration changed, also when it failed half way; after a way back nothing may be left of it.
-- remedy: Where more changed than was planned, or something is left over, each line names the object to put right.
select 'column' as kind, concat(table_name, '.', column_name) as name, concat_ws(' ', column_type, if(is_nullable = 'NO', 'not null', null), concat('default ', column_default), nullif(extra, ''), collation_name) as definition from information_schema.columns where table_schema = database()
union all select 'index', concat(table_name, '.', index_name), concat(if(min(non_unique) = 0, 'unique ', ''), group_concat(concat(column_name, coalesce(concat('(', sub_part, ')'), '')) order by seq_in_index)) from information_schema.statistics where table_schema = database() group by table_name, index_name
union all select 'constraint', concat(table_name, '.', constraint_name), constraint_type from information_schema.table_constraints where table_schema = database()
union all select 'trigger', trigger_name, left(sha2(action_statement, 256), 32) from information_schema.triggers where trigger_schema = database()
union all select 'view', table_name, left(sha2(view_definition, 256), 32) from information_schema.views where table_schema = database()
union all select 'routine', routine_name, left(sha2(routine_definition, 256), 32) from information_schema.routines where routine_schema = database() order by 1, 2
