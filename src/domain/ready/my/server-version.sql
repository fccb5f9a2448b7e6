-- title: The server is new enough
-- when: before
-- rows: fail
-- with: mysql_at_least count = 80000; 80000 is 8.0
-- with: mariadb_at_least count = 100600; 100600 is 10.6
-- rights: any user
-- means: From MySQL 8.0 and MariaDB 10.6 on a single CREATE, ALTER or DROP is atomic: it survives a crash whole or not at all. No version rolls one back: each commits by itself, and a migration that fails stays half applied.
-- remedy: Upgrade first, or plan for cleaning up by hand.
select version, at_least from (select @@version as version, cast(substring_index(@@version, '.', 1) as unsigned) * 10000 + cast(substring_index(substring_index(@@version, '.', 2), '.', -1) as unsigned) * 100 as number,
       if(@@version like '%MariaDB%', ${mariadb_at_least}, ${mysql_at_least}) as at_least) v where number < at_least
