//! A streaming replica that falls behind.

use holdpoint::domain::sample::model::{Receiver, Sender, SlotUse};
use holdpoint::domain::sample::{MonitorNews, Sample};
use holdpoint::engine::sandbox::Sandbox;

use crate::harness::{Client, Watcher, fresh_on};
use crate::panels;
use crate::versions::MEGABYTE;

fn sender(sample: &Sample) -> Option<&Sender> {
    let server = sample.server.as_ref()?;
    server.senders.iter().find(|s| s.application == "replica1")
}

fn receiver(sample: &Sample) -> Option<&Receiver> {
    sample.server.as_ref()?.receiver.as_ref()
}

pub(super) async fn a_replica_that_falls_behind(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let mut client = Client::open(&url).await;
    client
        .run("select pg_create_physical_replication_slot('unread', true)")
        .await;
    let standby = server.standby("replica1").unwrap();
    let mut primary_side = Watcher::on(&url);
    let mut standby_side = Watcher::on(&standby.url("postgres"));
    let role = standby_side.any(|news| match news {
        MonitorNews::Identity(seen) => Some(seen.role.clone()),
        _ => None,
    });
    assert_eq!(role.await, "standby");
    let even =
        |s: &Sample| sender(s).is_some_and(|s| s.state == "streaming" && s.unreplayed == Some(0));
    primary_side.sample(even).await;
    let fed = |s: &Sample| {
        receiver(s).is_some_and(|r| r.status == "streaming" && r.unreplayed == Some(0))
    };
    let sample = standby_side.sample(fed).await;
    let seen = receiver(&sample).unwrap();
    let from = format!("{}:{}", server.dir().display(), server.port());
    assert_eq!(seen.from, from);
    assert!(seen.pause == "not paused" && seen.heard_ms.is_some() && seen.stuck_ms.is_none());

    panels::by_role(server).await;

    // It stops replaying, and the log piles up: both sides see bytes, and a position that does not move.
    let mut there = Client::open(&standby.url("postgres")).await;
    there.run("select pg_wal_replay_pause()").await;
    client
        .run("create table filler as select repeat('x', 1000) from generate_series(1, 5000)")
        .await;
    let behind = |unreplayed: Option<u64>, stuck: Option<u64>| {
        unreplayed > Some(MEGABYTE) && stuck > Some(500)
    };
    // The log is there, and only its replay stands still: at first it is on its way.
    let sample = primary_side
        .sample(|s| {
            sender(s)
                .is_some_and(|s| behind(s.unreplayed, s.stuck_ms) && s.unflushed < s.unreplayed)
        })
        .await;
    let slots = &sample.server.as_ref().unwrap().slots;
    let slot = slots.iter().find(|s| s.name == "unread").unwrap();
    assert!(
        slot.usage == SlotUse::Inactive && slot.retained > Some(MEGABYTE),
        "{slot:?}"
    );
    let sample = standby_side
        .sample(|s| receiver(s).is_some_and(|r| behind(r.unreplayed, r.stuck_ms)))
        .await;
    assert!(
        receiver(&sample).unwrap().pause.starts_with("pause"),
        "{sample:?}"
    );
    there.run("select pg_wal_replay_resume()").await;
    primary_side.sample(even).await;

    // A standby is a target like another: who waits for whom is seen there too.
    let holder = Client::with(
        &standby.url("postgres"),
        "begin; select pg_advisory_lock(5)",
    )
    .await;
    let (pid, _task) = Client::open(&standby.url("postgres"))
        .await
        .waits("select pg_advisory_lock(5)");
    let sample = standby_side.with_waiters(&[pid]).await;
    assert_eq!(sample.session(pid).unwrap().hard[0].pid, holder.pid);

    // It goes away: the primary has one replica less.
    drop((standby_side, there));
    standby.stop();
    primary_side
        .sample(|s| s.server.is_some() && sender(s).is_none())
        .await;
}
