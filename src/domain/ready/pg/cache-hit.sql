-- title: Most reads come from memory
-- when: before, after
-- rows: by verdict
-- with: at_least percent = 95%; of the blocks read since the counters began
-- rights: any role
-- means: Since the last reset of the counters: it moves slowly. For the time since a first look use pg/counters twice.
-- remedy: A migration that rewrote the hot tables has emptied the memory: it fills again; see that it does.
select case when hits + reads = 0 then 'ok' when hits < ${at_least} * (hits + reads) then 'warn' else 'ok' end as verdict, round(100.0 * hits / nullif(hits + reads, 0), 2) as percent, hits, reads
  from (select sum(blks_hit) as hits, sum(blks_read) as reads from pg_stat_database where datname = current_database()) s
