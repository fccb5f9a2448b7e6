-- title: The migration's own session has timeouts
-- when: before
-- rows: by verdict
-- with: lock_wait_timeout_at_most duration = 1m; for metadata locks, on which an ALTER waits
-- with: row_lock_wait_timeout_at_most duration = 50s; for row locks
-- rights: any user; run it as the user that migrates
-- means: lock_wait_timeout is a day by default on MariaDB and a year on MySQL: as long an ALTER that waits makes the whole application wait.
-- remedy: SET lock_wait_timeout in the tool's connection (init_connect, sessionVariables), or in the server's configuration.
select case when seconds > at_most then 'fail' else 'ok' end as verdict, name, seconds, at_most from (
  select 'lock_wait_timeout' as name, @their_lock_wait_timeout as seconds, ${lock_wait_timeout_at_most} as at_most
  union all select 'innodb_lock_wait_timeout', @their_innodb_lock_wait_timeout, ${row_lock_wait_timeout_at_most}) s
