-- title: The server's counters
-- when: before, during, after
-- rows: shown
-- compares: numbers by counter
-- rights: any user
-- means: They only grow: used twice and compared they tell what happened in between. MySQL counts commits by engine, and deadlocks only for those with PROCESS: they are not here.
-- remedy: Deadlocks and rollbacks beyond the usual are the migration's.
-- from 10000
select lower(variable_name) as counter, variable_value as n from information_schema.global_status where variable_name in ('COM_COMMIT', 'COM_ROLLBACK', 'INNODB_ROW_LOCK_WAITS', 'INNODB_ROW_LOCK_TIME', 'INNODB_DEADLOCKS', 'SLOW_QUERIES', 'ABORTED_CLIENTS', 'CREATED_TMP_DISK_TABLES', 'QUESTIONS') order by 1
-- from 0
select lower(variable_name) as counter, variable_value as n from performance_schema.global_status where variable_name in ('HANDLER_COMMIT', 'HANDLER_ROLLBACK', 'INNODB_ROW_LOCK_WAITS', 'INNODB_ROW_LOCK_TIME', 'SLOW_QUERIES', 'ABORTED_CLIENTS', 'CREATED_TMP_DISK_TABLES', 'QUESTIONS') order by 1
