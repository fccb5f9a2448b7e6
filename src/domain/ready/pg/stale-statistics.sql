-- title: The planner's statistics are fresh
-- when: after
-- rows: warn
-- rights: any role
-- means: A table that was restored, rewritten or filled has none, or old ones: plans are bad until ANALYZE.
-- remedy: ANALYZE the tables (vacuumdb --analyze-in-stages for many).
select relid::regclass::text as relation, n_live_tup as about_rows, n_mod_since_analyze as changed_since, greatest(last_analyze, last_autoanalyze) as analyzed_at
  from pg_stat_user_tables where (greatest(last_analyze, last_autoanalyze) is null and n_live_tup > 0) or n_mod_since_analyze > greatest(1000, 0.1 * n_live_tup) order by n_mod_since_analyze desc, 1 limit 30
