-- title: The standbys keep up
-- when: before, during
-- rows: by verdict
-- with: warn_bytes size = 16MB; of write-ahead log not replayed yet
-- with: fail_bytes size = 512MB; of write-ahead log not replayed yet
-- with: fail_after duration = 30s; by which the standby's replay is behind
-- rights: pg_monitor
-- means: A rewrite or a backfill multiplies the write-ahead log. A standby that is behind before the window is further behind after it, and no way out.
-- remedy: Wait until they have caught up; during a backfill, make the batches smaller or pause between them.
with s as (select coalesce(application_name, '?') as standby, host(client_addr) as client, state, sync_state,
                  pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, flush_lsn, write_lsn))::bigint as behind_bytes, coalesce(extract(epoch from replay_lag), 0)::numeric(12, 1) as behind_s
             from pg_stat_replication where not pg_is_in_recovery())
select case when behind_bytes > ${fail_bytes} or behind_s > ${fail_after} then 'fail' when behind_bytes is null or behind_bytes > ${warn_bytes} then 'warn' else 'ok' end as verdict, s.*
  from s order by behind_bytes desc nulls first
