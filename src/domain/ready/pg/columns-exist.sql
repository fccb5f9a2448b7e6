-- title: The columns that the release needs are there
-- when: after
-- rows: fail
-- with: columns list; as schema.table.column
-- rights: any role
-- means: Asks the catalog, not the tool: each line is one that is missing.
-- remedy: The migration did not do what it says: look at its own record (migrations/status) and at the other database it may have gone to.
select x as missing from unnest(array[${columns}]::text[]) x
 where not exists (select 1 from pg_attribute a where a.attrelid = to_regclass(regexp_replace(x, '\.[^.]*$', '')) and a.attname = trim('"' from substring(x from '[^.]*$')) and not a.attisdropped and a.attnum > 0) order by 1
