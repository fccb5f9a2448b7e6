//! A monitor to look at, and what it saw as text.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdpoint::domain::sample::blocking::{Forest, tree};
use holdpoint::domain::sample::model::Session;
use holdpoint::domain::sample::news::{Watched, Wishes};
use holdpoint::domain::sample::{MonitorNews, Sample};
use holdpoint::engine::database::Dsn;
use holdpoint::engine::database::target::observe;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const PATIENCE: Duration = Duration::from_mins(1);

/// A monitor, and everything it told.
pub struct Watcher {
    pub wishes: watch::Sender<Wishes>,
    pub news: Arc<Mutex<Vec<MonitorNews>>>,
    changed: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watcher {
    pub fn on(url: &str) -> Self {
        let plan = Watched {
            every: Duration::from_millis(100),
            ..Watched::default()
        };
        Self::planned(url, plan)
    }

    pub fn planned(url: &str, plan: Watched) -> Self {
        let (wishes, wished) = watch::channel(Wishes::default());
        let (tell, changed) = watch::channel(0);
        let news = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&news);
        let dsn = Dsn::read(url).unwrap();
        let task = tokio::spawn(async move {
            observe(dsn, plan, wished, move |news| {
                told.lock().unwrap().push(news);
                tell.send_modify(|n| *n += 1);
            })
            .await;
        });
        Self {
            wishes,
            news,
            changed,
            task,
        }
    }

    /// Waits for news told from now on that `pick` takes.
    pub async fn next<T>(&mut self, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        let from = self.news.lock().unwrap().len();
        self.since(from, pick).await
    }

    /// Waits for news, told already or later, that `pick` takes.
    pub async fn any<T>(&mut self, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        self.since(0, pick).await
    }

    async fn since<T>(&mut self, from: usize, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        let found = async {
            loop {
                self.changed.mark_unchanged();
                let found = self.news.lock().unwrap()[from..].iter().find_map(&pick);
                if let Some(found) = found {
                    return found;
                }
                self.changed
                    .changed()
                    .await
                    .expect("the monitor should not end");
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| {
            let news = self.news.lock().unwrap();
            panic!("it was never told; last: {:#?}", news.last())
        })
    }

    /// Waits for a sample that `holds`.
    pub async fn sample(&mut self, holds: impl Fn(&Sample) -> bool) -> Sample {
        self.next(|news| match news {
            MonitorNews::Sampled(sample) if holds(sample) => Some(sample.as_ref().clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a sample in which all of `pids` wait.
    pub async fn with_waiters(&mut self, pids: &[i32]) -> Sample {
        let waits = |s: &Session| s.lock.is_some() || s.n_blockers > 0;
        let all = |sample: &Sample| {
            pids.iter()
                .all(|pid| sample.session(*pid).is_some_and(waits))
        };
        self.sample(all).await
    }
}

/// Draws the tree over `pids` as text: one line a row, two blanks a level; sessions as letters in the order of `pids`.
pub fn drawn(sample: &Sample, pids: &[i32]) -> Vec<String> {
    fn draw(sample: &Sample, forest: &Forest, pids: &[i32]) -> Vec<String> {
        let letter = |pid: i32| match pids.iter().position(|p| *p == pid) {
            Some(at) => char::from(b'A' + u8::try_from(at).unwrap()).to_string(),
            None => format!("pid {pid}"),
        };
        let rows = forest.rows().into_iter().map(|(depth, node)| {
            let who = match (node.session(sample), node.prepared(sample)) {
                (Some(session), _) => letter(session.leader.unwrap_or(session.pid)),
                (None, Some(prepared)) => format!("'{}'", prepared.gid),
                (None, None) => node.words(sample),
            };
            let folded = match node.folded {
                0 => String::new(),
                n => format!(" +{n}"),
            };
            let how = node.waits.as_ref().map_or_else(String::new, |link| {
                let others = link.others.iter().map(|pid| letter(*pid));
                let others: String = others.map(|l| format!(" and {l}")).collect();
                format!(" {:?}{others}", link.by)
            });
            (depth, format!("{}{who}{folded}{how}", "  ".repeat(depth)))
        });
        rows.map(|(_, line)| line).collect()
    }
    // The server is shared: only trees in which one of ours stands are drawn.
    let mut forest = tree(sample);
    forest.roots.retain(|root| {
        let only = Forest {
            roots: vec![root.clone()],
            waiting: 0,
        };
        only.rows().iter().any(|(_, node)| {
            let session = node.session(sample);
            session.is_some_and(|s| {
                pids.contains(&s.pid) || s.leader.is_some_and(|l| pids.contains(&l))
            })
        })
    });
    draw(sample, &forest, pids)
}
