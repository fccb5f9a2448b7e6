-- title: No transaction has been open for long
-- when: before, during
-- rows: by verdict
-- with: longer_than duration = 1m; older ones are a warning
-- with: fail_after duration = 5m; older ones fail it
-- rights: pg_monitor, else other roles' statements are hidden
-- means: An open transaction keeps its lock on every table it has read. A change to such a table waits for it, and everybody else waits behind the change. An index that is built concurrently waits for every older transaction in the database, whatever it reads.
-- remedy: Let it finish, or end it (in the program: select it on the activity pane and cancel or terminate it). Find out what opened it before you begin.
select case when clock_timestamp() - xact_start > make_interval(secs => ${fail_after}) then 'fail' else 'warn' end as verdict,
       pid, usename as role, coalesce(nullif(application_name, ''), '(none)') as application, state,
       extract(epoch from clock_timestamp() - xact_start)::int as open_s, extract(epoch from clock_timestamp() - state_change)::int as in_state_s,
       coalesce(wait_event_type || ':' || wait_event, '') as waits_for, left(regexp_replace(query, '\s+', ' ', 'g'), 80) as statement
  from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null
   and clock_timestamp() - xact_start > make_interval(secs => least(${longer_than}, ${fail_after}))
 order by xact_start
