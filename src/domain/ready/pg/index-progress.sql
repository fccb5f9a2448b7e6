-- title: How far the index is
-- when: during
-- rows: shown
-- rights: any role; pg_monitor for other roles' sessions
-- means: While it says that it waits, the session named is what it waits for.
-- remedy: Nothing, while it moves. End the session it waits for when that one has no right to be there.
select p.pid, p.relid::regclass::text as relation, p.index_relid::regclass::text as index, p.command, p.phase, round(100.0 * p.blocks_done / nullif(p.blocks_total, 0), 1) as blocks_percent,
       round(100.0 * p.tuples_done / nullif(p.tuples_total, 0), 1) as rows_percent, nullif(p.current_locker_pid, 0) as waits_for, extract(epoch from clock_timestamp() - a.query_start)::int as running_s
  from pg_stat_progress_create_index p join pg_stat_activity a using (pid) where p.datname = current_database() order by p.pid
