-- title: No row breaks a foreign key that is not validated
-- when: before, after
-- rows: fail
-- rights: SELECT on the tables
-- means: A foreign key that is NOT VALID guards new rows only. Validating it fails while a row without a parent is left.
-- remedy: Settle what becomes of the rows, then VALIDATE CONSTRAINT.
select f.relation, f.name, f.n as orphans from (
  select k.conrelid::regclass::text as relation, k.conname as name, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from only %s c where %s and not exists (select 1 from %s p where %s)', k.conrelid::regclass,
       (select string_agg(format('c.%I is not null', a.attname), ' and ') from unnest(k.conkey) x join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x), k.confrelid::regclass,
       (select string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ') from unnest(k.conkey, k.confkey) as z(ck, pk) join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = z.ck join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = z.pk)), false, true, '')))[1]::text::bigint as n
  from pg_constraint k where k.contype = 'f' and not k.convalidated) f where f.n > 0 order by 1, 2
