-- title: How much is written to the busiest tables
-- when: before, during, after
-- rows: shown
-- compares: numbers by relation
-- with: at_most count = 15; so many tables are listed
-- rights: any role
-- means: Used twice and compared it tells how many writes an exclusive lock of a second would make wait.
-- remedy: Choose the quietest time, and a lock_timeout short enough for the writers to bear.
select relid::regclass::text as relation, n_tup_ins + n_tup_upd + n_tup_del as writes, seq_scan + coalesce(idx_scan, 0) as scans, n_live_tup as about_rows
  from pg_stat_user_tables order by 2 desc, 1 limit ${at_most}
