-- title: There are connections left
-- when: before, during
-- rows: by verdict
-- with: warn_above percent = 70%; of max_connections
-- with: fail_above percent = 90%; of max_connections
-- rights: any user; PROCESS to see all
-- means: Behind one metadata lock every request of the application waits with a connection of its own.
-- remedy: Close what is not needed, lower the pools, or scale the application down for the window.
select case when in_use > ${fail_above} * usable then 'fail' when in_use > ${warn_above} * usable then 'warn' else 'ok' end as verdict, round(100 * in_use / usable, 1) as percent, in_use, usable
  from (select count(*) as in_use, @@max_connections as usable from information_schema.processlist) s
