-- title: How far a running ALTER is
-- when: during
-- rows: shown
-- rights: PROCESS, else only one's own
-- means: MariaDB tells stage and percent; MySQL tells work done of work estimated where the instruments stage/innodb/alter% and their consumer are on.
-- remedy: Nothing, while it moves.
-- from 10000
select id, time as seconds, stage, max_stage, progress, state, left(info, 80) as statement from information_schema.processlist where id <> connection_id() and (info like 'alter%' or max_stage > 0)
-- from 0
select t.processlist_id as id, t.processlist_time as seconds, s.event_name as stage, s.work_completed as done, s.work_estimated as estimated, left(t.processlist_info, 80) as statement
  from performance_schema.threads t left join performance_schema.events_stages_current s on s.thread_id = t.thread_id where t.processlist_id <> connection_id() and t.processlist_info like 'alter%'
