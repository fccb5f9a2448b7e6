-- The sessions worth a row, and all others counted.
-- $1 int = rows wanted, $2 int = bytes of query text wanted, $3 bool = idle sessions too, $4 int[] = sessions that stand in a lock's queue or hold it up
-- * one scan of pg_stat_get_activity(NULL); touches NO catalog table: it goes on working while pg_class, pg_database or pg_authid
--   is locked exclusively (VACUUM FULL, REINDEX SYSTEM); names of databases, roles and relations come from names.sql, cached by the client
-- * of those that wait for a lock only $4 have a row: locks.sql says which
-- * always at least one row: `groups` (all sessions but this one, counted by type, state and wait) is on the first row; pid IS NULL when no session is listed
-- * query is BYTEA (the text may be in another database's encoding): decode lossily and sanitise in the client; not kept for idle sessions
WITH /* holdpoint */ act AS MATERIALIZED (
  SELECT a.state = 'idle' AND a.backend_type = 'client backend' AS idle, a.pid, {leader_pid}, a.datid, a.usesysid, a.application_name, a.client_addr,
         a.backend_type, a.state, a.wait_event_type, a.wait_event,
         a.backend_start, a.xact_start, a.query_start, a.state_change, a.backend_xmin,
         CASE WHEN a.state <> 'idle' THEN pg_catalog.substr(pg_catalog.textsend(a.query), 1, $2) END AS query
    FROM pg_catalog.pg_stat_get_activity(NULL) a
), tally AS MATERIALIZED (                     -- every session but this one, counted: both lists on the first row are made of it
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
SELECT CASE WHEN pg_catalog.row_number() OVER () = 1 THEN (SELECT pg_catalog.json_agg(g) FROM (
          SELECT t, s, wt, w, sum(n) AS n, coalesce(sum(n) FILTER (WHERE u IS NOT NULL), 0) AS nu,
                 (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - min(x)) * 1000)::bigint AS xact_ms, max(xmin_age) AS xmin_age
            FROM tally GROUP BY 1, 2, 3, 4) g)::text END AS groups,
       CASE WHEN pg_catalog.row_number() OVER () = 1 THEN (SELECT pg_catalog.json_agg(g) FROM (
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
       pg_catalog.age(p.backend_xmin) AS xmin_age, p.query
  FROM (VALUES (1)) one(x)
  LEFT JOIN pick p ON true
