-- title: Every constraint is validated
-- when: before, after
-- rows: warn
-- rights: any role
-- means: VALIDATE CONSTRAINT is the second half of the careful way, and the half that is forgotten.
-- remedy: ALTER TABLE … VALIDATE CONSTRAINT …: it reads the table and lets writers pass.
select conrelid::regclass::text as relation, conname as name, case contype when 'f' then 'foreign key' when 'c' then 'check' else contype::text end as kind, pg_get_constraintdef(oid) as definition
  from pg_constraint where not convalidated and conrelid <> 0 and connamespace not in (select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema')) order by 1, 2
