//! The blocking tree, case by case, compared with what the server lets go when the root ends.

use std::fmt::Write as _;

use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::blocking::tree;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::engine::sandbox::{MariaOptions, MariaSandbox};
use tokio::task::JoinHandle;

use crate::harness::{Client, fresh, on_each_server, watch};
use crate::watcher::{Watcher, drawn};

on_each_server! {
    a_pile_behind_an_alter_behind_an_idle_transaction
    rows_a_chain_and_several_holders
    user_locks_and_locked_tables
    a_prepared_transaction_blocks_by_its_name
    without_a_record_nobody_is_accused
    a_circle_of_row_and_metadata_locks
}

type Waits = JoinHandle<Result<Client, sqlx::Error>>;

pub struct Case {
    url: String,
    asker: Client,
    watcher: Watcher,
    pids: Vec<i32>,
    holders: Vec<Client>,
    waits: Vec<Waits>,
}

impl Case {
    pub async fn on(server: &MariaSandbox) -> Self {
        let url = server.url(&fresh(server));
        Self {
            asker: Client::open(&url).await,
            watcher: watch(&url),
            url,
            pids: Vec::new(),
            holders: Vec::new(),
            waits: Vec::new(),
        }
    }

    /// The next letter runs `sql` and stays.
    pub async fn holds(&mut self, sql: &str) {
        let client = Client::with(&self.url, sql).await;
        self.pids.push(i32::try_from(client.id).unwrap());
        self.holders.push(client);
    }

    /// The next letter runs `first`, then sends `sql` and waits for a lock.
    async fn waits_after(&mut self, first: &str, sql: &str) {
        let client = Client::with(&self.url, first).await;
        let (id, task) = client.waits(sql);
        let pid = i32::try_from(id).unwrap();
        self.watcher.with_waiters(&[pid]).await;
        self.pids.push(pid);
        self.waits.push(task);
    }

    pub async fn waits(&mut self, sql: &str) {
        self.waits_after("do 0", sql).await;
    }

    /// Draws the tree once it shows everybody who waits.
    pub async fn drawn(&mut self) -> String {
        let waiting: Vec<i32> = self.pids[self.pids.len() - self.waits.len()..].to_vec();
        let sample = self.watcher.with_waiters(&waiting).await;
        let mut text = String::new();
        for line in drawn(&sample, &self.pids) {
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    /// What the `nth` letter waits for.
    pub async fn object_of(&mut self, nth: usize) -> String {
        let sample = self.watcher.sample(|_| true).await;
        let lock = sample.session(self.pids[nth]).unwrap().lock.clone();
        lock.unwrap().object
    }

    /// Those who wait get what they wait for once nobody holds it.
    pub async fn lets_go(self) {
        drop(self.holders);
        for waits in self.waits {
            waits.await.unwrap().unwrap();
        }
    }
}

async fn a_pile_behind_an_alter_behind_an_idle_transaction(server: &'static MariaSandbox) {
    let mut case = Case::on(server).await;
    case.holds("begin; select * from t").await;
    case.waits("alter table t add column w int").await;
    for i in 0..12 {
        let sql = ["select * from t", "update t set v = 1 where id = 3"][i % 2];
        case.waits(sql).await;
    }
    assert_eq!(
        case.drawn().await,
        "A\n  B Holder\n    C +5 Queue\n    D +5 Queue\n"
    );
    let sample = case.watcher.sample(|_| true).await;
    let line = one_line(&sample, &History::default(), ToString::to_string).unwrap();
    assert!(line.contains("first stands pid"), "{line}");
    assert!(line.contains("idle in transaction for"), "{line}");
    let alter = sample.session(case.pids[1]).unwrap();
    let lock = alter.lock.as_ref().unwrap();
    assert_eq!(lock.mode, "EXCLUSIVE");
    assert!(lock.object.split('.').next_back() == Some("t"), "{lock:?}");
    assert_eq!(alter.hard[0].modes, "SHARED_READ");
    case.lets_go().await;
}

async fn rows_a_chain_and_several_holders(server: &'static MariaSandbox) {
    let mut case = Case::on(server).await;
    case.holds("begin; select * from t where id = 1 lock in share mode")
        .await;
    case.holds("begin; select * from t where id = 1 lock in share mode")
        .await;
    case.waits_after(
        "begin; update t set v = 1 where id = 2",
        "update t set v = 1 where id = 1",
    )
    .await;
    case.waits("update t set v = 2 where id = 2").await;
    assert_eq!(case.drawn().await, "A\n  C Holder and B\n    D Holder\n");
    let sample = case.watcher.sample(|_| true).await;
    let waits = sample.session(case.pids[3]).unwrap();
    let object = &waits.lock.as_ref().unwrap().object;
    assert!(
        object.starts_with("row (") && object.split('.').next_back() == Some("t"),
        "{object}"
    );
    for holder in case.holders {
        drop(holder);
    }
    // The chain's middle holds its own until it ends.
    let middle = case.waits.remove(0).await.unwrap().unwrap();
    drop(middle);
    case.waits.remove(0).await.unwrap().unwrap();
}

async fn user_locks_and_locked_tables(server: &'static MariaSandbox) {
    let mut case = Case::on(server).await;
    case.holds("do get_lock('case 3', 0)").await;
    case.waits("do get_lock('case 3', 60)").await;
    assert_eq!(case.drawn().await, "A\n  B Holder\n");
    let sample = case.watcher.sample(|_| true).await;
    let lock = sample.session(case.pids[1]).unwrap().lock.clone().unwrap();
    assert_eq!(lock.object, "user lock case 3");
    case.lets_go().await;
    for (holds, waits) in [
        ("lock tables t write", "select * from t"),
        // The server records this holder as a reader: that it is more is known because nobody else is there.
        ("lock tables t read", "update t set v = 1"),
    ] {
        let mut case = Case::on(server).await;
        case.holds(holds).await;
        case.waits(waits).await;
        assert_eq!(case.drawn().await, "A\n  B Holder\n", "{holds}");
        case.lets_go().await;
    }
}

async fn a_prepared_transaction_blocks_by_its_name(server: &'static MariaSandbox) {
    let mut case = Case::on(server).await;
    let name = format!("'case','{}',7", case.asker.id);
    let xa = "update t set v = 5 where id = 5";
    let client = Client::with(
        &case.url,
        &format!("xa start {name}; {xa}; xa end {name}; xa prepare {name}"),
    )
    .await;
    drop(client);
    let named = |s: &Sample| s.prepared().first().is_some_and(|p| !p.xid.is_empty());
    case.watcher.sample(named).await;
    case.waits("update t set v = 6 where id = 5").await;
    assert_eq!(case.drawn().await, format!("'{name}'\n  A Holder\n"));
    let sample = case.watcher.sample(|_| true).await;
    assert_eq!(
        sample.prepared()[0].ending(),
        format!("XA COMMIT {name} or XA ROLLBACK {name}")
    );
    case.asker.run(&format!("xa rollback {name}")).await;
    case.lets_go().await;
}

/// On a server of its own, which records no metadata locks.
async fn without_a_record_nobody_is_accused(server: &'static MariaSandbox) {
    let binaries = server.binaries();
    // MySQL records them unless it is told not to record anything.
    let unseen = MariaOptions::default().setting("performance_schema", "OFF");
    let own = MariaSandbox::start(binaries, unseen).unwrap();
    let mut case = Case::on(&own).await;
    case.holds("begin; select * from t").await;
    case.waits("alter table t add column w int").await;
    let told = case.drawn().await;
    assert!(
        told.starts_with("somebody whom this server does not name, perhaps pid"),
        "{told}"
    );
    assert!(told.ends_with("  B Holder\n"), "{told}");
    let sample = case.watcher.sample(|_| true).await;
    let waits = sample.session(case.pids[1]).unwrap();
    assert!(waits.hard.is_empty() && waits.soft.is_none());
    assert_eq!(waits.suspects, [case.pids[0]]);
    assert_eq!(tree(&sample).waiting, 1);
    assert!(
        sample
            .notes
            .iter()
            .any(|n| n.contains("performance_schema=ON")),
        "{:?}",
        sample.notes
    );
    case.lets_go().await;
    // The plugin, where it is there, tells whom to suspect of that very table.
    let mut root = Client::open(&own.url("")).await;
    if root
        .try_run("install soname 'metadata_lock_info'")
        .await
        .is_ok()
    {
        let mut case = Case::on(&own).await;
        case.holds("begin; select * from t").await;
        case.holds("begin; select count(*) from mysql.help_topic")
            .await;
        case.waits("alter table t add column w int").await;
        case.drawn().await;
        let sample = case.watcher.sample(|_| true).await;
        let waits = sample.session(case.pids[2]).unwrap();
        assert_eq!(waits.suspects, [case.pids[0]]);
        assert!(waits.hard.is_empty());
        case.lets_go().await;
    }
}

/// The server's two detectors each see half of it: only the limit of a row's wait would end it.
async fn a_circle_of_row_and_metadata_locks(server: &'static MariaSandbox) {
    let mut case = Case::on(server).await;
    let more = "create table u (id int primary key) engine = innodb; insert into u values (1)";
    case.asker.run(more).await;
    // A has the row; B has read the other table, and wants the row.
    let a = Client::with(&case.url, "begin; update t set v = 1 where id = 1").await;
    case.pids.push(i32::try_from(a.id).unwrap());
    case.waits_after("begin; select * from u", "update t set v = 2 where id = 1")
        .await;
    // C wants the other table for himself; A stands in his queue.
    case.waits("alter table u add column w int").await;
    let (_, a) = a.waits("select * from u");
    case.watcher.with_waiters(&case.pids).await;
    let sample = case.watcher.with_waiters(&case.pids).await;
    let told: Vec<String> = drawn(&sample, &case.pids);
    // Whoever is drawn first: each waits for the one before, and the first for the last.
    let mut each: Vec<&str> = told.iter().map(|line| line.trim()).collect();
    each.sort_unstable();
    assert_eq!(each, ["A Circle", "B Circle", "C Circle"], "{told:?}");
    // Whoever is taken out of it lets the others go.
    case.asker
        .run(&format!("kill query {}", case.pids[2]))
        .await;
    let error = case.waits.pop().unwrap().await.unwrap().err().unwrap();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "70100");
    drop(a.await.unwrap().unwrap());
    case.lets_go().await;
}
