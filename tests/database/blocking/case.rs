//! One case: sessions called A, B, C in the order in which they come, and what the monitor sees of them.

use holdpoint::domain::sample::Sample;
use holdpoint::engine::sandbox::Sandbox;

use crate::harness::{Client, Watcher, drawn, fresh_on, server_says, waiting};

pub(super) struct Case {
    pub(super) db: String,
    pub(super) url: String,
    pub(super) asker: Client,
    pub(super) watcher: Watcher,
    pub(super) pids: Vec<i32>,
    idle: Vec<Client>,
    tasks: Vec<tokio::task::JoinHandle<Result<Client, sqlx::Error>>>,
}

impl Case {
    pub(super) async fn on(server: &Sandbox) -> Self {
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
    pub(super) async fn holds(&mut self, sql: &str) -> &mut Self {
        let client = Client::with(&self.url, &format!("begin; {sql}")).await;
        self.pids.push(client.pid);
        self.idle.push(client);
        self
    }

    /// The next letter sends `sql` and waits for a lock.
    pub(super) async fn waits(&mut self, sql: &str) -> &mut Self {
        let client = Client::open(&self.url).await;
        self.blocks(client, sql).await;
        self
    }

    /// The next letter runs `first` and then waits with `sql`.
    pub(super) async fn holds_and_waits(&mut self, first: &str, sql: &str) -> &mut Self {
        let client = Client::with(&self.url, &format!("begin; {first}")).await;
        self.blocks(client, sql).await;
        self
    }

    pub(super) async fn blocks(&mut self, client: Client, sql: &str) {
        let (pid, task) = client.waits(sql);
        waiting(&mut self.asker, pid).await;
        self.pids.push(pid);
        self.tasks.push(task);
    }

    /// Draws what the monitor sees once all letters from `first_waiter` on wait, after comparing with the server.
    pub(super) async fn tree(&mut self, first_waiter: usize) -> Vec<String> {
        let waiters = self.pids[first_waiter..].to_vec();
        let sample = self.watcher.with_waiters(&waiters).await;
        agrees(&sample, &mut self.asker, &waiters).await;
        drawn(&sample, &self.pids)
    }
}

/// Compares every listed waiter of `pids` with the server's own answer.
pub(super) async fn agrees(sample: &Sample, asker: &mut Client, pids: &[i32]) {
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

/// Returns what `pid` waits for.
pub(super) fn awaited(sample: &Sample, pid: i32) -> &str {
    let session = sample.session(pid).unwrap();
    &session.lock.as_ref().unwrap().object
}
