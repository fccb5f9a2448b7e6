-- title: Nobody blocks anybody
-- when: during
-- rows: by verdict
-- with: longer_than duration = 5s; a wait that long fails it
-- rights: pg_monitor, else other roles' statements are hidden
-- means: Each line is a session that waits, with the one at the head of its queue: ending the head solves all of its lines.
-- remedy: End the head, or cancel the change that stands in the middle of the queue.
with recursive waits as (
  select a.pid, unnest(pg_blocking_pids(a.pid)) as blocker from pg_stat_activity a where a.wait_event_type = 'Lock'
), tree as (
  select w.blocker as head, w.pid, 1 as depth, array[w.blocker, w.pid] as path from waits w where not exists (select 1 from waits x where x.pid = w.blocker)
  union all
  select t.head, w.pid, t.depth + 1, t.path || w.pid from tree t join waits w on w.blocker = t.pid and not w.pid = any (t.path)
), first as (select distinct on (head, pid) head, pid, depth from tree order by head, pid, depth)
select case when clock_timestamp() - a.state_change > make_interval(secs => ${longer_than}) then 'fail' else 'warn' end as verdict,
       f.head, h.state as head_state, coalesce(nullif(h.application_name, ''), '(none)') as head_application, f.depth, f.pid,
       extract(epoch from clock_timestamp() - a.state_change)::numeric(10, 1) as wait_s, l.mode as wants,
       case when l.relation is not null and l.database = (select oid from pg_database where datname = current_database()) then l.relation::regclass::text else l.locktype end as lock_on,
       left(regexp_replace(a.query, '\s+', ' ', 'g'), 60) as statement
  from first f join pg_stat_activity a on a.pid = f.pid left join pg_stat_activity h on h.pid = f.head left join pg_locks l on l.pid = f.pid and not l.granted
 order by f.head, f.depth, wait_s desc limit 100
