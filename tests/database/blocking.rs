//! The blocking tree, case by case, compared with the server's own `pg_blocking_pids`.

use holdpoint::domain::runbook::model::StepId;
use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::blocking::tree;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::domain::sample::model::Session;

use holdpoint::domain::sample::own::OwnStep;
use holdpoint::engine::sandbox::Sandbox;

use crate::harness::{Client, Watcher, drawn, fresh_on, own_server, server, server_says, waiting};

/// Compares every listed waiter of `pids` with the server's own answer.
async fn agrees(sample: &Sample, asker: &mut Client, pids: &[i32]) {
    for pid in pids {
        let session = sample.session(*pid).unwrap();
        let says = server_says(asker, *pid).await;
        if session.n_blockers == 0 && session.lock.as_ref().is_some_and(|l| l.place > 8) {
            continue; // not asked for: it hangs with the rest of its group
        }
        let mut ours: Vec<i32> = session.hard.iter().map(|b| b.pid).collect();
        ours.sort_unstable();
        let hard_and_soft = ours.iter().copied().chain(session.soft);
        assert!(
            hard_and_soft.clone().all(|p| says.contains(&p)),
            "{pid}: {ours:?} {says:?}"
        );
        assert_eq!(
            session.n_blockers as usize,
            says.len(),
            "{pid}: {ours:?} {says:?}"
        );
    }
}

struct Case {
    db: String,
    url: String,
    asker: Client,
    watcher: Watcher,
    pids: Vec<i32>,
    idle: Vec<Client>,
    tasks: Vec<tokio::task::JoinHandle<Result<Client, sqlx::Error>>>,
}

impl Case {
    async fn on(server: &Sandbox) -> Self {
        let db = fresh_on(server);
        let url = server.url(&db);
        Self {
            asker: Client::open(&url).await,
            watcher: Watcher::on(&url),
            db,
            url,
            pids: Vec::new(),
            idle: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// The next letter runs `sql` and stays idle in its transaction.
    async fn holds(&mut self, sql: &str) -> &mut Self {
        let client = Client::with(&self.url, &format!("begin; {sql}")).await;
        self.pids.push(client.pid);
        self.idle.push(client);
        self
    }

    /// The next letter sends `sql` and waits for a lock.
    async fn waits(&mut self, sql: &str) -> &mut Self {
        let client = Client::open(&self.url).await;
        self.blocks(client, sql).await;
        self
    }

    /// The next letter runs `first` and then waits with `sql`.
    async fn holds_and_waits(&mut self, first: &str, sql: &str) -> &mut Self {
        let client = Client::with(&self.url, &format!("begin; {first}")).await;
        self.blocks(client, sql).await;
        self
    }

    async fn blocks(&mut self, client: Client, sql: &str) {
        let (pid, task) = client.waits(sql);
        waiting(&mut self.asker, pid).await;
        self.pids.push(pid);
        self.tasks.push(task);
    }

    /// Draws what the monitor sees once all letters from `first_waiter` on wait, after comparing with the server.
    async fn tree(&mut self, first_waiter: usize) -> Vec<String> {
        let waiters = self.pids[first_waiter..].to_vec();
        let sample = self.watcher.with_waiters(&waiters).await;
        agrees(&sample, &mut self.asker, &waiters).await;
        drawn(&sample, &self.pids)
    }
}

async fn a_chain_hangs_link_under_link(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.waits("alter table t add c1 int").await;
    case.waits("select count(*) from t").await;
    assert_eq!(case.tree(1).await, ["A", "  B Holder", "    C Queue"]);
}

async fn several_holders_of_a_shared_lock_are_all_named_under_the_longest_standing(
    server: &Sandbox,
) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.holds("lock t in access share mode").await;
    case.holds("lock t in row exclusive mode").await;
    case.waits("drop table t").await;
    assert_eq!(case.tree(3).await, ["A", "  D Holder and B and C"]);
}

async fn a_waiter_behind_a_waiter_stands_in_the_queue(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in row exclusive mode").await;
    case.waits("create index on t (v)").await;
    case.waits("insert into t values (11, 0)").await;
    // B wants Share against A's RowExclusive; C's RowExclusive would go with A's, but not past B.
    assert_eq!(case.tree(1).await, ["A", "  B Holder", "    C Queue"]);
}

async fn row_locks_queue_behind_the_first_that_waits(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("update t set v = 1 where id = 1").await;
    case.waits("update t set v = 2 where id = 1").await;
    case.waits("update t set v = 3 where id = 1").await;
    case.waits("update t set v = 4 where id = 1").await;
    let rows = case.tree(1).await;
    assert_eq!(rows[..2], ["A", "  B Holder"]);
    assert_eq!(rows.len(), 4, "{rows:?}");
    let sample = case.watcher.with_waiters(&case.pids[1..]).await;
    let object = |at: usize| {
        sample
            .session(case.pids[at])
            .unwrap()
            .lock
            .as_ref()
            .unwrap()
            .object
            .clone()
    };
    assert!(
        object(1).starts_with("row (0,1) of public.t (transaction "),
        "{}",
        object(1)
    );
    assert_eq!(object(2), "row (0,1) of public.t");
}

async fn advisory_locks_are_named_by_their_key(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select pg_advisory_xact_lock(-5000000000)")
        .await;
    case.waits("select pg_advisory_lock(-5000000000)").await;
    case.holds("select pg_advisory_xact_lock(7, -8)").await;
    case.waits("select pg_advisory_lock(7, -8)").await;
    let pids = [case.pids[1], case.pids[3]];
    let sample = case.watcher.with_waiters(&pids).await;
    let object = |pid| {
        sample
            .session(pid)
            .unwrap()
            .lock
            .as_ref()
            .unwrap()
            .object
            .clone()
    };
    assert_eq!(object(pids[0]), "advisory lock -5000000000");
    assert_eq!(object(pids[1]), "advisory lock (7, -8)");
    agrees(&sample, &mut case.asker, &pids).await;
}

async fn a_prepared_transaction_stands_with_its_name_and_how_to_end_it(server: &Sandbox) {
    let mut case = Case::on(server).await;
    let db = case.db.clone();
    for (gid, table) in [("it's", "t"), ("other", "u")] {
        let mut client = Client::with(&case.url, "create table if not exists u (a int)").await;
        let gid = format!("{db} {gid}").replace('\'', "''");
        let sql = format!(
            "begin; lock {table} in access share mode; savepoint a; insert into {table} values (99); prepare transaction '{gid}'"
        );
        client.run(&sql).await;
    }
    case.waits("alter table u add c1 int").await;
    let rows = case.tree(0).await;
    assert_eq!(rows, [format!("'{db} other'"), "  A Holder".to_owned()]);
    case.waits("alter table t add c1 int").await;
    let pid = case.pids[1];
    let sample = case.watcher.with_waiters(&[pid]).await;
    let gid = format!("{db} it's");
    let prepared = sample.prepared().iter().find(|p| p.gid == gid).unwrap();
    assert_eq!(
        prepared.ending(),
        format!("COMMIT PREPARED '{db} it''s' or ROLLBACK PREPARED '{db} it''s'")
    );
    assert_eq!(
        sample.session(pid).unwrap().hard[0].prepared.join(","),
        prepared.xid
    );
    for gid in ["it''s", "other"] {
        case.asker
            .run(&format!("rollback prepared '{db} {gid}'"))
            .await;
    }
}

async fn a_relation_of_another_database_is_named_as_such(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.waits("alter table t add c1 int").await;
    let home = case.db.clone();
    let mut elsewhere = Watcher::on(&server.url("postgres"));
    let pid = case.pids[1];
    let named = |s: &Sample| {
        s.session(pid)
            .and_then(|s| s.lock.as_ref())
            .is_some_and(|l| l.object.contains("db"))
    };
    let sample = elsewhere.sample(named).await;
    let object = &sample.session(pid).unwrap().lock.as_ref().unwrap().object;
    assert!(
        object.starts_with("relation ") && object.ends_with(&format!("of database {home}")),
        "{object}"
    );
    assert_eq!(drawn(&sample, &case.pids), ["A", "  B Holder"]);
}

async fn a_parallel_query_is_shown_as_its_leader(server: &Sandbox) {
    let mut case = Case::on(server).await;
    if case
        .asker
        .value("show server_version_num")
        .await
        .unwrap()
        .as_str()
        < "130000"
    {
        return; // the server does not say who leads a worker
    }
    case.asker.run("create table big as select i from generate_series(1, 50000) i; alter table big set (parallel_workers = 2)").await;
    // A function marked parallel safe that locks: each worker waits by itself.
    case.asker
        .run("create function locks(int) returns int language plpgsql parallel safe as \
              'begin perform 1 from pg_locks where false; perform pg_advisory_xact_lock_shared(99); return 1; end'")
        .await;
    case.holds("select pg_advisory_xact_lock(99)").await;
    let client = Client::with(
        &case.url,
        "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; \
         set parallel_leader_participation = off",
    )
    .await;
    let (pid, _task) = client.waits("select count(*) from big where locks(i) = 1");
    case.pids.push(pid);
    let worker = |s: &Sample| {
        s.sessions
            .iter()
            .any(|s| s.leader == Some(pid) && s.lock.is_some())
    };
    let sample = case.watcher.sample(worker).await;
    let rows = drawn(&sample, &case.pids);
    assert_eq!(rows[..2], ["A", "  B Holder"], "{rows:?}");
    assert_eq!(rows.len(), 2, "one row for all its workers: {rows:?}");
}

async fn a_lock_taken_by_the_fast_path_is_seen(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select 1 from t limit 1").await;
    let fast = "select count(*) from pg_locks where fastpath and relation = 't'::regclass";
    assert_eq!(case.asker.value(fast).await.as_deref(), Some("1"));
    case.waits("truncate t").await;
    assert_eq!(case.tree(1).await, ["A", "  B Holder"]);
}

async fn a_tool_that_waits_for_its_own_second_session_is_seen_through_the_snapshot(
    server: &Sandbox,
) {
    let mut case = Case::on(server).await;
    let tool = "holdpoint.r.apply.1";
    case.watcher.wishes.send_modify(|w| {
        w.steps = vec![OwnStep {
            step: StepId::new("apply"),
            attempt: 1,
            app_name: tool.into(),
            started_ms: 0,
            sessions: None,
        }];
    });
    case.holds(&format!(
        "set application_name = '{tool}'; insert into t values (50, 0)"
    ))
    .await;
    let mut second = Client::open(&case.url).await;
    second
        .run(&format!("set application_name = '{tool}'"))
        .await;
    case.blocks(second, "create index concurrently on t (v)")
        .await;
    assert_eq!(case.tree(1).await, ["A", "  B Holder"]);
    let sample = case.watcher.with_waiters(&case.pids[1..]).await;
    let forest = tree(&sample);
    let knot = forest
        .waits_for_itself(&sample)
        .map(|(a, b)| [a, b].map(|n| n.session(&sample).unwrap().pid));
    let [holder, waiter] = [case.pids[0], case.pids[1]];
    assert_eq!(knot, Some([holder, waiter]));
    let line = one_line(&sample, &History::default(), |_| "Apply".into()).unwrap();
    assert!(
        line.starts_with(&format!("Apply (pid {waiter}) waits ")),
        "{line}"
    );
    let idles = format!(
        "for its own session pid {holder}, which idles in a transaction: only ending one of them helps"
    );
    assert!(line.contains(&idles), "{line}");
}

async fn who_wants_more_than_it_holds_stands_in_the_queue(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select * from t").await;
    let tool = Client::with(&case.url, "begin; select * from t").await;
    case.blocks(tool, "alter table t add c1 int").await;
    case.waits("select * from t").await;
    let rows = case.tree(2).await;
    assert_eq!(rows, ["A", "  B Holder", "    C Queue"]);
}

async fn a_circle_is_drawn_and_not_lost(server: &Sandbox) {
    let mut case = Case::on(server).await;
    let first = Client::with(&case.url, "begin; update t set v = 1 where id = 1").await;
    case.holds_and_waits(
        "update t set v = 1 where id = 2",
        "update t set v = 1 where id = 1",
    )
    .await;
    case.blocks(first, "update t set v = 1 where id = 2").await;
    let rows = case.tree(0).await;
    assert_eq!(rows, ["B Circle", "  A Circle"]);
    let mut sample = case.watcher.with_waiters(&case.pids).await;
    // The server is shared: who else waits is not told here.
    sample.sessions.retain(|s| case.pids.contains(&s.pid));
    let line = one_line(&sample, &History::default(), |_| "Apply".into()).unwrap();
    let [one, other] = [case.pids[1], case.pids[0]];
    let said = format!(
        "pids {one} and {other} wait for each other: the server cancels one of them by itself"
    );
    assert!(line.contains(&said), "{line}");
}

async fn a_pile_of_a_hundred_is_one_row_with_its_size(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.waits("alter table t add c1 int").await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        let client = Client::open(&case.url).await;
        clients.push(client.waits("select count(*) from t"));
    }
    let blocked = |s: &Sample| {
        let mine = s
            .sessions
            .iter()
            .filter_map(|s| s.lock.as_ref())
            .filter(|l| l.object == "public.t");
        mine.map(|l| l.of).max() == Some(100)
    };
    let sample = case.watcher.sample(blocked).await;
    let rows = drawn(&sample, &case.pids);
    assert_eq!(rows[..2], ["A", "  B Holder"]);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[2].ends_with("+99 Queue"), "{rows:?}");
    assert!(sample.took_ms < 1_000, "{} ms", sample.took_ms);
}

async fn the_last_of_a_long_queue_has_its_row_when_somebody_stands_behind_it(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    for _ in 0..30 {
        case.waits("begin; lock t").await;
    }
    case.waits("select count(*) from t").await;
    let (last, reader) = (case.pids[30], case.pids[31]);
    let behind = |s: &Sample| s.session(reader).is_some_and(|s| s.soft == Some(last));
    let sample = case.watcher.sample(behind).await;
    let rows = drawn(&sample, &[case.pids[0], case.pids[1], last, reader]);
    assert_eq!(rows, ["A", "  B +28 Holder", "  C Holder", "    D Queue"]);
}

async fn who_waits_for_a_safe_snapshot_hangs_under_the_writer(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("set transaction isolation level serializable; update t set v = 1 where id = 1")
        .await;
    let reader = Client::open(&case.url).await;
    let (pid, _task) =
        reader.waits("begin isolation level serializable read only deferrable; select 1");
    case.pids.push(pid);
    let sample = case.watcher.with_waiters(&[pid]).await;
    assert_eq!(
        sample.session(pid).unwrap().wait.as_ref().unwrap().event,
        "SafeSnapshot"
    );
    assert_eq!(drawn(&sample, &case.pids), ["A", "  B Queue"]);
}

async fn blockers_that_end_between_two_reads_leave_no_waiter_without_a_place(server: &Sandbox) {
    let db = fresh_on(server);
    let url = server.url(&db);
    let mut watcher = Watcher::on(&url);
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..4 {
        let mut client = Client::open(&url).await;
        tasks.spawn(async move {
            loop {
                let sql = format!(
                    "begin; update t set v = v + {i} where id = 1; select pg_sleep(0.002); commit"
                );
                client.run(&sql).await;
            }
        });
    }
    for _ in 0..40 {
        let sample = watcher.sample(|s| !s.sessions.is_empty()).await;
        let here = |s: &&Session| s.database == db;
        let forest = tree(&sample);
        let placed: Vec<i32> = forest
            .rows()
            .into_iter()
            .filter_map(|(_, n)| Some(n.session(&sample)?.pid))
            .collect();
        let folded: u32 = forest.rows().into_iter().map(|(_, n)| n.folded).sum();
        for waiter in sample
            .sessions
            .iter()
            .filter(here)
            .filter(|s| s.n_blockers > 0)
        {
            let times = placed.iter().filter(|pid| **pid == waiter.pid).count();
            assert!(
                times == 1 || times == 0 && folded > 0,
                "{waiter:?} stands {times} times"
            );
        }
    }
    tasks.abort_all();
}

/// Everything that every version must get right; each case has a database of its own.
macro_rules! cases {
    ($($case:ident)*) => {
        mod alone {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::server()).await;
                }
            )*
        }

        pub async fn all(server: &Sandbox) {
            tokio::join!($($case(server)),*);
        }
    };
}

cases! {
    a_chain_hangs_link_under_link
    several_holders_of_a_shared_lock_are_all_named_under_the_longest_standing
    a_waiter_behind_a_waiter_stands_in_the_queue
    row_locks_queue_behind_the_first_that_waits
    advisory_locks_are_named_by_their_key
    a_prepared_transaction_stands_with_its_name_and_how_to_end_it
    a_relation_of_another_database_is_named_as_such
    a_parallel_query_is_shown_as_its_leader
    a_lock_taken_by_the_fast_path_is_seen
    a_tool_that_waits_for_its_own_second_session_is_seen_through_the_snapshot
    who_wants_more_than_it_holds_stands_in_the_queue
    a_circle_is_drawn_and_not_lost
    a_pile_of_a_hundred_is_one_row_with_its_size
    the_last_of_a_long_queue_has_its_row_when_somebody_stands_behind_it
    who_waits_for_a_safe_snapshot_hangs_under_the_writer
    blockers_that_end_between_two_reads_leave_no_waiter_without_a_place
}

/// Autovacuum in the way: the ordinary one gives way, the one against wraparound does not. The server is changed.
pub async fn autovacuum(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let mut client = Client::open(&url).await;
    for table in ["big", "old"] {
        client
            .run(&format!(
                "create table {table} as select i from generate_series(1, 100000) i"
            ))
            .await;
        // Slow enough to be met: one page, then a tenth of a second.
        client.run(&format!("alter table {table} set (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)")).await;
    }
    // Before 14 the collector is in no hurry to tell autovacuum what was deleted.
    let tells = server.binaries().major >= 14;
    client.run("alter table big set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)").await;
    client.run("delete from big where i % 2 = 0").await;
    client
        .run("alter table old set (autovacuum_freeze_max_age = 100000)")
        .await;
    client.run("create table burnt (i int); do $$ begin for i in 1..100100 loop begin insert into burnt values (i); exception when others then null; end; end loop; end $$").await;
    for sql in [
        "alter system set autovacuum = on",
        "alter system set autovacuum_naptime = 1",
        "select pg_reload_conf()",
    ] {
        client.run(sql).await;
    }
    let mut watcher = Watcher::on(&url);
    let mut expected = vec![(
        "old",
        "VACUUM public.old (to prevent wraparound): it does not give way",
    )];
    if tells {
        expected.push(("big", "VACUUM ANALYZE public.big: it gives way"));
    }
    let mut waiters = Vec::new();
    for (table, words) in expected {
        let name = format!("public.{table}");
        let vacuums = |s: &Sample| {
            s.sessions
                .iter()
                .any(|s| s.kind == "autovacuum worker" && s.query.contains(&name))
        };
        let (pid, sample) = loop {
            watcher.sample(&vacuums).await;
            let lock = format!("begin; lock table {table}; rollback");
            let (pid, mut task) = Client::open(&url).await.waits(&lock);
            let waiter = [pid];
            tokio::select! {
                sample = watcher.with_waiters(&waiter) => {
                    waiters.push(task);
                    break (pid, sample);
                }
                // It had just ended: it gets work again.
                _ = &mut task => client.run(&format!("update {table} set i = i")).await,
            }
        };
        agrees(&sample, &mut client, &[pid]).await;
        let forest = tree(&sample);
        let above = forest.roots.iter().find(|r| {
            r.children
                .iter()
                .any(|c| c.session(&sample).is_some_and(|s| s.pid == pid))
        });
        let said = above.unwrap().words(&sample);
        // An analyze may come with it, as the server sees fit.
        assert!(
            said.replace("VACUUM ANALYZE public.old", "VACUUM public.old")
                .contains(words),
            "{said}"
        );
    }
    client.run("alter system set autovacuum = off; ").await;
    client.run("select pg_reload_conf()").await;
    for task in waiters {
        task.abort();
    }
}

#[tokio::test]
async fn autovacuum_in_the_way_is_called_by_its_name() {
    autovacuum(&own_server()).await;
}
