-- title: No queue stands before a table
-- when: during
-- rows: warn
-- rights: pg_monitor
-- means: One change that waits for an exclusive lock makes every later statement on the table queue behind it.
-- remedy: Cancel the change (it is tried again with a short lock_timeout), or end who holds the lock.
select l.relation::regclass::text as relation, count(*) filter (where l.granted) as holders, count(*) filter (where not l.granted) as waiting,
       count(*) filter (where not l.granted and l.mode = 'AccessExclusiveLock') as waiting_exclusively,
       string_agg(distinct l.mode, ', ') filter (where l.granted) as held, string_agg(distinct l.mode, ', ') filter (where not l.granted) as wanted,
       round(extract(epoch from clock_timestamp() - min(a.state_change) filter (where not l.granted))::numeric, 1) as longest_wait_s
  from pg_locks l left join pg_stat_activity a using (pid)
 where l.locktype = 'relation' and l.database = (select oid from pg_database where datname = current_database()) and l.relation >= 16384
 group by l.relation having count(*) filter (where not l.granted) > 0 order by waiting desc, 1
