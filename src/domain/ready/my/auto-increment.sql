-- title: No AUTO_INCREMENT is near the end of its type
-- when: before, after
-- rows: by verdict
-- with: warn_above percent = 75%; used
-- with: fail_above percent = 90%; used
-- rights: any right on the tables
-- means: At its end every insert fails.
-- remedy: Widen the column while there is time: that copies the table.
select case when used > ${fail_above} then 'fail' else 'warn' end as verdict, relation, column_name, column_type, next_value, round(100 * used, 1) as percent_used from (
  select t.table_name as relation, c.column_name, c.column_type, t.auto_increment as next_value, t.auto_increment / (case c.data_type when 'tinyint' then 127 when 'smallint' then 32767 when 'mediumint' then 8388607 when 'int' then 2147483647 else 9223372036854775807 end * if(c.column_type like '%unsigned%', 2, 1)) as used
    from information_schema.tables t join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name where t.table_schema = database() and c.extra like '%auto_increment%' and t.auto_increment is not null) s
 where used > least(${warn_above}, ${fail_above}) order by used desc
