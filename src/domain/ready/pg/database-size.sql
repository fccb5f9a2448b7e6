-- title: How large the database is
-- when: before, after
-- rows: shown
-- compares: numbers by database
-- rights: CONNECT on the database
-- means: A dump beside the data, a table that is rewritten and its write-ahead log all need room. The server does not say how much is free: compare with the disk.
-- remedy: Have at least twice the size free before a dump and a rewrite.
select current_database() as database, pg_database_size(current_database()) as bytes
