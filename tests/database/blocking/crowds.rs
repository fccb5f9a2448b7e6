//! Who waits for whom where many wait, in a circle, or only for a moment.

use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::blocking::tree;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::domain::sample::model::Session;
use holdpoint::engine::sandbox::Sandbox;

use crate::blocking::case::Case;
use crate::harness::{Client, Watcher, drawn, fresh_on};

pub async fn a_circle_is_drawn_and_not_lost(server: &Sandbox) {
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

pub async fn a_pile_of_a_hundred_is_one_row_with_its_size(server: &Sandbox) {
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
        // Whatever else the machine does: one look among many is as quick as it must be.
        mine.map(|l| l.of).max() == Some(100) && s.took_ms < 1_000
    };
    let sample = case.watcher.sample(blocked).await;
    let rows = drawn(&sample, &case.pids);
    assert_eq!(rows[..2], ["A", "  B Holder"]);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[2].ends_with("+99 Queue"), "{rows:?}");
}

pub async fn the_last_of_a_long_queue_has_its_row_when_somebody_stands_behind_it(server: &Sandbox) {
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

pub async fn blockers_that_end_between_two_reads_leave_no_waiter_without_a_place(server: &Sandbox) {
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
