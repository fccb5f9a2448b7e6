-- title: The server is new enough
-- when: before
-- rows: fail
-- with: at_least count = 110000; the version as a number: 110000 is 11, 150018 is 15.18
-- rights: any role
-- means: What a change costs depends on the version: from 11 on a new column with a constant default is no rewrite, from 12 on NOT NULL trusts a validated CHECK, from 14 on a partition can be detached concurrently.
-- remedy: Check each statement of the migration against the lock it takes on this version, or upgrade first.
select current_setting('server_version') as version, ${at_least} as at_least
 where current_setting('server_version_num')::int < ${at_least}
