-- title: There are connections left
-- when: before, during
-- rows: by verdict
-- with: warn_above percent = 70%; of what ordinary roles may have
-- with: fail_above percent = 90%; of what ordinary roles may have
-- rights: any role
-- means: Behind one exclusive lock every request of the application waits with a connection of its own: a pool that is nearly full before the window is exhausted within seconds of it.
-- remedy: Close what is not needed (pg/connections-by-application shows whose they are), lower the pools, or scale the application down for the window.
with s as (select count(*) filter (where backend_type = 'client backend') as in_use, count(*) filter (where state = 'active' and pid <> pg_backend_pid()) as active,
                  count(*) filter (where state like 'idle in transaction%') as idle_in_transaction,
                  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as usable from pg_stat_activity)
select case when in_use > ${fail_above} * usable then 'fail' when in_use > ${warn_above} * usable then 'warn' else 'ok' end as verdict,
       round(100.0 * in_use / nullif(usable, 0), 1) as percent, in_use, usable, active, idle_in_transaction from s
