-- Who waits for which lock (`wait`: those that want the same mode on the same object in one row, the longest waiting first), whom the server names as
-- in their way (`by`: at most 8 of each such row, 128 in all), and who holds these objects (`held`). Touches NO catalog table, and not the activity.
-- * all members of such a row have the same hard blockers (the client hangs the rest there), so a pile-up of 1000 stays cheap
-- * pid 0 is a prepared transaction; a granted `tuple` lock tells the row that a waiter for a transaction wants
WITH /* holdpoint */ lk AS MATERIALIZED (
  SELECT coalesce(l.pid, 0) AS pid, l.virtualtransaction, l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid,
         l.classid, l.objid, l.objsubid, l.mode, l.granted, {waitstart} AS since, coalesce(l.relation, l.objid, 0::oid) AS k
    FROM pg_catalog.pg_lock_status() l {asked}
), want AS MATERIALIZED (
  SELECT locktype, mode, database, relation, page, tuple, virtualxid, transactionid::text AS xid, classid, objid, objsubid, k, min(since) AS first,
         pg_catalog.array_agg(pid ORDER BY since NULLS LAST, pid) AS pids,
         pg_catalog.array_agg((pg_catalog.date_part('epoch', pg_catalog.statement_timestamp() - since) * 1000)::bigint ORDER BY since NULLS LAST, pid) AS wait_ms
    FROM lk WHERE NOT granted GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
), rep AS MATERIALIZED (                       -- the server's own answer
  SELECT r.pid, (pg_catalog.pg_blocking_pids(r.pid))[1:256] AS by_pids
    FROM (SELECT p.pid FROM want, pg_catalog.unnest(pids[1:8]) WITH ORDINALITY p(pid, place) ORDER BY p.place > 1, first NULLS LAST LIMIT 128) r
)
SELECT 'wait' AS what, locktype, mode, database, relation, page, tuple, virtualxid, xid, classid, objid, objsubid, '' AS transaction, pids, wait_ms, NULL::int[] AS by_pids
  FROM want
UNION ALL
SELECT 'by', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ARRAY[pid], NULL, by_pids FROM rep
UNION ALL
(SELECT 'held', locktype, mode, database, relation, page, tuple, virtualxid, transactionid::text, classid, objid, objsubid, virtualtransaction, ARRAY[pid], NULL, NULL
   FROM lk
  WHERE granted AND EXISTS (SELECT FROM want)
    AND (locktype = 'tuple' OR (pid = 0 AND locktype = 'transactionid')
         OR (locktype, k, coalesce(virtualxid, transactionid::text, '')) IN (SELECT w.locktype, w.k, coalesce(w.virtualxid, w.xid, '') FROM want w))
  ORDER BY pid = ANY (ARRAY(SELECT pg_catalog.unnest(by_pids) FROM rep)) DESC LIMIT 1000)
