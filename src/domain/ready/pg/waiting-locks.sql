-- title: Nobody waits for a lock
-- when: before, during
-- rows: fail
-- with: longer_than duration = 1s; shorter waits are let pass
-- rights: pg_monitor, else other roles' statements are hidden
-- means: Who begins into a jam becomes part of it.
-- remedy: Solve it first: the locks pane shows who stands at its head.
select a.pid, pg_blocking_pids(a.pid) as waits_for, extract(epoch from clock_timestamp() - a.state_change)::int as wait_s, a.usename as role,
       left(regexp_replace(a.query, '\s+', ' ', 'g'), 80) as statement
  from pg_stat_activity a where a.wait_event_type = 'Lock' and cardinality(pg_blocking_pids(a.pid)) > 0
   and clock_timestamp() - a.state_change > make_interval(secs => ${longer_than}) order by a.state_change
