-- title: Who is connected
-- when: before, during
-- rows: shown
-- rights: pg_monitor, else other roles' addresses and states are hidden
-- means: The list from which to close what is not needed during the window: reports, dashboards, forgotten consoles.
-- remedy: End the sessions that nobody needs, at their source; a pool opens them again.
select coalesce(nullif(application_name, ''), '(none)') as application, usename as role, host(client_addr) as client, state, count(*) as sessions,
       date_trunc('second', max(clock_timestamp() - state_change) filter (where state like 'idle%')) as longest_idle
  from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
 group by 1, 2, 3, 4 order by sessions desc, 1, 2, 3, 4
