-- title: No row would break NOT NULL
-- when: before
-- rows: fail
-- with: table relation; the table
-- with: column column; that is to become NOT NULL
-- rights: SELECT on the table
-- means: SET NOT NULL scans the table under an exclusive lock and fails at the first null.
-- remedy: Fill them in batches, then add CHECK (… IS NOT NULL) NOT VALID, validate it, and set NOT NULL.
select n as null_rows, case when n = 1000 then 'or more' else '' end as note from (select count(*) as n from (select 1 from ${table} where ${column} is null limit 1000) s) c where n > 0
