-- title: How often the indexes were used
-- when: before, after
-- rows: shown
-- compares: numbers by index
-- with: at_most count = 50; so many indexes are listed
-- rights: any role
-- means: A new index that is never scanned after a day does not do what it was made for.
-- remedy: EXPLAIN the statement that it was made for.
select indexrelid::regclass::text as index, relid::regclass::text as relation, idx_scan as scans, idx_tup_read as rows_read, pg_relation_size(indexrelid) as bytes from pg_stat_user_indexes order by 3 desc, 1 limit ${at_most}
