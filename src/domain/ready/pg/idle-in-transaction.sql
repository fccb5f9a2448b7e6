-- title: No session sits idle in a transaction
-- when: before, during
-- rows: fail
-- with: longer_than duration = 30s; shorter ones are let pass
-- rights: pg_monitor, else other roles' statements are hidden
-- means: Such a session does nothing and keeps its locks and its snapshot all the same. It is the commonest cause of a migration that hangs.
-- remedy: End it: nothing of what it did is lost that was committed. idle_in_transaction_session_timeout ends such sessions by itself.
select pid, usename as role, coalesce(nullif(application_name, ''), '(none)') as application, host(client_addr) as client, state,
       extract(epoch from clock_timestamp() - xact_start)::int as open_s, extract(epoch from clock_timestamp() - state_change)::int as idle_s,
       left(regexp_replace(query, '\s+', ' ', 'g'), 80) as last_statement
  from pg_stat_activity
 where state in ('idle in transaction', 'idle in transaction (aborted)') and datname = current_database() and pid <> pg_backend_pid()
   and clock_timestamp() - state_change > make_interval(secs => ${longer_than})
 order by xact_start
