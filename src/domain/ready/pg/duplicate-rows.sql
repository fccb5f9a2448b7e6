-- title: No rows would break a unique index
-- when: before
-- rows: fail
-- with: table relation; the table
-- with: columns columns; that are to be unique together
-- rights: SELECT on the table
-- means: A duplicate makes CREATE UNIQUE INDEX CONCURRENTLY fail at its very end, and leaves an invalid index behind.
-- remedy: Settle which row stays; each line is one set of values.
select ${columns}, count(*) as rows from ${table} where (${columns}) is not null group by ${columns} having count(*) > 1 order by count(*) desc limit 20
