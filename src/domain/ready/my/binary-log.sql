-- title: Point-in-time recovery is possible
-- when: before
-- rows: warn
-- rights: any user
-- means: Without the binary log a backup can only be restored to the moment at which it was taken.
-- remedy: Switch it on (a restart), or take the backup right before the change.
select 'the binary log is off' as problem from dual where @@log_bin = 0
