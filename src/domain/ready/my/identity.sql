-- title: Which server and schema this is
-- when: before
-- rows: shown
-- rights: any user
-- means: A host's name can be pointed elsewhere. MySQL has a server_uuid, MariaDB from 10.10 on a server_uid; before that the server_id, the host and the data directory together tell one server from another.
-- remedy: Compare it with what the change says.
-- from 10000
select database() as db, current_user() as user, @@hostname as host, @@port as port, @@version as version, @@version_comment as flavour, @@server_id as server_id, @@datadir as datadir, @@global.read_only as read_only, @@time_zone as time_zone
-- from 0
select database() as db, current_user() as user, @@hostname as host, @@port as port, @@version as version, @@version_comment as flavour, @@server_id as server_id, @@server_uuid as server_uuid, @@datadir as datadir, @@global.read_only as read_only, @@time_zone as time_zone
