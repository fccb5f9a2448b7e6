-- title: This user may change the schema
-- when: before
-- rows: fail
-- with: rights list = CREATE, ALTER, DROP, INDEX, REFERENCES; that the migration needs, as SHOW GRANTS calls them
-- rights: any user; run it as the user that migrates
-- means: A migration that meets the first missing right stops half way, and nothing of it is rolled back. Rights on the server and on the whole schema count, and those of roles that are switched on at login; rights on single tables do not.
-- remedy: GRANT them on the schema; of a role, SET DEFAULT ROLE.
with recursive given (name, rest) as (
  select cast('' as char(2000)), cast(concat(${rights:text}, ', ') as char(2000))
  union all
  select upper(trim(both '''' from substring_index(rest, ', ', 1))), substring(rest, locate(', ', rest) + 2) from given where rest <> '')
select name as missing, case when find_in_set(name, @known_rights) then 'not granted' else 'no right of this name is known: nothing grants it' end as why
  from given where name <> '' and not coalesce(find_in_set(name, @their_rights), 0)
