-- title: No transaction has been open for long
-- when: before, during
-- rows: by verdict
-- with: longer_than duration = 1m; older ones are a warning
-- with: fail_after duration = 5m; older ones fail it
-- rights: PROCESS
-- means: An open transaction keeps a metadata lock on every table it has read, though its session sleeps: the ALTER waits for it, and everybody else waits behind the ALTER. lock_wait_timeout is a day by default on MariaDB, a year on MySQL.
-- remedy: Let it finish, or KILL its connection; find out what opened it before you begin.
select case when timestampdiff(microsecond, t.trx_started, now(6)) / 1000000 > ${fail_after} then 'fail' else 'warn' end as verdict, t.trx_mysql_thread_id as id, p.user, p.host, p.db, p.command,
       timestampdiff(second, t.trx_started, now()) as open_s, t.trx_rows_modified as rows_modified, left(coalesce(t.trx_query, p.info, ''), 80) as statement
  from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
 where p.id <> connection_id() and timestampdiff(microsecond, t.trx_started, now(6)) / 1000000 > least(${longer_than}, ${fail_after}) order by t.trx_started
