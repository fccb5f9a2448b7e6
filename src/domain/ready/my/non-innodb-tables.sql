-- title: Every table is InnoDB
-- when: before
-- rows: warn
-- rights: any right on the tables
-- means: mysqldump --single-transaction gives a consistent dump of InnoDB tables only.
-- remedy: Lock these for the dump, or convert them first.
select table_name as relation, engine from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' and engine <> 'InnoDB' order by 1
