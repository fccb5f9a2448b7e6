-- title: What the sessions do
-- when: during
-- rows: shown
-- rights: PROCESS, else only one's own
-- means: The activity as a record for the log.
-- remedy: Look at what waits.
select id, user, left(host, 24) as client, db, command, time as seconds, coalesce(state, '') as state, left(replace(coalesce(info, ''), '\n', ' '), 100) as statement from information_schema.processlist where id <> connection_id() and command <> 'Sleep' and command <> 'Daemon' order by time desc limit 50
