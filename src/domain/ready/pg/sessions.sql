-- title: What the sessions do, those that wait first
-- when: during
-- rows: shown
-- rights: pg_monitor, else other roles' statements are hidden
-- means: The activity pane as a record for the log.
-- remedy: Look at who waits and for whom.
select a.pid, a.usename as role, coalesce(nullif(a.application_name, ''), '(none)') as application, a.state, extract(epoch from clock_timestamp() - a.xact_start)::int as open_s,
       coalesce(a.wait_event_type || ':' || a.wait_event, '') as waits_for, b.pids as blocked_by, left(regexp_replace(a.query, '\s+', ' ', 'g'), 80) as statement
  from pg_stat_activity a cross join lateral (select case when a.wait_event_type = 'Lock' then pg_blocking_pids(a.pid) else '{}' end as pids) b
 where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.state <> 'idle'
 order by cardinality(b.pids) desc, a.xact_start nulls last limit 50
