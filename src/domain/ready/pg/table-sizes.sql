-- title: How large the tables are
-- when: before, after
-- rows: shown
-- compares: numbers by relation
-- with: at_most count = 100; so many tables are listed
-- rights: any role
-- means: Used before and after, the difference is what the migration wrote.
-- remedy: A table that doubled was rewritten: vacuum will not give the room back to the disk.
select relid::regclass::text as relation, pg_total_relation_size(relid) as bytes from pg_stat_user_tables order by 2 desc, 1 limit ${at_most}
