-- title: The tables that the release needs are there
-- when: after
-- rows: fail
-- with: tables list; as schema.table
-- rights: any role
-- means: Asks the catalog, not the tool: each line is one that is missing.
-- remedy: The migration did not do what it says: look at its own record (migrations/status) and at the other database it may have gone to.
select x as missing from unnest(array[${tables}]::text[]) x where to_regclass(x) is null order by 1
