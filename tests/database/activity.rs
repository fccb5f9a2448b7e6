//! What is told of sessions at work from look to look.

use std::collections::BTreeSet;

use holdpoint::domain::sample::model::Sample;

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
