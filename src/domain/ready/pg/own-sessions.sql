-- title: The run's own sessions
-- when: during
-- rows: shown
-- rights: pg_monitor, else other roles' statements are hidden
-- means: The sessions that carry the run's name: their statement, how long it has run, what it waits for.
-- remedy: Cancel a step in the program, not by its session: it is recorded there.
select pid, application_name as application, state, coalesce(wait_event_type || ':' || wait_event, 'running') as waits_for, extract(epoch from clock_timestamp() - query_start)::numeric(10, 1) as statement_s,
       extract(epoch from clock_timestamp() - xact_start)::numeric(10, 1) as open_s, left(regexp_replace(query, '\s+', ' ', 'g'), 120) as statement
  from pg_stat_activity where application_name like 'holdpoint%' and datname = current_database() and pid <> pg_backend_pid() order by pid
