//! The monitor: what it tells, what it survives, and what it may not see.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::runbook::model::{OwnValue, Sessions, StepId};
use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::domain::sample::model::{Ours, Sample};
use holdpoint::domain::sample::news::{Extra, Need, Watched, Wishes};
use holdpoint::domain::sample::own::OwnStep;
use holdpoint::engine::clock;
use holdpoint::engine::sandbox::{Options, Sandbox, any_server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Client, PATIENCE, Watcher, fresh, fresh_on, own_server, server, waiting};

fn lost(news: &MonitorNews) -> Option<(String, u64)> {
    match news {
        MonitorNews::Lost { why, for_ms } => Some((why.clone(), *for_ms)),
        _ => None,
    }
}

fn back(news: &MonitorNews) -> Option<String> {
    match news {
        MonitorNews::Back(seen) => Some(seen.database.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn it_says_who_the_server_is_and_then_what_it_sees() {
    let db = fresh();
    let url = server().url(&db);
    let mut watcher = Watcher::on(&url);
    let first = watcher.any(|news| match news {
        MonitorNews::Identity(seen) => Some(seen.database.clone()),
        other => panic!("first comes the identity, not {other:?}"),
    });
    assert_eq!(first.await, db);
    let _idle = Client::with(&url, "begin; select 1").await;
    let mine = |s: &Sample| {
        s.sessions
            .iter()
            .any(|s| s.database == db && s.state == "idle in transaction")
    };
    let sample = watcher.sample(mine).await;
    let session = sample
        .sessions
        .iter()
        .find(|s| s.database == db && s.state == "idle in transaction")
        .unwrap();
    assert_eq!(
        (session.user.as_str(), session.application.as_str()),
        ("postgres", "somebody")
    );
    assert_eq!(session.query, "begin; select 1");
    assert!(!session.backend_start.is_empty());
    assert!(sample.counts.connections >= 2 && sample.counts.idle_in_transaction >= 1);
    assert_eq!(sample.counts.limit, 397);
    assert!(
        sample
            .counts
            .by_client
            .iter()
            .any(|c| c.database == db && c.application == "somebody" && c.n == 1)
    );
    assert!(sample.notes.is_empty(), "{:?}", sample.notes);
    assert!(sample.at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn counters_become_rates_and_the_size_comes_when_asked() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    watcher.wishes.send_modify(|w| w.sizes = Extra::Asked);
    let mut client = Client::open(&url).await;
    for _ in 0..50 {
        client.run("update t set v = v + 1").await;
    }
    // Before 15 the server flushes its counters by itself, a little later.
    let _ = client.try_run("select pg_stat_force_next_flush()").await;
    let busy = |s: &Sample| {
        let server = s.server.as_ref();
        server.is_some_and(|s| {
            s.rates.is_some_and(|r| r.tps > 0.0 && r.wal_bytes > 0.0) && s.database_bytes.is_some()
        })
    };
    let sample = watcher.sample(busy).await;
    assert!(sample.server.unwrap().database_bytes.unwrap() > 1_000_000);
}

#[tokio::test]
async fn the_runs_own_sessions_are_marked_and_the_sentence_says_who_is_in_the_way() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    let mut asker = Client::open(&url).await;
    let mut cron = Client::called(&url, "cron").await;
    cron.run("begin; select * from t").await;
    let began = i64::try_from(clock::mono_ms()).unwrap();
    let step = |app: &str, sessions| OwnStep {
        step: StepId::new("apply"),
        attempt: 1,
        app_name: app.into(),
        started_ms: began - 1_000,
        sessions,
    };
    let by_name = Sessions {
        user: None,
        application: Some("jdbc".into()),
    };
    watcher.wishes.send_modify(|w| {
        w.steps = vec![
            step("holdpoint.x.apply.1", None),
            step("never", Some(by_name)),
        ];
    });
    let (alter, _a) = Client::called(&url, "holdpoint.x.apply.1")
        .await
        .waits("alter table t add c1 int");
    waiting(&mut asker, alter).await;
    let (behind, _b) = Client::called(&url, "jdbc").await.waits("select * from t");
    waiting(&mut asker, behind).await;
    let sample = watcher.with_waiters(&[alter, behind]).await;
    let ours = |pid| sample.session(pid).unwrap().ours.clone();
    assert!(matches!(ours(alter), Ours::Step { attempt: 1, .. }));
    assert!(matches!(ours(behind), Ours::Probable { .. }));
    assert_eq!(ours(cron.pid), Ours::No);
    let line = one_line(&sample, &History::default(), |_| "Apply".into()).unwrap();
    let start = format!("for pid {} cron, idle in transaction for ", cron.pid);
    assert!(
        line.starts_with("Apply waits ") && line.contains(&start),
        "{line}"
    );
    assert!(line.ends_with("; 1 session waits behind us"), "{line}");
}

#[tokio::test]
async fn it_goes_on_while_tables_and_catalogs_are_locked() {
    let own = own_server();
    let url = own.url("postgres");
    own.execute("postgres", "create table t (a int)").unwrap();
    let mut asker = Client::open(&url).await;
    let mut locker = Client::open(&url).await;
    let waiter = Client::open(&url).await;
    let mut watcher = Watcher::on(&url);
    watcher.sample(|s| s.server.is_some()).await;
    // The asker must know its functions before their catalog is locked.
    let known = format!(
        "select wait_event_type from pg_stat_get_activity({})",
        asker.pid
    );
    asker.value(&known).await;
    locker.run("begin; lock t; lock pg_class; lock pg_database; lock pg_authid; lock pg_attribute; lock pg_type; lock pg_proc").await;
    let (pid, _task) = waiter.waits("select * from pg_class");
    waiting(&mut asker, pid).await;
    let sample = watcher.with_waiters(&[pid]).await;
    assert_eq!(sample.session(pid).unwrap().hard[0].pid, locker.pid);
    let noted = |s: &Sample| {
        s.notes
            .iter()
            .any(|n| n.contains("counters could not be read"))
    };
    watcher.sample(noted).await;
    for _ in 0..5 {
        watcher.with_waiters(&[pid]).await;
    }
    assert!(
        watcher
            .news
            .lock()
            .unwrap()
            .iter()
            .all(|n| lost(n).is_none())
    );
    locker.run("rollback").await;
    watcher
        .sample(|s| s.notes.is_empty() && s.counts.blocked == 0)
        .await;
}

#[tokio::test]
async fn a_text_in_another_encoding_and_escapes_do_no_harm() {
    let name = "eucjp";
    server().execute("postgres", "create database eucjp encoding 'EUC_JP' lc_collate 'C' lc_ctype 'C' template template0").unwrap();
    let url = server().url(name);
    let mut client = Client::open(&url).await;
    client
        .run("begin; select '\u{65e5}\u{672c}\u{8a9e}', 'red'")
        .await;
    let mut other = Client::open(&server().url("postgres")).await;
    other
        .run("set application_name = '\u{1b}[2J'; create role \"\u{1b}[31mred\u{202e}\"; set session authorization \"\u{1b}[31mred\u{202e}\"")
        .await;
    other
        .run("begin;\n\tselect '\u{1b}[31m\u{202e}', 'red'")
        .await;
    for from in [name, "postgres"] {
        let mut watcher = Watcher::on(&server().url(from));
        let pids = [client.pid, other.pid];
        let both = |s: &Sample| pids.iter().all(|pid| s.session(*pid).is_some());
        let sample = watcher.sample(both).await;
        for pid in pids {
            let query = &sample.session(pid).unwrap().query;
            assert!(
                query.starts_with("begin; select '") && query.ends_with("', 'red'"),
                "{query}"
            );
        }
        for pid in pids {
            let session = sample.session(pid).unwrap();
            let all = [&session.query, &session.user, &session.application]
                .map(String::as_str)
                .concat();
            assert!(!all.contains(['\u{1b}', '\u{202e}', '\n']), "{all:?}");
        }
    }
}

#[tokio::test]
async fn a_megabyte_of_text_and_bytes_of_no_encoding_do_no_harm() {
    let db = "raw";
    let create = "create database raw encoding 'SQL_ASCII' template template0";
    server().execute("postgres", create).unwrap();
    let url = server().url(db);
    let mut client = Client::open(&url).await;
    client
        .run(
            "do $$ begin execute 'create table ' || quote_ident(convert_from('\\xff41fe'::bytea, 'SQL_ASCII')) || ' (i int)'; end $$",
        )
        .await;
    let long = format!("begin; select '{}'", "\u{1b}[31m\u{65e5}".repeat(130_000));
    client.run(&long).await;
    let mut watcher = Watcher::on(&url);
    let both = |s: &Sample| s.session(client.pid).is_some() && s.extras.tables.is_some();
    let sample = watcher.sample(both).await;
    let query = &sample.session(client.pid).unwrap().query;
    assert!(query.starts_with("begin; select '") && query.len() < 8_000);
    assert!(!query.contains('\u{1b}'), "{query:?}");
    assert!(sample.took_ms < 1_000, "{} ms", sample.took_ms);
    let tables = sample.extras.tables.as_deref().unwrap();
    let named: Vec<&str> = tables.rows.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(named, ["public.\\xffA\\xfe"]);
}

#[tokio::test]
async fn a_plain_role_is_told_what_it_may_not_see() {
    let db = fresh();
    let url = server().url(&db);
    server()
        .execute("postgres", "create role plain login password 'right'")
        .unwrap();
    let mut asker = Client::open(&url).await;
    let holder = Client::with(&url, "begin; lock t").await;
    let (pid, _task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    let mut watcher = Watcher::on(&server().url_as(&db, "plain", Some("right")));
    let sample = watcher.with_waiters(&[pid]).await;
    assert!(
        sample.notes.iter().any(|n| n.contains("pg_monitor")),
        "{:?}",
        sample.notes
    );
    let waiter = sample.session(pid).unwrap();
    assert_eq!(waiter.hard[0].pid, holder.pid);
    assert!(waiter.doing().starts_with("waits"), "{}", waiter.doing());
    assert!(waiter.user == "postgres" && waiter.state.is_empty());
    assert!(
        sample.counts.connections >= 4 && sample.counts.blocked >= 1,
        "{:?}",
        sample.counts
    );
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
    tokio::time::sleep(Duration::from_millis(400)).await;
    let since = asked(&server, 0).1;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let (quiet, _) = asked(&server, since);
    assert!(quiet.is_empty(), "{quiet:#?}");
}

/// A server that writes down whatever it is asked.
fn logging_server() -> Sandbox {
    let options = Options {
        password: Some("right".into()),
        ..Options::default()
    };
    let options = options.setting("log_statement", "all");
    Sandbox::start(&any_server().unwrap(), options).unwrap()
}

#[tokio::test]
async fn own_values_are_read_beside_and_a_slow_one_holds_nothing_up() {
    let url = server().url(&fresh());
    let value = |name: &str, sql: &str| OwnValue {
        name: name.into(),
        sql: sql.into(),
        every: Duration::from_millis(200),
    };
    let plan = Watched {
        every: Duration::from_millis(100),
        values: vec![
            value("sum", "select sum(v) from t"),
            value("wrong", "select nothing from t"),
            value("writes", "delete from t"),
            value("slow", "select pg_sleep(3600)"),
        ],
        ..Watched::default()
    };
    let mut watcher = Watcher::planned(&url, plan);
    let read = |s: &Sample, at: usize| s.values.get(at).cloned().unwrap_or_default();
    watcher
        .sample(|s| read(s, 0).value.as_deref() == Some("0") && read(s, 1).error.contains("42703"))
        .await;
    Client::with(&url, "update t set v = 1").await;
    watcher
        .sample(|s| read(s, 0).value.as_deref() == Some("10") && read(s, 2).error.contains("25006"))
        .await;
    let mut last = 0;
    for _ in 0..5 {
        let sample = watcher.sample(|_| true).await;
        assert!(
            sample.at_ms >= last && sample.took_ms < 2_000,
            "{}",
            sample.took_ms
        );
        last = sample.at_ms;
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
const LATE: Duration = Duration::from_millis(25);

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
    let mut watcher = Watcher::on(&url);
    // Asked for every 100 ms; half as often while nothing happens, which others on this server may do.
    let usual = |s: &Sample| s.interval_ms <= 200;
    watcher.sample(usual).await;
    wire.state.store(SLOW, Ordering::Relaxed);
    let slow = watcher.sample(|s| s.interval_ms >= 400).await;
    assert!(slow.took_ms * 10 > 100, "{} ms", slow.took_ms);
    wire.state.store(OPEN, Ordering::Relaxed);
    watcher.sample(usual).await;
}

#[tokio::test]
async fn a_server_that_is_far_away_is_asked_as_often_as_a_near_one() {
    let wire = Wire::new().await;
    wire.state.store(SLOW, Ordering::Relaxed);
    let db = fresh();
    let url = format!("postgres://postgres:right@127.0.0.1:{}/{db}", wire.port);
    let mut watcher = Watcher::on(&url);
    // Asked for every 100 ms; the way alone takes 25 of them.
    watcher.sample(|s| s.interval_ms <= 200).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_and_tried_again() {
    let mut watcher = Watcher::on("postgres://x@127.0.0.1:1/x");
    for _ in 0..2 {
        let (why, _) = watcher.next(lost).await;
        assert!(why.contains("nothing listens at 127.0.0.1:1"), "{why}");
    }
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
    // One more may be on its way; then it is quiet, and the first wish for refreshes is heard at once.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let before = watcher.news.lock().unwrap().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(watcher.news.lock().unwrap().len(), before);
    let began = Instant::now();
    watcher.wishes.send(Wishes::default()).unwrap();
    watcher.sample(|_| true).await;
    assert!(began.elapsed() < Duration::from_secs(8));
}
