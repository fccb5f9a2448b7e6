-- title: No trigger is disabled
-- when: before, after
-- rows: fail
-- rights: any role
-- means: Restores of data alone and backfills switch triggers off, those that check foreign keys among them. While they are off nothing is checked.
-- remedy: ALTER TABLE … ENABLE TRIGGER …, and look for rows that slipped in (pg/orphan-rows).
select tgrelid::regclass::text as relation, tgname as trigger, case when tgisinternal then 'checks a foreign key' else 'trigger' end as kind from pg_trigger where tgenabled = 'D' order by 1, 2
