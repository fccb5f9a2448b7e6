-- The sessions worth a row, and all others counted.
-- $1 int = rows wanted, $2 int = bytes of query text wanted, $3 bool = idle sessions too, $4 int[] = sessions that stand in a lock's queue or hold it up
-- * one scan of pg_stat_get_activity(NULL); touches NO catalog table: it goes on working while pg_class, pg_database or pg_authid
--   is locked exclusively (VACUUM FULL, REINDEX SYSTEM); names of databases, roles and relations come from names.sql, cached by the client
-- * of those that wait for a lock only $4 have a row: locks.sql says which
-- * first all sessions but this one, counted by all by which they are counted for people (`n`, no pid); then those worth a row
-- * query is BYTEA (the text may be in another database's encoding): decode lossily and sanitise in the client; not kept for idle sessions
WITH /* holdpoint */ act AS MATERIALIZED (
  SELECT a.state = 'idle' AND a.backend_type = 'client backend' AS idle, a.pid, {leader_pid}, a.datid, a.usesysid, a.application_name, a.client_addr,
         a.backend_type, a.state, a.wait_event_type, a.wait_event,
         a.backend_start, a.xact_start, a.query_start, a.state_change, a.backend_xmin,
         CASE WHEN a.state <> 'idle' THEN pg_catalog.substr(pg_catalog.textsend(a.query), 1, $2) END AS query
    FROM pg_catalog.pg_stat_get_activity(NULL) a
), tally AS MATERIALIZED (                     -- every session but this one, counted
  SELECT a.backend_type AS t, a.state AS s, a.wait_event_type AS wt, a.wait_event AS w, a.usesysid AS u, a.datid AS d,
         CASE WHEN a.usesysid IS NOT NULL THEN a.application_name END AS a,
         count(*) AS n, min(a.xact_start) AS x, max(pg_catalog.age(a.backend_xmin)) AS xmin_age
    FROM act a WHERE a.idle IS NOT TRUE AND a.pid <> pg_catalog.pg_backend_pid() GROUP BY 1, 2, 3, 4, 5, 6, 7
  UNION ALL                                    -- most are idle, and all of these wait for their client: three keys instead of seven
  SELECT 'client backend', 'idle', 'Client', 'ClientRead', a.usesysid, a.datid, a.application_name, count(*), NULL, NULL
    FROM act a WHERE a.idle GROUP BY 5, 6, 7
), pick AS (
  SELECT * FROM act a
   WHERE a.pid <> pg_catalog.pg_backend_pid()
     AND (a.state <> 'idle' AND a.wait_event_type IS DISTINCT FROM 'Lock' OR ($3 AND a.state = 'idle')
          OR a.backend_type IN ('autovacuum worker', 'walsender') OR a.pid = ANY ($4))
   ORDER BY a.pid = ANY ($4) DESC, a.xact_start NULLS LAST LIMIT $1
)
SELECT n::int AS n, t AS backend_type, s AS state, wt AS wait_event_type, w AS wait_event, u AS usesysid, d AS datid, a AS application_name, xmin_age,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - x) * 1000)::bigint AS xact_ms,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms,
       NULL::int AS pid, NULL::int AS leader_pid, NULL AS client, NULL AS backend_start, NULL::bigint AS query_ms, NULL::bigint AS state_ms, NULL::bigint AS backend_ms,
       NULL::bytea AS query
  FROM tally
UNION ALL
SELECT NULL, p.backend_type, p.state, p.wait_event_type, p.wait_event, p.usesysid, p.datid, p.application_name, pg_catalog.age(p.backend_xmin),
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.xact_start) * 1000)::bigint,
       NULL, p.pid, p.leader_pid, pg_catalog.host(p.client_addr), p.backend_start::text,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.query_start) * 1000)::bigint,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.state_change) * 1000)::bigint,
       (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.backend_start) * 1000)::bigint,
       p.query
  FROM pick p
