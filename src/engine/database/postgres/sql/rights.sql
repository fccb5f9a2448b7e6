-- what this role can see, once per connection
SELECT pg_catalog.current_setting('server_version_num')::int AS version, pg_catalog.current_setting('max_connections')::int AS max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::int AS reserved, pg_catalog.current_setting('reserved_connections', true) AS reserved16,
       pg_catalog.current_setting('max_prepared_transactions')::int AS max_prepared, pg_catalog.current_setting('deadlock_timeout') AS deadlock_timeout,
       pg_catalog.current_setting('track_activity_query_size') AS query_size, pg_catalog.current_setting('track_activities') AS track_activities,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all_stats, pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS may_signal,
       pg_catalog.pg_backend_pid() AS own_pid, coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), '') AS reached_at,
       (SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.backend_start) * 1000)::bigint
          FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a) AS own_ms,
       pg_catalog.pg_is_in_recovery() AS in_recovery, pg_catalog.pg_postmaster_start_time() AS started,
       (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AS datid
