-- title: The enums and their values
-- when: before, after
-- rows: shown
-- compares: objects by enum
-- rights: any role
-- means: A value that was added cannot be taken away again: it stays through a way back.
-- remedy: Compare with the plan, order included.
select t.oid::regtype::text as enum, string_agg(e.enumlabel, ', ' order by e.enumsortorder) as labels from pg_type t join pg_enum e on e.enumtypid = t.oid group by t.oid order by 1
