-- title: The server takes writes
-- when: before
-- rows: fail
-- rights: any user
-- means: A replica is read_only; a user with enough rights writes to it all the same, and breaks its replication.
-- remedy: Connect to the primary.
select 'read_only is on' as problem from dual where @@global.read_only = 1
