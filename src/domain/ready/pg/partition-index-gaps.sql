-- title: Every partitioned index covers all partitions
-- when: after
-- rows: warn
-- rights: any role
-- means: An index made with ON ONLY stays invalid until an index of every partition is attached to it.
-- remedy: Build the missing ones concurrently and ALTER INDEX … ATTACH PARTITION.
select i.indexrelid::regclass::text as index, i.indrelid::regclass::text as parent, (select count(*) from pg_inherits where inhparent = i.indrelid) as partitions,
       (select count(*) from pg_inherits where inhparent = i.indexrelid) as attached
  from pg_index i join pg_class c on c.oid = i.indexrelid where c.relkind = 'I' and not i.indisvalid order by 1
