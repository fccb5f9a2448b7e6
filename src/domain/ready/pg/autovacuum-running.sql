-- title: No autovacuum stands in the way
-- when: before, during
-- rows: by verdict
-- rights: pg_monitor
-- means: An ordinary autovacuum gives way to a change of its table after a second. One that prevents wraparound does not: the change waits until it is through.
-- remedy: Wait for it, or choose another window; cancelling it only makes it start again.
select case when a.query like '%(to prevent wraparound)%' then 'warn' else 'ok' end as verdict, a.pid, p.relid::regclass::text as relation, p.phase,
       extract(epoch from clock_timestamp() - a.xact_start)::int as running_s, round(100.0 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0), 1) as percent_scanned
  from pg_stat_progress_vacuum p join pg_stat_activity a using (pid)
 where p.datid = (select oid from pg_database where datname = current_database()) order by a.xact_start
