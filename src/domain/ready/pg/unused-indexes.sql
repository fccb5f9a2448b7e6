-- title: Indexes that nobody used since the counters began
-- when: after
-- rows: shown
-- rights: any role
-- means: Evidence, no verdict: the counters begin at the last reset, and standbys count for themselves.
-- remedy: Look at the standbys and at a whole month before dropping one.
select s.relid::regclass::text as relation, s.indexrelname as index, pg_size_pretty(pg_relation_size(s.indexrelid)) as size, (select stats_reset from pg_stat_database where datname = current_database()) as counted_since
  from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
 where s.idx_scan = 0 and not i.indisunique and i.indisvalid and not exists (select 1 from pg_constraint k where k.conindid = s.indexrelid) order by pg_relation_size(s.indexrelid) desc, 1, 2 limit 30
