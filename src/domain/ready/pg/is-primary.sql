-- title: The session reaches a primary and may write
-- when: before
-- rows: fail
-- rights: any role
-- means: Behind a load balancer or after a failover the same address may lead to a standby, where the first statement that writes fails.
-- remedy: Connect to the primary (`target_session_attrs=read-write` in the connection string), or find out who set default_transaction_read_only.
select 'the server is a standby' as problem where pg_is_in_recovery()
union all
select 'default_transaction_read_only is set: ' || s.setting from unnest((select array_agg(c) from pg_db_role_setting d, unnest(d.setconfig) c
  where d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and d.setrole in (0, (select oid from pg_roles where rolname = current_user)))) s(setting)
 where s.setting ~ '^default_transaction_read_only=(on|true|1|yes)$'
union all
select 'default_transaction_read_only = on in the server''s configuration' where exists
  (select 1 from pg_settings where name = 'default_transaction_read_only' and source = 'configuration file' and setting = 'on')
