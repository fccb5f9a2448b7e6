//! Connections that break, fall silent or are slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::model::Sample;
use holdpoint::domain::sample::news::Watched;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Watcher, fresh, server};
use crate::monitoring::lost;

fn back(news: &MonitorNews) -> Option<String> {
    match news {
        MonitorNews::Back(seen) => Some(seen.database.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_session_that_is_killed_comes_back() {
    let db = fresh();
    let url = server().url(&db);
    let mut watcher = Watcher::on(&url);
    watcher.sample(|_| true).await;
    let kill = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holdpoint monitor' and datname = '{db}'"
    );
    server().execute("postgres", &kill).unwrap();
    let (why, _) = watcher.any(lost).await;
    assert!(why.contains("ended the connection"), "{why}");
    assert_eq!(watcher.any(back).await, db);
    watcher.sample(|_| true).await;
}

/// What stands between the monitor and the server.
struct Wire {
    port: u16,
    state: Arc<AtomicU8>,
}

const OPEN: u8 = 0;
const DEAD: u8 = 1;
/// What is sent comes late.
const SLOW: u8 = 2;
/// How late.
const LATE: Duration = Duration::from_millis(120);

/// A monitor that looks seldom enough for a busy machine not to make a quick answer a late one.
fn unhurried(url: &str) -> Watcher {
    let plan = Watched {
        every: EVERY,
        ..Watched::default()
    };
    Watcher::planned(url, plan)
}

const EVERY: Duration = Duration::from_millis(500);

/// Asked for at `EVERY`; half as often while nothing happens, which others on this server may do.
fn as_usual(sample: &Sample) -> bool {
    Duration::from_millis(sample.interval_ms) <= EVERY * 2
}

impl Wire {
    /// Lets everything through until it is dead: then it swallows what comes and answers nothing.
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(AtomicU8::new(OPEN));
        let now = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let now = Arc::clone(&now);
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(("127.0.0.1", server().port()))
                        .await
                        .unwrap();
                    let dead = async {
                        while now.load(Ordering::Relaxed) != DEAD {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    };
                    let (mut asks, mut hears) = near.split();
                    let (mut answers, mut listens) = far.split();
                    let back = async {
                        let mut answer = vec![0; 65_536];
                        loop {
                            let n = answers.read(&mut answer).await?;
                            if now.load(Ordering::Relaxed) == SLOW {
                                tokio::time::sleep(LATE).await;
                            }
                            if n == 0 {
                                return Ok::<(), std::io::Error>(());
                            }
                            hears.write_all(&answer[..n]).await?;
                        }
                    };
                    tokio::select! {
                        _ = tokio::io::copy(&mut asks, &mut listens) => return,
                        _ = back => return,
                        () = dead => {}
                    }
                    std::future::pending::<()>().await; // the sockets stay open, and nothing moves
                });
            }
        });
        Self { port, state }
    }
}

#[tokio::test]
async fn a_network_that_falls_silent_is_noticed_and_its_return_too() {
    let wire = Wire::new().await;
    let db = fresh();
    let url = format!(
        "postgres://postgres:right@127.0.0.1:{}/{db}?connect_timeout=1",
        wire.port
    );
    let mut watcher = Watcher::on(&url);
    watcher.sample(|_| true).await;
    wire.state.store(DEAD, Ordering::Relaxed);
    let began = Instant::now();
    let (why, _) = watcher.any(lost).await;
    assert!(why.contains("did not answer within"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(30));
    // It is told again, with a growing age, for as long as it lasts.
    let (_, age) = watcher.next(lost).await;
    let (_, later) = watcher.next(lost).await;
    assert!(later > age, "{age} {later}");
    wire.state.store(OPEN, Ordering::Relaxed);
    assert_eq!(watcher.next(back).await, db);
    watcher.sample(|_| true).await;
}

#[tokio::test]
async fn a_server_that_answers_late_is_asked_less_often_until_it_is_quick_again() {
    let wire = Wire::new().await;
    let db = fresh();
    let url = format!("postgres://postgres:right@127.0.0.1:{}/{db}", wire.port);
    let mut watcher = unhurried(&url);
    watcher.sample(as_usual).await;
    wire.state.store(SLOW, Ordering::Relaxed);
    let slow = watcher.sample(|s| !as_usual(s)).await;
    assert!(slow.took_ms * 10 > 500, "{} ms", slow.took_ms);
    wire.state.store(OPEN, Ordering::Relaxed);
    watcher.sample(as_usual).await;
}

#[tokio::test]
async fn a_server_that_is_far_away_is_asked_as_often_as_a_near_one() {
    let wire = Wire::new().await;
    wire.state.store(SLOW, Ordering::Relaxed);
    let db = fresh();
    let url = format!("postgres://postgres:right@127.0.0.1:{}/{db}", wire.port);
    let mut watcher = unhurried(&url);
    // The way alone takes a quarter of the time from one look to the next.
    watcher.sample(as_usual).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_and_tried_again() {
    let mut watcher = Watcher::on("postgres://x@127.0.0.1:1/x");
    for _ in 0..2 {
        let (why, _) = watcher.next(lost).await;
        assert!(why.contains("nothing listens at 127.0.0.1:1"), "{why}");
    }
}
