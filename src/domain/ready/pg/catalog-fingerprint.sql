-- title: Every object with its definition
-- when: before, after
-- rows: shown
-- compares: objects by kind, name
-- differs: fail
-- with: schemas list = public; that are read
-- with: planned list = ; names that are to change, with all that belongs to them; any other change fails it, and so does one that did not come
-- rights: any role
-- search_path: pg_catalog
-- means: One row for each table, column, index, constraint, trigger, policy, function, enum, domain, sequence and extension, with owner, rights and validity. Compared with before it shows exactly what a migration changed; after a way back nothing may be left of it. Its digest compares two servers without moving the rows.
-- remedy: Where more changed than was planned, or something is left over, each line names the object to put right.
with ns as (select oid, nspname from pg_namespace where nspname in (${schemas})),
ext as (select classid, objid from pg_depend where deptype = 'e'),
obj(kind, name, definition) as (
  select case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then 'materialized view' else 'foreign table' end, format('%I.%I', n.nspname, c.relname),
         concat_ws(' ', 'owner ' || pg_get_userbyid(c.relowner), case c.relpersistence when 'u' then 'unlogged' end, 'for ' || pg_get_expr(c.relpartbound, c.oid), case when c.relkind = 'p' then 'by ' || pg_get_partkeydef(c.oid) end,
           case when c.relrowsecurity then 'row security' end, 'with ' || array_to_string(c.reloptions, ','), 'rights ' || (select string_agg(x::text, ',' order by x::text) from unnest(c.relacl) x),
           case when c.relkind in ('v', 'm') then 'as ' || md5(pg_get_viewdef(c.oid)) end)
    from pg_class c join ns n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and not exists (select 1 from ext where classid = 'pg_class'::regclass and objid = c.oid)
  union all
  select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
         concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid), case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
           case when a.attgenerated <> '' then 'generated' end, 'collate ' || (select o.collname from pg_collation o where o.oid = a.attcollation and o.collname <> 'default'))
    from pg_attribute a join pg_class c on c.oid = a.attrelid join ns n on n.oid = c.relnamespace left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and not exists (select 1 from ext where classid = 'pg_class'::regclass and objid = c.oid)
  union all
  select 'index', format('%I.%I', n.nspname, c.relname), pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' INVALID' end || case when i.indisreplident then ' replica identity' else '' end
    from pg_index i join pg_class c on c.oid = i.indexrelid join ns n on n.oid = c.relnamespace where not exists (select 1 from ext where classid = 'pg_class'::regclass and objid = i.indrelid)
  union all
  select 'constraint', k.conrelid::regclass::text || '.' || quote_ident(k.conname), pg_get_constraintdef(k.oid) || case when k.convalidated or pg_get_constraintdef(k.oid) like '%NOT VALID' then '' else ' NOT VALID' end
    from pg_constraint k join ns n on n.oid = k.connamespace where k.conrelid <> 0 and k.contype <> 'n'
  union all
  select 'trigger', t.tgrelid::regclass::text || '.' || quote_ident(t.tgname), pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' when 'D' then ' DISABLED' else ' enabled ' || t.tgenabled::text end
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join ns n on n.oid = c.relnamespace where not t.tgisinternal
  union all
  select 'policy', p.polrelid::regclass::text || '.' || quote_ident(p.polname), concat_ws(' ', p.polcmd::text, 'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join pg_class c on c.oid = p.polrelid join ns n on n.oid = c.relnamespace
  union all
  select 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), 'owner ' || pg_get_userbyid(p.proowner) || ' ' || md5(case when p.prokind = 'a' then p.proname::text else pg_get_functiondef(p.oid) end)
    from pg_proc p join ns n on n.oid = p.pronamespace where not exists (select 1 from ext where classid = 'pg_proc'::regclass and objid = p.oid)
  union all
  select 'enum', format('%I.%I', n.nspname, t.typname), (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) from pg_type t join ns n on n.oid = t.typnamespace where t.typtype = 'e'
  union all
  select 'domain', format('%I.%I', n.nspname, t.typname), concat_ws(' ', format_type(t.typbasetype, t.typtypmod), 'default ' || t.typdefault, case when t.typnotnull then 'not null' end) from pg_type t join ns n on n.oid = t.typnamespace where t.typtype = 'd'
  union all
  select 'sequence', format('%I.%I', n.nspname, c.relname), concat_ws(' ', format_type(s.seqtypid, null), 'by ' || s.seqincrement, 'to ' || s.seqmax, case when s.seqcycle then 'cycle' end) from pg_sequence s join pg_class c on c.oid = s.seqrelid join ns n on n.oid = c.relnamespace
  union all
  select 'extension', extname::text, extversion from pg_extension)
select kind, name, definition from obj order by kind collate "C", name collate "C"
