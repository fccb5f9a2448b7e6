-- title: Nobody waits for a metadata lock
-- when: during
-- rows: fail
-- rights: PROCESS, else only one's own
-- means: An ALTER waits for a transaction that has read the table; everybody else waits behind the ALTER.
-- remedy: KILL QUERY the ALTER (it is tried again with a short lock_wait_timeout), or end who holds the lock: my/long-transactions shows the candidates.
select id, user, time as wait_s, state, left(info, 80) as statement from information_schema.processlist where state like 'Waiting for %metadata lock%' order by time desc
