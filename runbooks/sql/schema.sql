-- One line per thing in the schemas named by :schemas (separated by commas): kind, name, definition.
-- Two such lists, compared, say exactly what a migration changed; owners and rights are in it, rows are not.
set search_path = pg_catalog;
with wanted as (
  select oid, nspname as schema from pg_namespace where nspname = any (string_to_array(:'schemas', ','))
),
of_extension as (
  select classid, objid from pg_depend where deptype = 'e'
),
relation as (
  select w.schema || '.' || c.relname as name, c.*
    from pg_class c join wanted w on w.oid = c.relnamespace
   where c.relname not in ('alembic_version', '_prisma_migrations', '_sqlx_migrations', 'flyway_schema_history')
     and not exists (select from of_extension e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
),
thing (kind, name, definition) as (
  select case relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then 'materialized view' else 'foreign table' end,
         name,
         concat_ws(' ', 'owner=' || pg_get_userbyid(relowner), 'persistence=' || relpersistence::text, 'row security=' || relrowsecurity,
                   'options=' || array_to_string(reloptions, ','),
                   'rights=' || (select string_agg(item::text, ',' order by item::text) from unnest(relacl) item),
                   case when relispartition then pg_get_expr(relpartbound, oid) end,
                   case when relkind = 'p' then pg_get_partkeydef(oid) end,
                   case when relkind in ('v', 'm') then md5(pg_get_viewdef(oid)) end)
    from relation where relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select 'column', r.name || '.' || a.attname,
         concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                   'default ' || pg_get_expr(d.adbin, d.adrelid), nullif('identity=' || a.attidentity::text, 'identity='),
                   nullif('generated=' || a.attgenerated::text, 'generated='), 'collation ' || nullif(a.attcollation, 0)::regcollation)
    from pg_attribute a join relation r on r.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
  union all
  select 'index', r.name, pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' INVALID' end
    from pg_index i join relation r on r.oid = i.indexrelid join relation t on t.oid = i.indrelid
  union all
  select 'constraint', r.name || '.' || k.conname, pg_get_constraintdef(k.oid) || case when k.convalidated then '' else ' (not validated)' end
    from pg_constraint k join relation r on r.oid = k.conrelid
   where k.contype <> 'n' -- from version 18 on these repeat what the column says
  union all
  select 'trigger', r.name || '.' || t.tgname, pg_get_triggerdef(t.oid) || ' enabled=' || t.tgenabled::text
    from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
  union all
  select 'policy', r.name || '.' || p.polname, concat_ws(' ', p.polcmd::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join relation r on r.oid = p.polrelid
  union all
  select 'function', w.schema || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
         case when p.prokind = 'a' then 'aggregate' else md5(pg_get_functiondef(p.oid)) end
    from pg_proc p join wanted w on w.oid = p.pronamespace
   where not exists (select from of_extension e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
  union all
  select 'enum', w.schema || '.' || t.typname, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid)
    from pg_type t join wanted w on w.oid = t.typnamespace where t.typtype = 'e'
  union all
  select 'domain', w.schema || '.' || t.typname,
         concat_ws(' ', format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then 'not null' end, 'default ' || t.typdefault)
    from pg_type t join wanted w on w.oid = t.typnamespace where t.typtype = 'd'
  union all
  select 'sequence', r.name, concat_ws(' ', format_type(s.seqtypid, null), 'by ' || s.seqincrement, 'to ' || s.seqmax, 'cycle=' || s.seqcycle)
    from pg_sequence s join relation r on r.oid = s.seqrelid
  union all
  select 'extension', extname, extversion from pg_extension
)
select kind || ' ' || name || ': ' || coalesce(definition, '') from thing order by 1;
