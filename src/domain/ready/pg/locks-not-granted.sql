-- title: Every lock that was asked for is granted
-- when: during
-- rows: warn
-- rights: pg_monitor, else other roles' statements are hidden
-- means: Each line is one lock that a session waits for.
-- remedy: pg/blocking-tree says who stands at the head.
select l.pid, l.locktype as kind, case when l.relation is not null and l.database = (select oid from pg_database where datname = current_database()) then l.relation::regclass::text end as relation, l.mode,
       extract(epoch from clock_timestamp() - a.state_change)::numeric(10, 1) as wait_s, pg_blocking_pids(l.pid) as waits_for, left(regexp_replace(a.query, '\s+', ' ', 'g'), 80) as statement
  from pg_locks l left join pg_stat_activity a using (pid) where not l.granted order by a.state_change
