-- title: This role may alter what is there
-- when: before
-- rows: fail
-- with: schemas list = public; whose tables are to be altered
-- rights: any role; run it as the role that migrates
-- means: Only its owner (or a member of the owner) may alter a table; rights that are granted do not help. A migration that meets the first foreign table fails half way.
-- remedy: Grant membership of the owner, or move the ownership (ALTER TABLE … OWNER TO), before the window.
select c.oid::regclass::text as object, pg_get_userbyid(c.relowner) as owner, current_user as role
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname in (${schemas}) and c.relkind in ('r', 'p', 'm', 'v', 'S') and not pg_has_role(current_user, c.relowner, 'USAGE')
union all
select format('schema %I: no CREATE', n.nspname), pg_get_userbyid(n.nspowner), current_user from pg_namespace n
 where n.nspname in (${schemas}) and not has_schema_privilege(current_user, n.oid, 'CREATE')
union all
select format('schema %s does not exist', x), '', current_user from unnest(array[${schemas}]::text[]) x where x is not null and not exists (select 1 from pg_namespace where nspname = x)
 order by 1 limit 50
