-- Calls and total time of every statement so far, by the digest of its text: digest|calls|milliseconds|text. Nothing where the extension is not there.
select coalesce((select extnamespace::regnamespace::text from pg_extension where extname = 'pg_stat_statements'), '') as where_it_is \gset
select :'where_it_is' <> '' as it_is_there \gset
\if :it_is_there
select md5(query), sum(calls), round(sum(total_exec_time)::numeric, 1), translate(left(min(query), 100), E'|\n\r\t', '    ')
  from :"where_it_is".pg_stat_statements
 where dbid = (select oid from pg_database where datname = current_database()) group by 1 order by 1 collate "C";
\endif
