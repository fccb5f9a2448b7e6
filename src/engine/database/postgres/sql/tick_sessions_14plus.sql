-- tick_sessions, PostgreSQL 14+.   $1 int = rows wanted, $2 int = bytes of query text wanted, $3 bool = this role has pg_read_all_stats, $4 bool = idle sessions too
-- * one scan of pg_stat_get_activity(NULL); touches NO catalog table: it goes on working while pg_class, pg_database or pg_authid
--   is locked exclusively (VACUUM FULL, REINDEX SYSTEM); names of databases, roles and relations come from names.sql, cached by the client
-- * pg_lock_status() is read only when somebody waits (one-time filter); with $3 = false (wait events of others are hidden) on every tick
-- * pg_blocking_pids() only for waiters, and for at most 128 of them: the first of every group that wants the same mode on the same object, then up to 8 of each.
--   All members of such a group have the same hard blockers (the client hangs the rest of the group there), so a pile-up of 1000 stays cheap
-- * always at least one row: `groups` (all sessions but this one, counted by type, state and wait) is on the first row; pid IS NULL when no session is listed
-- * query is BYTEA (the text may be in another database's encoding): decode lossily and sanitise in the client; not kept for idle sessions
WITH act AS MATERIALIZED (
  SELECT a.pid, a.leader_pid, a.datid, a.usesysid, a.application_name, a.client_addr,
         a.backend_type, a.state, a.wait_event_type, a.wait_event,
         a.backend_start, a.xact_start, a.query_start, a.state_change, a.backend_xmin,
         CASE WHEN a.state <> 'idle' THEN pg_catalog.substr(pg_catalog.textsend(a.query), 1, $2) END AS query
    FROM pg_catalog.pg_stat_get_activity(NULL) a
), tally AS MATERIALIZED (                     -- every session but this one, counted: both lists on the first row are made of it
  SELECT a.backend_type AS t, a.state AS s, a.wait_event_type AS wt, a.wait_event AS w, a.usesysid AS u, a.datid AS d,
         CASE WHEN a.usesysid IS NOT NULL THEN a.application_name END AS a,
         count(*) AS n, min(a.xact_start) AS x, max(pg_catalog.age(a.backend_xmin)) AS xmin_age
    FROM act a WHERE a.pid <> pg_catalog.pg_backend_pid() GROUP BY 1, 2, 3, 4, 5, 6, 7
), lk AS MATERIALIZED (
  SELECT coalesce(l.pid, 0) AS pid, l.virtualtransaction, l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid,
         l.classid, l.objid, l.objsubid, l.mode, l.granted, l.waitstart,
         coalesce(l.relation::bigint, l.objid::bigint, l.transactionid::text::bigint, 0) AS k
    FROM pg_catalog.pg_lock_status() l
   WHERE NOT $3 OR EXISTS (SELECT 1 FROM act WHERE wait_event_type = 'Lock')
), want AS MATERIALIZED (                      -- every waiter; rn = place in its group, n_same = size of the group
  SELECT l.*, pg_catalog.row_number() OVER g AS rn,
         count(*) OVER (PARTITION BY k, locktype, mode, database, page, tuple, virtualxid, classid, objsubid)::int AS n_same
    FROM lk l WHERE NOT l.granted
  WINDOW g AS (PARTITION BY k, locktype, mode, database, page, tuple, virtualxid, classid, objsubid ORDER BY l.waitstart NULLS LAST, l.pid)
), tup AS MATERIALIZED (                       -- a row-lock waiter holds the tuple lock of the row: gives the table and the row
  SELECT pid, database, relation, page, tuple FROM lk WHERE granted AND locktype = 'tuple'
), rep AS MATERIALIZED (                       -- the server's own answer (pid 0 = a prepared transaction)
  (SELECT pid, CASE WHEN rn = 1 THEN n_same ELSE 0 END AS weight, (pg_catalog.pg_blocking_pids(pid))[1:256] AS by_pids
     FROM want WHERE rn <= 8 ORDER BY rn > 1, waitstart NULLS LAST LIMIT 128)
  UNION ALL
  SELECT pid, 1, pg_catalog.pg_safe_snapshot_blocking_pids(pid) FROM act WHERE wait_event = 'SafeSnapshot'
), edge AS MATERIALIZED (
  SELECT DISTINCT r.pid, r.weight, b.by_pid FROM rep r CROSS JOIN LATERAL pg_catalog.unnest(r.by_pids) b(by_pid)
), party AS MATERIALIZED (                     -- blockers, and their parallel workers under the leader's pid
  SELECT by_pid AS pid, by_pid AS lead FROM edge
  UNION SELECT a.pid, a.leader_pid FROM act a JOIN edge e ON e.by_pid = a.leader_pid
), held AS MATERIALIZED (                      -- hard blockers hold the very object; what is left of by_pids is queue order (soft)
  SELECT w.pid, p.lead AS by_pid, pg_catalog.string_agg(DISTINCT h.mode, ',') AS mode,
         -- which prepared transactions: each holds its own transaction's lock under the same virtual one
         pg_catalog.string_agg(DISTINCT CASE WHEN h.pid = 0 THEN (SELECT min(x.transactionid::text::bigint)::text FROM lk x WHERE x.pid = 0
             AND x.granted AND x.locktype = 'transactionid' AND x.virtualtransaction = h.virtualtransaction) END, ',') AS xids
    FROM want w
    JOIN rep r ON r.pid = w.pid
    JOIN lk h ON h.k = w.k AND h.granted AND h.pid = ANY (ARRAY(SELECT pid FROM party)) AND h.pid <> w.pid AND h.locktype = w.locktype
             AND h.database IS NOT DISTINCT FROM w.database AND h.virtualxid IS NOT DISTINCT FROM w.virtualxid
             AND h.page IS NOT DISTINCT FROM w.page AND h.tuple IS NOT DISTINCT FROM w.tuple
             AND h.classid IS NOT DISTINCT FROM w.classid AND h.objsubid IS NOT DISTINCT FROM w.objsubid
    JOIN party p ON p.pid = h.pid
   GROUP BY 1, 2
), blocked AS (
  SELECT e.pid, count(*)::int AS n_blockers,
         (pg_catalog.array_agg(e.by_pid ORDER BY e.by_pid) FILTER (WHERE h.pid IS NOT NULL))[1:16] AS hard_pids,
         (pg_catalog.array_agg(h.mode   ORDER BY e.by_pid) FILTER (WHERE h.pid IS NOT NULL))[1:16] AS hard_modes,
         (pg_catalog.array_agg(e.by_pid ORDER BY s.waitstart DESC NULLS LAST) FILTER (WHERE h.pid IS NULL))[1] AS soft_pid,
         pg_catalog.string_agg(h.xids, ',') AS prepared_xids
    FROM edge e
    LEFT JOIN held h ON h.pid = e.pid AND h.by_pid = e.by_pid
    LEFT JOIN want s ON s.pid = e.by_pid
   GROUP BY e.pid
), blocker AS MATERIALIZED (                   -- sessions directly behind it
  SELECT by_pid AS pid, sum(weight)::int AS n_waiters FROM edge GROUP BY 1
), listed AS MATERIALIZED (                    -- those worth a row, before they are joined with anything: most sessions are idle
  SELECT a.* FROM act a
   WHERE a.pid <> pg_catalog.pg_backend_pid()
     AND (a.state <> 'idle' OR ($4 AND a.state = 'idle') OR a.backend_type IN ('autovacuum worker', 'walsender')
          OR a.pid IN (SELECT pid FROM blocker) OR a.pid IN (SELECT pid FROM blocked) OR a.pid IN (SELECT pid FROM want))
), pick AS (
  SELECT a.*, b.n_blockers, b.hard_pids, b.hard_modes, b.soft_pid, b.prepared_xids, k.n_waiters
    FROM listed a
    LEFT JOIN blocked b ON b.pid = a.pid
    LEFT JOIN blocker k ON k.pid = a.pid
    LEFT JOIN want w ON w.pid = a.pid
   WHERE w.rn IS NULL OR w.rn <= 20 OR a.pid IN (SELECT soft_pid FROM blocked)
   ORDER BY k.n_waiters DESC NULLS LAST, b.pid IS NULL, w.pid IS NULL, a.xact_start NULLS LAST
   LIMIT $1
)
SELECT CASE WHEN pg_catalog.row_number() OVER o = 1 THEN (SELECT pg_catalog.json_agg(g) FROM (
          SELECT t, s, wt, w, sum(n) AS n, coalesce(sum(n) FILTER (WHERE u IS NOT NULL), 0) AS nu,
                 (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - min(x)) * 1000)::bigint AS xact_ms, max(xmin_age) AS xmin_age
            FROM tally GROUP BY 1, 2, 3, 4) g)::text END AS groups,
       CASE WHEN pg_catalog.row_number() OVER o = 1 THEN (SELECT pg_catalog.json_agg(g) FROM (
          SELECT u::bigint AS u, d::bigint AS d, a, sum(n) AS n, coalesce(sum(n) FILTER (WHERE s = 'active'), 0) AS w
            FROM tally WHERE u IS NOT NULL AND coalesce(t, 'client backend') = 'client backend'
           GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 24) g)::text END AS clients,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms,
       p.pid, p.leader_pid, p.datid, p.usesysid,
       p.application_name, pg_catalog.host(p.client_addr) AS client, p.backend_type, p.state, p.wait_event_type, p.wait_event, p.backend_start::text AS backend_start,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.xact_start) * 1000)::bigint AS xact_ms,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.query_start) * 1000)::bigint AS query_ms,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.state_change) * 1000)::bigint AS state_ms,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.backend_start) * 1000)::bigint AS backend_ms,
       pg_catalog.age(p.backend_xmin) AS xmin_age, p.query,
       p.n_waiters, p.n_blockers, p.hard_pids, p.hard_modes, p.soft_pid, p.prepared_xids,
       w.locktype, w.mode AS want_mode, w.rn::int AS queue_place, w.n_same, (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - w.waitstart) * 1000)::bigint AS wait_ms,
       coalesce(w.relation, t.relation) AS lock_relid, coalesce(w.database, t.database) AS lock_datid,
       coalesce(w.page, t.page) AS page, coalesce(w.tuple, t.tuple) AS tuple, w.transactionid::text AS lock_xid, w.virtualxid, w.classid, w.objid, w.objsubid
  FROM (VALUES (1)) one(x)
  LEFT JOIN pick p ON true
  LEFT JOIN want w ON w.pid = p.pid
  LEFT JOIN tup t ON t.pid = p.pid AND w.locktype = 'transactionid'
WINDOW o AS (ORDER BY p.n_waiters DESC NULLS LAST, w.waitstart NULLS LAST, p.xact_start NULLS LAST)
