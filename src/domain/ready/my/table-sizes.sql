-- title: How large the tables are
-- when: before, after
-- rows: shown
-- compares: numbers by relation
-- with: at_most count = 100; so many tables are listed
-- rights: any right on the tables
-- means: By the server's statistics. A copying ALTER needs the table's size once more, a dump beside the data as well.
-- remedy: Have at least twice the total free.
select table_name as relation, data_length + index_length as bytes, table_rows as about_rows from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' order by 2 desc, 1 limit ${at_most}
