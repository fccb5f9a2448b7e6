-- title: No prepared transaction is left over
-- when: before, after
-- rows: fail
-- with: longer_than duration = 0s; younger ones are let pass
-- rights: any role
-- means: A prepared transaction keeps its locks without any session and through restarts; nothing that looks at sessions shows it.
-- remedy: COMMIT PREPARED or ROLLBACK PREPARED with its gid, in its own database, once its owner has said which.
select gid, owner, database, date_trunc('second', prepared) as prepared_at, extract(epoch from clock_timestamp() - prepared)::int as age_s
  from pg_prepared_xacts where clock_timestamp() - prepared >= make_interval(secs => ${longer_than}) order by prepared
