-- title: Nobody waits for a row
-- when: during
-- rows: warn
-- rights: PROCESS
-- means: Each line is a session that waits, with the one that holds its row; an idle one has forgotten its transaction.
-- remedy: End the one that holds it, when it is idle; else wait.
-- from 10000
select r.trx_mysql_thread_id as waits, left(r.trx_query, 70) as statement, timestampdiff(second, r.trx_wait_started, now()) as wait_s, b.trx_mysql_thread_id as blocks,
       timestampdiff(second, b.trx_started, now()) as blocker_open_s, left(coalesce(b.trx_query, '(idle in its transaction)'), 70) as blockers_statement
  from information_schema.innodb_lock_waits w join information_schema.innodb_trx r on r.trx_id = w.requesting_trx_id join information_schema.innodb_trx b on b.trx_id = w.blocking_trx_id
-- from 800
select r.trx_mysql_thread_id as waits, left(r.trx_query, 70) as statement, timestampdiff(second, r.trx_wait_started, now()) as wait_s, b.trx_mysql_thread_id as blocks,
       timestampdiff(second, b.trx_started, now()) as blocker_open_s, left(coalesce(b.trx_query, '(idle in its transaction)'), 70) as blockers_statement
  from performance_schema.data_lock_waits w join information_schema.innodb_trx r on r.trx_id = w.requesting_engine_transaction_id join information_schema.innodb_trx b on b.trx_id = w.blocking_engine_transaction_id
-- from 0
select r.trx_mysql_thread_id as waits, left(r.trx_query, 70) as statement, timestampdiff(second, r.trx_wait_started, now()) as wait_s, b.trx_mysql_thread_id as blocks,
       timestampdiff(second, b.trx_started, now()) as blocker_open_s, left(coalesce(b.trx_query, '(idle in its transaction)'), 70) as blockers_statement
  from information_schema.innodb_lock_waits w join information_schema.innodb_trx r on r.trx_id = w.requesting_trx_id join information_schema.innodb_trx b on b.trx_id = w.blocking_trx_id
