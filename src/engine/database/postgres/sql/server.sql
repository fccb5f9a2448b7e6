-- What the server says of itself: one row; counters are cumulative, the client computes rates from two readings and `at_ms`.
WITH /* holdpoint */ me AS (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
pos AS (SELECT pg_catalog.pg_is_in_recovery() AS rec,
               CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END AS lsn)
SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms,
       pg_catalog.pg_postmaster_start_time()::text AS instance, pos.rec AS in_recovery, (pos.lsn - '0/0'::pg_catalog.pg_lsn)::bigint AS wal_bytes,
       pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())::bigint AS next_xid,
       s.*, {checkpoints_timed} AS checkpoints_timed, {checkpoints_requested} AS checkpoints_requested,
       archives.on AS archives,
       CASE WHEN archives.on THEN (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - archives.last_archived_time) * 1000)::bigint END AS archived_ms,
       CASE WHEN archives.on THEN (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - archives.last_failed_time) * 1000)::bigint END AS archive_failed_ms,
       CASE WHEN archives.on THEN archives.failed_count END AS archive_failures,
       (SELECT pg_catalog.json_agg(r) FROM (
          SELECT w.pid, a.application_name AS app, pg_catalog.host(a.client_addr) AS client, w.state, w.sync_state,
                 (pos.lsn - w.sent_lsn)::bigint AS unsent, (pos.lsn - w.flush_lsn)::bigint AS unflushed, (pos.lsn - w.replay_lsn)::bigint AS unreplayed, (w.replay_lsn - '0/0'::pg_catalog.pg_lsn)::bigint AS replayed,
                 (pg_catalog.date_part('epoch', w.replay_lag) * 1000)::bigint AS replay_lag_ms, (pg_catalog.date_part('epoch', w.flush_lag) * 1000)::bigint AS flush_lag_ms
            FROM pg_catalog.pg_stat_get_wal_senders() w LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(w.pid) a ON true) r)::text AS senders,
       CASE WHEN pos.rec THEN (SELECT pg_catalog.row_to_json(r) FROM (
          SELECT CASE WHEN w.pid IS NULL THEN 'none' ELSE w.status END AS status, w.sender_host || ':' || w.sender_port AS sender, w.slot_name AS slot,
                 (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - w.last_msg_receipt_time) * 1000)::bigint AS heard_ms,
                 (pg_catalog.pg_last_wal_replay_lsn() - '0/0'::pg_catalog.pg_lsn)::bigint AS replayed,
                 (pg_catalog.pg_last_wal_receive_lsn() - pg_catalog.pg_last_wal_replay_lsn())::bigint AS unreplayed,
                 CASE WHEN pg_catalog.pg_last_wal_receive_lsn() IS DISTINCT FROM pg_catalog.pg_last_wal_replay_lsn()
                      THEN (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) * 1000)::bigint ELSE 0 END AS replay_age_ms,
                 {pause} AS pause
            FROM (VALUES (1)) one(x) LEFT JOIN pg_catalog.pg_stat_get_wal_receiver() w ON true) r)::text END AS receiver,
       (SELECT pg_catalog.json_agg(r) FROM (
          SELECT slot_name AS slot, slot_type AS type, active, {wal_status} AS wal_status, {safe_wal_size} AS safe_wal_size, (pos.lsn - restart_lsn)::bigint AS retained,
                 pg_catalog.age(xmin) AS xmin_age, pg_catalog.age(catalog_xmin) AS catalog_xmin_age
            FROM pg_catalog.pg_get_replication_slots()) r)::text AS slots,
       (SELECT pg_catalog.json_agg(r) FROM (
          SELECT transaction::text AS xid, gid, (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared) * 1000)::bigint AS age_ms,
                 pg_catalog.pg_get_userbyid(ownerid) AS owner, dbid = me.oid AS here, pg_catalog.age(transaction) AS xid_age
            FROM pg_catalog.pg_prepared_xact() ORDER BY prepared LIMIT 20) r)::text AS prepared,
       (SELECT pg_catalog.json_agg(r) FROM (
          SELECT pid, command, phase, datid, relid, CASE WHEN datid = me.oid AND relid <> 0 THEN relid::regclass::text END AS relation,
                 CASE WHEN datid = me.oid AND index_relid <> 0 THEN index_relid::regclass::text END AS index,
                 blocks_done AS b, blocks_total AS bt, tuples_done AS t, tuples_total AS tt, lockers_done AS l, lockers_total AS lt,
                 current_locker_pid AS locker, partitions_done AS p, partitions_total AS pt
            FROM pg_catalog.pg_stat_progress_create_index
          UNION ALL SELECT pid, 'VACUUM', phase, datid, relid, CASE WHEN datid = me.oid THEN relid::regclass::text END, NULL,
                 CASE WHEN phase LIKE 'vacuuming heap%' THEN heap_blks_vacuumed ELSE heap_blks_scanned END, heap_blks_total, index_vacuum_count, NULL, NULL, NULL, NULL, NULL, NULL FROM pg_catalog.pg_stat_progress_vacuum
          UNION ALL SELECT pid, command, phase, datid, relid, CASE WHEN datid = me.oid THEN relid::regclass::text END, NULL,
                 heap_blks_scanned, heap_blks_total, heap_tuples_written, NULL, index_rebuild_count, NULL, NULL, NULL, NULL FROM pg_catalog.pg_stat_progress_cluster
          {progress_analyze}
          {progress_copy}
          {progress_backup}
        ) r)::text AS progress
  FROM me, pos, (SELECT pg_catalog.current_setting('archive_mode') <> 'off' AS on, a.last_archived_time, a.last_failed_time, a.failed_count
                   FROM pg_catalog.pg_stat_get_archiver() a) archives,
       LATERAL (
    SELECT sum(pg_catalog.pg_stat_get_db_xact_commit(d.oid))::bigint AS commits,
           sum(pg_catalog.pg_stat_get_db_xact_rollback(d.oid))::bigint AS rollbacks,
           sum(pg_catalog.pg_stat_get_db_blocks_fetched(d.oid))::bigint AS blks_fetched,
           sum(pg_catalog.pg_stat_get_db_blocks_hit(d.oid))::bigint AS blks_hit,
           sum(pg_catalog.pg_stat_get_db_tuples_inserted(d.oid))::bigint AS ins,
           sum(pg_catalog.pg_stat_get_db_tuples_updated(d.oid))::bigint AS upd,
           sum(pg_catalog.pg_stat_get_db_tuples_deleted(d.oid))::bigint AS del,
           sum(pg_catalog.pg_stat_get_db_temp_bytes(d.oid))::bigint AS temp_bytes,
           sum(pg_catalog.pg_stat_get_db_deadlocks(d.oid))::bigint AS deadlocks,
           sum(pg_catalog.pg_stat_get_db_conflict_all(d.oid))::bigint AS conflicts,
           sum(pg_catalog.pg_stat_get_db_xact_commit(d.oid) + pg_catalog.pg_stat_get_db_xact_rollback(d.oid))
             FILTER (WHERE d.oid = me.oid)::bigint AS own_transactions,
           sum(pg_catalog.pg_stat_get_db_temp_files(d.oid))::bigint AS temp_files,
           max(pg_catalog.age(d.datfrozenxid)) AS frozen_age
      FROM pg_catalog.pg_database d WHERE d.datallowconn) s
