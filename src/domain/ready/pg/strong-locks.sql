-- title: No strong lock is held for long
-- when: during
-- rows: warn
-- with: longer_than duration = 2s; shorter ones are let pass
-- rights: pg_monitor, else other roles' statements are hidden
-- means: A lock is kept to the end of its transaction, not of its statement: a change that took a millisecond shuts the table until the commit.
-- remedy: Make the transaction shorter: one change each, nothing slow behind it.
select l.pid, coalesce(nullif(a.application_name, ''), '(none)') as application, l.relation::regclass::text as relation, l.mode,
       extract(epoch from clock_timestamp() - a.xact_start)::numeric(10, 1) as open_s, a.state, left(regexp_replace(a.query, '\s+', ' ', 'g'), 80) as statement
  from pg_locks l join pg_stat_activity a using (pid)
 where l.granted and l.locktype = 'relation' and l.mode in ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
   and l.database = (select oid from pg_database where datname = current_database()) and l.relation >= 16384 and l.pid <> pg_backend_pid()
   and clock_timestamp() - a.xact_start > make_interval(secs => ${longer_than}) order by a.xact_start
