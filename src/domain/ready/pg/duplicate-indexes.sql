-- title: No two indexes are the same
-- when: after
-- rows: warn
-- rights: any role
-- means: The second one costs every write and helps nobody.
-- remedy: DROP INDEX CONCURRENTLY the one that no constraint needs.
select indrelid::regclass::text as relation, string_agg(indexrelid::regclass::text, ', ' order by indexrelid) as indexes, pg_size_pretty(sum(pg_relation_size(indexrelid))) as size
  from pg_index where indrelid >= 16384 group by indrelid, indkey, indclass, indcollation, indoption, coalesce(pg_get_expr(indexprs, indrelid), ''), coalesce(pg_get_expr(indpred, indrelid), ''), indisunique having count(*) > 1 order by 1, 2
