-- title: The migration does not wait for itself
-- when: during
-- rows: fail
-- rights: pg_monitor, else other roles' statements are hidden
-- means: Flyway keeps a second session idle in a transaction while a migration runs; an index built concurrently waits for it, for ever. The signature: same role, application and address on both sides.
-- remedy: Cancel the index, drop what is left of it, and set flyway.postgresql.transactional.lock=false.
select w.pid as waits, b.pid as blocks, w.application_name as application, b.state as blocker_state, extract(epoch from clock_timestamp() - w.state_change)::int as wait_s,
       left(regexp_replace(w.query, '\s+', ' ', 'g'), 60) as statement, left(regexp_replace(b.query, '\s+', ' ', 'g'), 60) as blockers_last
  from pg_stat_activity w cross join lateral unnest(pg_blocking_pids(w.pid)) as bp(pid) join pg_stat_activity b on b.pid = bp.pid
 where w.wait_event_type = 'Lock' and w.application_name = b.application_name and w.usename = b.usename and w.client_addr is not distinct from b.client_addr and b.state like 'idle in transaction%'
