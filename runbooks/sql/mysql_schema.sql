-- One line for each thing in the schema: kind, name, definition. Two such lists, compared, say exactly what a migration changed.
select concat(kind, ' ', name, ': ', coalesce(definition, '')) as thing from (
  select 'table' as kind, table_name as name, concat_ws(' ', engine, table_collation, nullif(table_comment, '')) as definition
    from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE'
  union all
  select 'column', concat(c.table_name, '.', column_name),
         concat_ws(' ', column_type, if(is_nullable = 'NO', 'not null', null), concat('default ', column_default), nullif(extra, ''), collation_name,
                   nullif(column_comment, ''), nullif(generation_expression, ''))
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
   where c.table_schema = database() and t.table_type = 'BASE TABLE'
  union all
  select 'index', concat(table_name, '.', index_name),
         concat(if(min(non_unique) = 0, 'unique ', ''), min(index_type), ' ', group_concat(concat(column_name, coalesce(concat('(', sub_part, ')'), '')) order by seq_in_index))
    from information_schema.statistics where table_schema = database() group by table_name, index_name
  union all
  select 'constraint', concat(k.table_name, '.', k.constraint_name),
         concat(group_concat(k.column_name order by k.ordinal_position), ' references ', r.referenced_table_name, ' (',
                group_concat(k.referenced_column_name order by k.ordinal_position), ') ', r.update_rule, ' ', r.delete_rule)
    from information_schema.key_column_usage k
    join information_schema.referential_constraints r on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name and r.table_name = k.table_name
   where k.constraint_schema = database() group by k.table_name, k.constraint_name, r.referenced_table_name, r.update_rule, r.delete_rule
  union all
  select 'trigger', trigger_name, concat_ws(' ', action_timing, event_manipulation, event_object_table, left(sha2(action_statement, 256), 32))
    from information_schema.triggers where trigger_schema = database()
  union all
  select 'view', table_name, left(sha2(replace(view_definition, concat('`', table_schema, '`.'), ''), 256), 32) from information_schema.views where table_schema = database()
  union all
  select 'routine', concat(lower(routine_type), ' ', routine_name), concat_ws(' ', dtd_identifier, left(sha2(routine_definition, 256), 32))
    from information_schema.routines where routine_schema = database()
  union all
  select 'event', event_name, concat_ws(' ', status, interval_value, interval_field, left(sha2(event_definition, 256), 32)) from information_schema.events where event_schema = database()
) things where name <> 'flyway_schema_history' and name not like 'flyway\\_schema\\_history.%' order by 1;
