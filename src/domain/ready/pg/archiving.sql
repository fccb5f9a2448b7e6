-- title: Point-in-time recovery is alive
-- when: before
-- rows: by verdict
-- with: older_than duration = 15m; since the last segment was archived
-- rights: pg_monitor
-- means: archive_mode = on proves nothing: a failing archive_command shows only in that the last failure is newer than the last success. Services that archive by other means (pg_receivewal, a cloud's own) are not seen here.
-- remedy: Read the server's log for archive_command, mend it, then SELECT pg_switch_wal() and run this again.
select case when current_setting('archive_mode') = 'off' then 'fail' when coalesce(last_failed_time > last_archived_time, last_failed_time is not null) then 'fail'
            when last_archived_time is null or clock_timestamp() - last_archived_time > make_interval(secs => ${older_than}) then 'warn' else 'ok' end as verdict,
       current_setting('archive_mode') as archive_mode, last_archived_wal as last_archived, extract(epoch from clock_timestamp() - last_archived_time)::int as archived_s_ago,
       failed_count, last_failed_wal as last_failed, extract(epoch from clock_timestamp() - last_failed_time)::int as failed_s_ago
  from pg_stat_archiver
