-- title: What active sessions wait for
-- when: during
-- rows: shown
-- rights: pg_monitor
-- means: Locks, disk and lightweight locks in one look.
-- remedy: Many on Lock: see pg/blocking-tree. Many on IO: the disk is the bottleneck, pause batches.
select coalesce(wait_event_type, 'CPU') as class, coalesce(wait_event, 'running') as event, count(*) as sessions
  from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and backend_type = 'client backend' group by 1, 2 order by 3 desc, 1, 2
