-- title: The statements with the longest mean
-- when: after
-- rows: shown
-- with: at_most count = 10; so many are listed
-- extension: pg_stat_statements
-- rights: pg_read_all_stats, and the extension pg_stat_statements
-- means: Evidence for the first days after a release.
-- remedy: EXPLAIN those that are new in the list.
-- from 13
select round(mean_exec_time::numeric, 2) as mean_ms, calls, round(total_exec_time::numeric, 1) as total_ms, left(regexp_replace(query, '\s+', ' ', 'g'), 100) as statement
  from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by mean_exec_time desc limit ${at_most}
-- from 12
select round(mean_time::numeric, 2) as mean_ms, calls, round(total_time::numeric, 1) as total_ms, left(regexp_replace(query, '\s+', ' ', 'g'), 100) as statement
  from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) order by mean_time desc limit ${at_most}
