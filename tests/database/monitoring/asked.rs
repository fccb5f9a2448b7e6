//! What the monitor asks a server for, and what it leaves alone.

use std::fs;
use std::time::{Duration, Instant};

use holdpoint::domain::sample::model::Sample;
use holdpoint::domain::sample::news::{Extra, Need, Wishes};
use holdpoint::engine::sandbox::{Options, Sandbox, any_server};

use crate::harness::{Client, PATIENCE, Watcher, fresh, fresh_on, server, waiting};

/// A server that writes down whatever it is asked.
fn logging_server() -> Sandbox {
    let options = Options {
        password: Some("right".into()),
        ..Options::default()
    };
    let options = options.setting("log_statement", "all");
    Sandbox::start(&any_server().unwrap(), options).unwrap()
}

/// What the monitor of `db` has sent, one line a statement, since `from` bytes of the server's log.
fn asked(server: &Sandbox, from: usize) -> (Vec<String>, usize) {
    let log = fs::read_to_string(server.dir().join("server.log")).unwrap();
    let sent = log[from..]
        .split("\n20")
        .filter(|l| l.contains(" holdpoint monitor LOG:  ") && l.contains(": "));
    (sent.map(str::to_owned).collect(), log.len())
}

#[tokio::test]
async fn what_nobody_sees_is_not_asked_for() {
    const OF_TABLES: &str = "pg_stat_get_live_tuples";
    const OF_STATEMENTS: &str = "pg_stat_statements";
    const OF_LOCKS: &str = "pg_lock_status";
    const OF_SIZE: &str = "pg_database_size";
    const OF_SESSIONS: &str = "pg_stat_get_activity(NULL)";
    let server = logging_server();
    let url = server.url(&fresh_on(&server));
    let mut watcher = Watcher::on(&url);
    let begun = |s: &Sample| s.extras.tables.is_some() && s.extras.statements.is_some();
    watcher.sample(begun).await;
    let n = |asked: &[String], what: &str| asked.iter().filter(|l| l.contains(what)).count();
    // What grows is counted from the beginning: all is read once. Then nobody looks at it.
    let mut from = asked(&server, 0).1;
    let mut some = async |watcher: &mut Watcher| {
        for _ in 0..5 {
            watcher.sample(|_| true).await;
        }
        let (said, end) = asked(&server, from);
        from = end;
        said
    };
    some(&mut watcher).await;
    let calm = some(&mut watcher).await;
    assert!(n(&calm, OF_SESSIONS) >= 4, "{calm:#?}");
    for unseen in [OF_TABLES, OF_STATEMENTS, OF_LOCKS, OF_SIZE] {
        assert_eq!(n(&calm, unseen), 0, "{unseen}: {calm:#?}");
    }
    watcher.wishes.send_modify(|w| w.tables = Extra::Asked);
    let since = asked(&server, 0).1;
    let read = async {
        while n(&asked(&server, since).0, OF_TABLES) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
    watcher.wishes.send_modify(|w| w.tables = Extra::Unasked);
    some(&mut watcher).await;
    let calm = some(&mut watcher).await;
    assert_eq!(n(&calm, OF_TABLES), 0, "{calm:#?}");
    // The locks are read while somebody waits.
    let mut asker = Client::open(&url).await;
    let _holder = Client::with(&url, "begin; lock t").await;
    let (pid, _task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    watcher.with_waiters(&[pid]).await;
    let waits = some(&mut watcher).await;
    assert!(n(&waits, OF_LOCKS) >= 4, "{waits:#?}");
    // Nobody needs anything.
    watcher.wishes.send_modify(|w| w.need = Need::Heartbeat);
    quiet_of("questions", || asked(&server, 0).0.len()).await;
}

/// Waits until `count` stands still for several times as long as from one look to the next: what is on its way comes first.
async fn quiet_of(what: &str, count: impl Fn() -> usize) {
    let quiet = async {
        loop {
            let before = count();
            tokio::time::sleep(Duration::from_millis(600)).await;
            if count() == before {
                return;
            }
        }
    };
    let quiet = tokio::time::timeout(PATIENCE, quiet).await;
    quiet.unwrap_or_else(|_| panic!("there is no end of {what}"));
}

#[tokio::test]
async fn nobody_looks_nothing_is_asked_until_somebody_does() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    watcher.sample(|_| true).await;
    watcher
        .wishes
        .send(Wishes {
            need: Need::Heartbeat,
            ..Wishes::default()
        })
        .unwrap();
    // Then it is quiet, and the first wish for refreshes is heard at once.
    quiet_of("news", || watcher.news.lock().unwrap().len()).await;
    let began = Instant::now();
    watcher.wishes.send(Wishes::default()).unwrap();
    watcher.sample(|_| true).await;
    assert!(began.elapsed() < Duration::from_secs(8));
}
