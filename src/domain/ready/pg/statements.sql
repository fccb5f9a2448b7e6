-- title: What each statement costs
-- when: before, after
-- rows: shown
-- compares: means by role, query_id of calls, total_ms
-- differs: warn
-- with: times decimal = 1.5; slower than before by this factor is a warning
-- with: calls count = 50; since the first look; rarer statements are let pass
-- with: share percent = 1%; of all the time since the first look; cheaper statements are let pass
-- extension: pg_stat_statements
-- rights: pg_read_all_stats, and the extension pg_stat_statements
-- means: Used before and after, the counters of the two are subtracted (nothing is reset): a statement whose mean has grown is one that the migration made slower.
-- remedy: EXPLAIN (ANALYZE, BUFFERS) it; ANALYZE the tables first.
-- from 14
select userid::regrole::text as role, queryid::text || case when toplevel then '' else ' nested' end as query_id, calls, round(total_exec_time::numeric, 3) as total_ms, left(regexp_replace(query, '\s+', ' ', 'g'), 100) as statement
  from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query !~* '^\s*(begin|commit|rollback|set|show|fetch|close|deallocate)\M' order by total_exec_time desc limit 500
-- from 13
select userid::regrole::text as role, queryid::text as query_id, calls, round(total_exec_time::numeric, 3) as total_ms, left(regexp_replace(query, '\s+', ' ', 'g'), 100) as statement
  from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query !~* '^\s*(begin|commit|rollback|set|show|fetch|close|deallocate)\M' order by total_exec_time desc limit 500
-- from 12
select userid::regrole::text as role, queryid::text as query_id, calls, round(total_time::numeric, 3) as total_ms, left(regexp_replace(query, '\s+', ' ', 'g'), 100) as statement
  from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query !~* '^\s*(begin|commit|rollback|set|show|fetch|close|deallocate)\M' order by total_time desc limit 500
