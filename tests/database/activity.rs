//! What is told of sessions at work from look to look.

use std::collections::BTreeSet;

use holdpoint::domain::sample::model::Sample;
use holdpoint::domain::sample::news::Extra;

use crate::harness::{Client, Watcher, fresh, server};

#[tokio::test]
async fn sessions_keep_their_places_from_look_to_look() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::with(&url, "begin; select 1").await);
    }
    let pids: Vec<i32> = clients.iter().map(|c| c.pid).collect();
    let all = |s: &Sample| pids.iter().all(|pid| s.session(*pid).is_some());
    let mut apart = BTreeSet::new();
    for _ in 0..5 {
        let sample = watcher.sample(all).await;
        let of = |pid: &i32| {
            let s = sample.session(*pid).unwrap();
            [s.xact_ms, s.query_ms, s.state_ms, s.age_ms].map(|ms| i128::from(ms.unwrap()))
        };
        let first = of(&pids[0]);
        let apart_now: Vec<_> = pids
            .iter()
            .map(|pid| {
                let ages = of(pid).into_iter().zip(first);
                ages.map(|(age, first)| age - first).collect::<Vec<_>>()
            })
            .collect();
        apart.insert(apart_now);
    }
    assert_eq!(apart.len(), 1, "rounding moves them: {apart:?}");
}

#[tokio::test]
async fn on_the_servers_own_machine_it_is_told_what_sessions_take() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    watcher.wishes.send_modify(|w| w.processes = Extra::Asked);
    let holder = Client::with(&url, "begin; lock table t").await;
    let (works, task) = Client::open(&url)
        .await
        .waits("select count(md5(i::text)) from generate_series(1, 1000000000) i");
    let (waits, _waiting) = Client::open(&url).await.waits("select * from t");
    let told = |s: &Sample| {
        let worker = s.session(works).and_then(|s| s.taken.as_ref());
        let at_work = worker.is_some_and(|t| t.cpu.is_some_and(|part| part > 0.01));
        at_work && s.session(waits).is_some_and(|s| s.lock.is_some())
    };
    let sample = watcher.sample(told).await;
    let taken = |pid| sample.session(pid).unwrap().taken.clone();
    let worker = taken(works).unwrap();
    assert!(worker.cpu.unwrap() <= 1.0, "{worker:?}");
    assert!(worker.memory.unwrap() > 100_000, "{worker:?}");
    let idles = taken(holder.pid).unwrap();
    assert!(idles.cpu.unwrap() < 0.5, "{idles:?}");
    assert_eq!(taken(waits), None, "who waits takes nothing");
    let machine = sample.machine.unwrap();
    assert!(machine.memory > machine.available && machine.processors > 0);
    // Nobody looks any more: nothing is read.
    watcher.wishes.send_modify(|w| w.processes = Extra::Unasked);
    let untold = |s: &Sample| s.sessions.iter().all(|s| s.taken.is_none());
    assert!(watcher.sample(untold).await.machine.is_some());
    task.abort();
}
