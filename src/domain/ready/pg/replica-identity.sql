-- title: Every published table has a replica identity
-- when: after
-- rows: fail
-- rights: any role
-- means: An UPDATE or DELETE on a published table without one fails on the publisher.
-- remedy: Give it a primary key, or ALTER TABLE … REPLICA IDENTITY USING INDEX.
select c.oid::regclass::text as relation, string_agg(t.pubname, ', ' order by t.pubname) as publications
  from pg_publication_tables t join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relname = t.tablename and c.relnamespace = n.oid join pg_publication p on p.pubname = t.pubname
 where (p.pubupdate or p.pubdelete) and (c.relreplident = 'n' or (c.relreplident = 'd' and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary))) group by c.oid order by 1
