-- Does the data of :schema hold? Each line is something that does not; the last one says that all was read.
select format('select %L || count(*) from %s c where %s and not exists (select from %s p where %s) having count(*) > 0',
              'rows without what ' || conname || ' points to: ', conrelid::regclass,
              (select string_agg(format('c.%I is not null', attname), ' and ') from pg_attribute where attrelid = conrelid and attnum = any (conkey)),
              confrelid::regclass,
              (select string_agg(format('p.%I = c.%I', f.attname, a.attname), ' and ')
                 from unnest(conkey, confkey) k (mine, theirs)
                 join pg_attribute a on a.attrelid = conrelid and a.attnum = k.mine
                 join pg_attribute f on f.attrelid = confrelid and f.attnum = k.theirs))
  from pg_constraint where contype = 'f' and connamespace = :'schema'::regnamespace and conparentid = 0 order by conname
\gexec
select format('select %L || count(*) from %s where not (%s) having count(*) > 0', 'rows that break ' || conname || ': ', conrelid::regclass, pg_get_expr(conbin, conrelid))
  from pg_constraint where contype = 'c' and not convalidated and conrelid <> 0 and connamespace = :'schema'::regnamespace order by conname
\gexec
select format('select %L || count(*) from (select %s from %s group by %s having count(*) > 1) twice having count(*) > 0', 'keys there twice for ' || indexrelid::regclass || ': ', keys, indrelid::regclass, keys)
  from (select i.*, (select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = indrelid and attnum = any (indkey::int2[])) as keys
          from pg_index i join pg_class c on c.oid = indrelid
         where indisunique and not indisvalid and indexprs is null and c.relnamespace = :'schema'::regnamespace) t
\gexec
select 'switched off: ' || tgname from pg_trigger where not tgisinternal and tgenabled = 'D';
select format('select %L || count(*) from (select * from %s except all select * from (%s) fresh) stale having count(*) > 0',
              'rows that a refresh would change in ' || oid::regclass || ': ', oid::regclass, rtrim(trim(pg_get_viewdef(oid)), ';'))
  from pg_class where relkind = 'm' and relispopulated and relnamespace = :'schema'::regnamespace order by relname
\gexec
select 'enum ' || enumtypid::regtype || ': ' || string_agg(enumlabel, ',' order by enumsortorder) from pg_enum group by enumtypid order by 1;
select 'all was read';
