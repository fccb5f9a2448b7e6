-- The sessions worth a row, and all others counted.
-- $1 int = rows wanted, $2 int = bytes of query text wanted, $3 bool = idle sessions too, $4 int[] = sessions that stand in a lock's queue or hold it up
-- * one pass over pg_stat_get_activity(NULL), and nothing is stored of a session that is only counted; touches NO catalog table: it goes on
--   working while pg_class, pg_database or pg_authid is locked exclusively (VACUUM FULL, REINDEX SYSTEM); names of databases, roles and
--   relations come from names.sql, cached by the client
-- * of those that wait for a lock only $4 have a row: locks.sql says which
-- * first all sessions but this one, counted by all by which they are counted for people (`n`, no pid); then those worth a row
-- * ages are whole milliseconds of one clock less whole milliseconds of the beginning: were the difference rounded, those that began within
--   one would change places from look to look
-- * query is BYTEA (the text may be in another database's encoding): decode lossily and sanitise in the client; not kept for idle sessions
WITH /* holdpoint */ tally AS MATERIALIZED (
  SELECT a.backend_type AS t, a.state AS s, a.wait_event_type AS wt, a.wait_event AS w, a.usesysid AS u, a.datid AS d,
         CASE WHEN a.usesysid IS NOT NULL THEN a.application_name END AS a,
         count(*) AS n, min(a.xact_start) AS x, max(pg_catalog.age(a.backend_xmin)) AS xmin_age,
         pg_catalog.array_agg(ROW(a.pid, q.pid IS NOT NULL, {leader_pid}, a.application_name, a.client_addr, a.backend_start, a.xact_start, a.query_start, a.state_change,
                                  a.backend_xmin, CASE WHEN a.state <> 'idle' THEN pg_catalog.substr(pg_catalog.textsend(a.query), 1, $2) END))
           FILTER (WHERE a.state <> 'idle' AND a.wait_event_type IS DISTINCT FROM 'Lock' OR ($3 AND a.state = 'idle')
                      OR (a.backend_type <> 'client backend' AND a.backend_type IN ('autovacuum worker', 'walsender'))
                      OR q.pid IS NOT NULL) AS worth
    FROM pg_catalog.pg_stat_get_activity(NULL) a
    LEFT JOIN (SELECT DISTINCT pg_catalog.unnest($4::int[]) AS pid) q ON q.pid = a.pid -- hashed: `= ANY` would go through the list for each session
   WHERE a.pid <> pg_catalog.pg_backend_pid()
   GROUP BY 1, 2, 3, 4, 5, 6, 7
), pick AS (
  SELECT t.t, t.s, t.wt, t.w, t.u, t.d, p.*
    FROM tally t,
         pg_catalog.unnest(t.worth) AS p(pid int, queued bool, leader_pid int, application_name text, client_addr inet, backend_start timestamptz, xact_start timestamptz,
                                         query_start timestamptz, state_change timestamptz, backend_xmin xid, query bytea)
   ORDER BY p.queued DESC, p.xact_start NULLS LAST LIMIT $1
)
SELECT n::int AS n, t AS backend_type, s AS state, wt AS wait_event_type, w AS wait_event, u AS usesysid, d AS datid, a AS application_name, xmin_age,
       (pg_catalog.date_part('epoch', pg_catalog.statement_timestamp() - x) * 1000)::bigint AS xact_ms,
       (pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()) * 1000)::bigint AS at_ms,
       NULL::int AS pid, NULL::int AS leader_pid, NULL AS client, NULL AS backend_start, NULL::bigint AS query_ms, NULL::bigint AS state_ms, NULL::bigint AS backend_ms,
       NULL::bytea AS query
  FROM tally
UNION ALL
SELECT NULL, p.t, p.s, p.wt, p.w, p.u, p.d, p.application_name, pg_catalog.age(p.backend_xmin),
       now.ms - pg_catalog.floor(pg_catalog.date_part('epoch', p.xact_start) * 1000)::bigint,
       NULL, p.pid, p.leader_pid, pg_catalog.host(p.client_addr), p.backend_start::text,
       now.ms - pg_catalog.floor(pg_catalog.date_part('epoch', p.query_start) * 1000)::bigint,
       now.ms - pg_catalog.floor(pg_catalog.date_part('epoch', p.state_change) * 1000)::bigint,
       now.ms - pg_catalog.floor(pg_catalog.date_part('epoch', p.backend_start) * 1000)::bigint,
       p.query
  FROM pick p, (SELECT pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()) * 1000)::bigint AS ms) now
