-- title: Nothing else listens for changes of the schema
-- when: before
-- rows: warn
-- rights: any role
-- means: Logical replication does not carry changes of the schema: a subscriber stops at the first row with a new column. Event triggers (audit, cloud services) can refuse them.
-- remedy: Change the subscriber's schema first, or refresh the subscription after; ask the trigger's owner.
select 'event trigger' as kind, evtname::text as name, evtevent || case evtenabled when 'D' then ', disabled' else '' end as detail from pg_event_trigger
union all
select 'publication', p.pubname::text, case when p.puballtables then 'all tables' else (select count(*) || ' tables' from pg_publication_rel r where r.prpubid = p.oid) end from pg_publication p
 order by 1, 2
