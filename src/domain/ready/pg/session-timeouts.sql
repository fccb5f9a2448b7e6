-- title: The migration's own session has timeouts
-- when: before
-- rows: by verdict
-- with: lock_timeout_at_most duration = 10s; a longer one makes everybody queue behind the migration
-- with: statement_timeout_at_most duration = 30m; a longer one lets a statement run past the window
-- rights: any role
-- means: 0 means to wait for ever. Run this through the very connection string that the tool uses: a role's or a database's own settings count, those of the tool's environment do not.
-- remedy: Set them for the role (ALTER ROLE … SET lock_timeout = '5s'), in PGOPTIONS, or in the connection string (options=-c lock_timeout=5s).
with s as (select name, reset_val::bigint as ms, case name when 'lock_timeout' then ${lock_timeout_at_most} else ${statement_timeout_at_most} end * 1000 as at_most
             from pg_settings where name in ('lock_timeout', 'statement_timeout'))
select case when ms = 0 or ms > at_most then 'fail' else 'ok' end as verdict, name, ms, at_most::bigint as at_most_ms from s order by name
