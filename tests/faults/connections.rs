//! A server without room for another connection, and a role that may see little.

use std::time::Duration;

use holdpoint::domain::run::event::{ActOutcome, BackendAct};
use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::news::{Watched, Wishes};
use holdpoint::engine::database::postgres::{Control, Dsn, observe};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::cluster::Cluster;
use crate::stage::Stage;

/// So few connections that a test takes them all.
const FEW: &str = "max_connections = 12\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0\n";

/// Takes every connection that is left.
async fn take_all(url: &str) -> Vec<PgConnection> {
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options
        .application_name("greedy")
        .disable_statement_logging();
    let mut taken = Vec::new();
    // Somebody who has just gone may still have his place: it is empty a moment later.
    let mut refused = 0;
    while refused < 5 {
        if let Ok(conn) = options.connect().await {
            taken.push(conn);
            refused = 0;
        } else {
            refused += 1;
            sleep(Duration::from_millis(50)).await;
        }
    }
    taken
}

fn samples(dsn: Dsn) -> (watch::Sender<Wishes>, mpsc::UnboundedReceiver<MonitorNews>) {
    let (wishes, wished) = watch::channel(Wishes::default());
    let (tell, news) = mpsc::unbounded_channel();
    let plan = Watched {
        every: Duration::from_millis(100),
        ..Watched::default()
    };
    tokio::spawn(observe(dsn, plan, wished, move |told| {
        let _ = tell.send(told);
    }));
    (wishes, news)
}

async fn next_sample(
    news: &mut mpsc::UnboundedReceiver<MonitorNews>,
) -> holdpoint::domain::sample::Sample {
    let found = async {
        loop {
            match news.recv().await.unwrap() {
                MonitorNews::Sampled(sample) => return *sample,
                MonitorNews::Lost { why, .. } => panic!("lost: {why}"),
                MonitorNews::Identity(_) | MonitorNews::Back(_) => {}
            }
        }
    };
    timeout(Duration::from_mins(1), found).await.unwrap()
}

#[tokio::test]
async fn who_was_connected_before_still_sees_and_still_cancels_when_nobody_else_gets_in() {
    let cluster = Cluster::start(FEW);
    let dsn = Dsn::read(&cluster.url()).unwrap();
    let mut control = Control::open(&dsn).await.unwrap();
    let (_wishes, mut news) = samples(dsn);
    next_sample(&mut news).await;
    let mut taken = take_all(&cluster.url()).await;
    assert!(taken.len() >= 8, "{}", taken.len());
    let mut sleeper = taken.pop().unwrap();
    let who =
        "select pg_backend_pid(), backend_start::text from pg_stat_get_activity(pg_backend_pid())";
    let row = sqlx::raw_sql(who).fetch_one(&mut sleeper).await.unwrap();
    let text = |at: usize| row.try_get_raw(at).unwrap().as_str().unwrap().to_owned();
    let (pid, start): (i32, String) = (text(0).parse().unwrap(), text(1));
    let asleep = tokio::spawn(async move {
        let ended = sqlx::raw_sql("select pg_sleep(600)")
            .execute(&mut sleeper)
            .await;
        (ended, sleeper)
    });
    let busy = async {
        loop {
            let sample = next_sample(&mut news).await;
            if sample.session(pid).is_some_and(|s| s.state == "active") {
                return sample;
            }
        }
    };
    let sample = timeout(Duration::from_mins(1), busy).await.unwrap();
    assert_eq!((sample.counts.connections, sample.counts.limit), (12, 12));
    let gone = control.act(pid, &start, BackendAct::Cancel).await;
    assert!(matches!(gone, ActOutcome::Gone { .. }), "{gone:?}");
    let (ended, _sleeper) = asleep.await.unwrap();
    assert!(
        ended
            .unwrap_err()
            .to_string()
            .contains("canceling statement")
    );
    drop(taken);
}

#[test]
fn a_step_that_gets_no_connection_fails_and_says_why() {
    let cluster = Cluster::start(FEW);
    let stage = Stage::with(
        r"
runbook: 1
title: No room
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
      - {step: Ready, confirm: Go on., id: ready}
      - {step: One row, id: row, sql: select 1}
",
    );
    let stage = stage.env("DATABASE_URL", cluster.url());
    let mut screen = stage.run();
    stage.wait_events("target", 1);
    screen.wait_for("Enter opens the confirmation");
    let machine = tokio::runtime::Runtime::new().unwrap();
    let taken = machine.block_on(take_all(&cluster.url()));
    screen.press_for("\r", "Enter records");
    screen.answer("Enter records");
    let ended = &stage.wait_events("step.finished", 1)[0];
    let said = ended["outcome"]["summary"].as_str().unwrap();
    println!("the step says: {said}");
    assert!(said.contains("too many clients"), "{said}");
    screen.wait_for("takes no more connections");
    assert!(
        stage.events("target.lost").is_empty(),
        "the monitor was thrown out"
    );
    screen.leave();
    drop(taken);
    assert!(stage.log().contains("too many clients"));
}

#[tokio::test]
async fn a_role_without_rights_is_told_what_it_cannot_see() {
    let cluster = Cluster::start("");
    let url = cluster.url();
    let made = tokio::task::spawn_blocking(move || {
        crate::cluster::ask(&url, "create role poor login").unwrap()
    });
    made.await.unwrap();
    let poor = Cluster::url_of("poor", "127.0.0.1", cluster.port());
    let dsn = Dsn::read(&poor).unwrap();
    let _somebody = take_one(&cluster.url()).await;
    let (_wishes, mut news) = samples(dsn);
    let sample = next_sample(&mut news).await;
    let notes = sample.notes.join("; ");
    println!("notes: {notes}");
    assert!(notes.contains("pg_monitor"), "{notes}");
    assert!(sample.counts.connections >= 2, "what may be seen is shown");
}

async fn take_one(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.disable_statement_logging().connect().await.unwrap()
}
