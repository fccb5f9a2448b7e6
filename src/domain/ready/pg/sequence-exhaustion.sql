-- title: No sequence is near its end
-- when: before, after
-- rows: by verdict
-- with: warn_above percent = 75%; used
-- with: fail_above percent = 90%; used
-- rights: SELECT on the sequences; those without are a warning
-- means: The end is that of the sequence or of the column it feeds, whichever comes first: an integer column stops at 2,147,483,647 though its sequence goes on.
-- remedy: Widen the column to bigint while there is time: that is a rewrite.
with s as (select s.seqrelid::regclass::text as sequence, coalesce(d.refobjid::regclass::text || '.' || a.attname, '(no column)') as feeds, format_type(a.atttypid, null) as type, lv.v as last_value,
                  100.0 * lv.v / least(s.seqmax, case a.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 else 9223372036854775807 end) as percent, has_sequence_privilege(s.seqrelid, 'SELECT') as readable
             from pg_sequence s cross join lateral (select case when has_sequence_privilege(s.seqrelid, 'SELECT') then pg_sequence_last_value(s.seqrelid) end as v) lv
             left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
             left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where s.seqincrement > 0 and not s.seqcycle)
select case when percent > 100 * ${fail_above} then 'fail' else 'warn' end as verdict, sequence, feeds, type, last_value, round(percent, 1) as percent_used, case when readable then '' else 'may not be read' end as note
  from s where percent > 100 * least(${warn_above}, ${fail_above}) or not readable order by percent desc nulls last, 2 limit 50
