-- title: No other migration runner holds its lock
-- when: before
-- rows: fail
-- rights: pg_monitor, else other roles' sessions are hidden
-- means: Runners keep others out with an advisory lock. One that a pooled connection still holds makes the next one give up (Prisma after 10 s, P1002) or wait for ever.
-- remedy: Find out whether somebody migrates right now; if not, end the session that holds it.
select l.pid, a.application_name as application, host(a.client_addr) as client, a.state, extract(epoch from clock_timestamp() - a.state_change)::int as in_state_s,
       case when l.objsubid = 1 then (l.classid::bigint << 32) | l.objid::bigint end as key,
       case when l.classid = 0 and l.objid = 72707369 then 'Prisma' when l.objsubid = 1 and l.classid between 18027 and 18029 then 'Flyway' else 'another program' end as looks_like
  from pg_locks l join pg_stat_activity a using (pid)
 where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database()) and l.pid <> pg_backend_pid() order by 1
