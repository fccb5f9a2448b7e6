-- title: No backup and no big copy is running
-- when: before
-- rows: warn
-- rights: pg_monitor, else other roles' statements are hidden
-- means: pg_dump keeps a lock on every table to its end: a change of any of them queues behind it, and the application behind the change.
-- remedy: Wait for its end, then begin.
select pid, usename as role, application_name as application, extract(epoch from clock_timestamp() - xact_start)::int as running_s, left(regexp_replace(query, '\s+', ' ', 'g'), 80) as statement
  from pg_stat_activity where pid <> pg_backend_pid() and (application_name ~* '(pg_dump|pg_basebackup|pgbackrest|barman|wal-g)' or (state <> 'idle' and query ~* '^\s*copy\M'))
 order by xact_start
