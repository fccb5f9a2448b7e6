-- title: What depends on a table
-- when: before
-- rows: shown
-- with: table relation; the table to be altered
-- rights: any role
-- means: A foreign key locks both tables. A column cannot change its type while a view uses it.
-- remedy: Plan for each: views are dropped and made again in the same transaction, foreign keys are added NOT VALID and validated later.
with t as (select ${table:text}::regclass as oid)
select 'view' as kind, r.ev_class::regclass::text as name from pg_depend d join pg_rewrite r on r.oid = d.objid, t
 where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and r.ev_class <> d.refobjid group by 1, 2
union all select 'referenced by', conrelid::regclass::text || '.' || conname from pg_constraint, t where contype = 'f' and confrelid = t.oid and conparentid = 0
union all select 'references', confrelid::regclass::text || ' (' || conname || ')' from pg_constraint, t where contype = 'f' and conrelid = t.oid
union all select 'trigger', tgname || case tgenabled when 'D' then ' (disabled)' else '' end from pg_trigger, t where not tgisinternal and tgrelid = t.oid
union all select 'publication', (select pubname::text from pg_publication p where p.oid = prpubid) from pg_publication_rel, t where prrelid = t.oid
 order by 1, 2
