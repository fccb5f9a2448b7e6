//! Who waits for whom, lock by lock.

use holdpoint::domain::runbook::model::StepId;
use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::blocking::tree;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::domain::sample::own::OwnStep;
use holdpoint::engine::sandbox::Sandbox;

use crate::blocking::case::{Case, agrees, awaited};
use crate::harness::{Client, Watcher, drawn};

pub async fn a_chain_hangs_link_under_link(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.waits("alter table t add c1 int").await;
    case.waits("select count(*) from t").await;
    assert_eq!(case.tree(1).await, ["A", "  B Holder", "    C Queue"]);
}

pub async fn several_holders_of_a_shared_lock_are_all_named_under_the_longest_standing(
    server: &Sandbox,
) {
    let mut case = Case::on(server).await;
    case.holds("lock t in access share mode").await;
    case.holds("lock t in access share mode").await;
    case.holds("lock t in row exclusive mode").await;
    case.waits("drop table t").await;
    assert_eq!(case.tree(3).await, ["A", "  D Holder and B and C"]);
}

pub async fn a_waiter_behind_a_waiter_stands_in_the_queue(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("lock t in row exclusive mode").await;
    case.waits("create index on t (v)").await;
    case.waits("insert into t values (11, 0)").await;
    // B wants Share against A's RowExclusive; C's RowExclusive would go with A's, but not past B.
    assert_eq!(case.tree(1).await, ["A", "  B Holder", "    C Queue"]);
}

pub async fn row_locks_queue_behind_the_first_that_waits(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("update t set v = 1 where id = 1").await;
    case.waits("update t set v = 2 where id = 1").await;
    case.waits("update t set v = 3 where id = 1").await;
    case.waits("update t set v = 4 where id = 1").await;
    let rows = case.tree(1).await;
    assert_eq!(rows[..2], ["A", "  B Holder"]);
    assert_eq!(rows.len(), 4, "{rows:?}");
    let sample = case.watcher.with_waiters(&case.pids[1..]).await;
    let object = |at: usize| awaited(&sample, case.pids[at]);
    assert!(
        object(1).starts_with("row (0,1) of public.t (transaction "),
        "{}",
        object(1)
    );
    assert_eq!(object(2), "row (0,1) of public.t");
}

pub async fn advisory_locks_are_named_by_their_key(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select pg_advisory_xact_lock(-5000000000)")
        .await;
    case.waits("select pg_advisory_lock(-5000000000)").await;
    case.holds("select pg_advisory_xact_lock(7, -8)").await;
    case.waits("select pg_advisory_lock(7, -8)").await;
    let pids = [case.pids[1], case.pids[3]];
    let sample = case.watcher.with_waiters(&pids).await;
    assert_eq!(awaited(&sample, pids[0]), "advisory lock -5000000000");
    assert_eq!(awaited(&sample, pids[1]), "advisory lock (7, -8)");
    agrees(&sample, &mut case.asker, &pids).await;
}

pub async fn a_prepared_transaction_stands_with_its_name_and_how_to_end_it(server: &Sandbox) {
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

pub async fn a_relation_of_another_database_is_named_as_such(server: &Sandbox) {
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
    let object = awaited(&sample, pid);
    assert!(
        object.starts_with("relation ") && object.ends_with(&format!("of database {home}")),
        "{object}"
    );
    assert_eq!(drawn(&sample, &case.pids), ["A", "  B Holder"]);
}

pub async fn a_parallel_query_is_shown_as_its_leader(server: &Sandbox) {
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

pub async fn a_lock_taken_by_the_fast_path_is_seen(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select 1 from t limit 1").await;
    let fast = "select count(*) from pg_locks where fastpath and relation = 't'::regclass";
    assert_eq!(case.asker.value(fast).await.as_deref(), Some("1"));
    case.waits("truncate t").await;
    assert_eq!(case.tree(1).await, ["A", "  B Holder"]);
}

pub async fn a_tool_that_waits_for_its_own_second_session_is_seen_through_the_snapshot(
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

pub async fn who_waits_for_a_safe_snapshot_hangs_under_the_writer(server: &Sandbox) {
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

pub async fn who_wants_more_than_it_holds_stands_in_the_queue(server: &Sandbox) {
    let mut case = Case::on(server).await;
    case.holds("select * from t").await;
    let tool = Client::with(&case.url, "begin; select * from t").await;
    case.blocks(tool, "alter table t add c1 int").await;
    case.waits("select * from t").await;
    let rows = case.tree(2).await;
    assert_eq!(rows, ["A", "  B Holder", "    C Queue"]);
}
