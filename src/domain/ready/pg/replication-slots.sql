-- title: No replication slot hoards write-ahead log
-- when: before, after
-- rows: by verdict
-- with: warn_retained size = 1GB; held back for the slot
-- with: fail_retained size = 10GB; held back for the slot
-- rights: pg_monitor
-- means: A slot that nobody reads keeps write-ahead log until the disk is full; a migration that writes much fills it sooner.
-- remedy: Start its reader again, or drop the slot (pg_drop_replication_slot) when its owner is sure.
-- from 13
with s as (select slot_name, slot_type, active, wal_status,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)::bigint as retained_bytes from pg_replication_slots)
select case when wal_status in ('unreserved', 'lost') or retained_bytes > ${fail_retained} then 'fail' when not active or retained_bytes > ${warn_retained} then 'warn' else 'ok' end as verdict, s.*
  from s order by retained_bytes desc nulls last
-- from 12
with s as (select slot_name, slot_type, active,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)::bigint as retained_bytes from pg_replication_slots)
select case when retained_bytes > ${fail_retained} then 'fail' when not active or retained_bytes > ${warn_retained} then 'warn' else 'ok' end as verdict, s.*
  from s order by retained_bytes desc nulls last
