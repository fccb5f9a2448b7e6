-- title: Which server and database this is
-- when: before
-- rows: shown
-- rights: any role
-- means: A host's name can be pointed elsewhere; the system identifier cannot. It is made once when a cluster is created, and a primary and its physical standbys share it.
-- remedy: Compare it with what the change says. To have it compared by the machine, pin it under `must_be` of the target.
select current_database() as database, current_user as role, coalesce(host(inet_server_addr()), 'local socket') as address,
       inet_server_port() as port, current_setting('server_version') as version,
       (select system_identifier from pg_control_system()) as system_identifier,
       case when pg_is_in_recovery() then 'standby' else 'primary' end as part,
       pg_postmaster_start_time() as started_at, current_setting('TimeZone') as time_zone
