-- title: What a rewrite of each large table would need
-- when: before
-- rows: shown
-- with: at_most count = 15; so many tables are listed
-- rights: any role
-- means: A rewrite writes the table and all its indexes anew while the old ones stand, and about as much write-ahead log.
-- remedy: Compare the number of the table you change with the free disk, and with what replication may hold back.
select c.oid::regclass::text as relation, c.reltuples::bigint as about_rows, pg_table_size(c.oid) as table_bytes, pg_indexes_size(c.oid) as index_bytes,
       (pg_total_relation_size(c.oid) * 2.2)::bigint as needed_bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
 order by pg_total_relation_size(c.oid) desc, 1 limit ${at_most}
