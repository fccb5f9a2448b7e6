//! Acting on sessions: only on the one that was meant, and with its outcome.

use holdpoint::domain::run::event::{ActOutcome, BackendAct};
use holdpoint::domain::sample::detail::Standing;
use holdpoint::domain::sample::model::Session;
use holdpoint::engine::database::Dsn;
use holdpoint::engine::database::target::Control;

use crate::harness::{Client, fresh, on_each_server, watch};
use holdpoint::engine::sandbox::{Brand, MariaSandbox};

on_each_server! {
    a_statement_is_killed_then_its_session_and_both_are_seen_to_be_gone
    who_may_not_is_told_what_is_missing
    the_right_to_end_sessions_is_enough
}

async fn a_statement_is_killed_then_its_session_and_both_are_seen_to_be_gone(
    server: &'static MariaSandbox,
) {
    let url = server.url(&fresh(server));
    let mut watcher = watch(&url);
    let mut holder = Client::with(&url, "begin; select * from t").await;
    let (id, task) = Client::open(&url)
        .await
        .waits("alter table t add column w int");
    let pid = i32::try_from(id).unwrap();
    let sample = watcher.with_waiters(&[pid]).await;
    let start = sample.session(pid).unwrap().backend_start.clone();
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    let seen = control.detail(pid).await.unwrap().unwrap();
    assert_eq!(seen.query, ["alter table t add column w int"]);
    assert_eq!(
        (seen.locks[0].standing, seen.locks[0].mode.as_str()),
        (Standing::Wanted, "EXCLUSIVE")
    );
    // A session that is not the one that was meant is left alone.
    let other = control
        .act(pid, "1700000000 root@localhost", BackendAct::Cancel)
        .await;
    assert_eq!(other, ActOutcome::AlreadyGone);
    let outcome = control.act(pid, &start, BackendAct::Cancel).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    let error = task.await.unwrap().err().unwrap();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "70100");

    let idle = i32::try_from(holder.id).unwrap();
    let sample = watcher
        .sample(|s| s.session(idle).is_some_and(Session::is_idle_in_transaction))
        .await;
    let start = sample.session(idle).unwrap().backend_start.clone();
    let cancel = control.act(idle, &start, BackendAct::Cancel).await;
    assert!(
        matches!(&cancel, ActOutcome::Refused { why } if why.contains("terminate ends it")),
        "{cancel:?}"
    );
    let outcome = control.act(idle, &start, BackendAct::Terminate).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    assert!(holder.try_run("select 1").await.is_err());
    let again = control.act(idle, &start, BackendAct::Terminate).await;
    assert_eq!(again, ActOutcome::AlreadyGone);
    assert_eq!(control.detail(idle).await.unwrap(), None);
}

async fn who_may_not_is_told_what_is_missing(server: &'static MariaSandbox) {
    let db = fresh(server);
    let users = "create user weak@'%' identified by 'right'; create user looks@'%' identified by 'right'; \
         grant process on *.* to looks@'%'; grant select on performance_schema.* to looks@'%'";
    server.execute(&db, users).unwrap();
    let mut client = Client::open(&server.url(&db)).await;
    let pid = i32::try_from(client.id).unwrap();
    let mut watcher = watch(&server.url(&db));
    watcher
        .wishes
        .send_modify(|w| w.idle = holdpoint::domain::sample::news::Extra::Asked);
    let sample = watcher.sample(|s| s.session(pid).is_some()).await;
    let start = sample.session(pid).unwrap().backend_start.clone();
    let looks = server.url_as("", "looks", Some("right"));
    let mut control = Control::open(&Dsn::read(&looks).unwrap()).await.unwrap();
    let outcome = control.act(pid, &start, BackendAct::Terminate).await;
    assert!(
        matches!(&outcome, ActOutcome::Refused { why } if why.contains("CONNECTION")),
        "{outcome:?}"
    );
    let weak = server.url_as("", "weak", Some("right"));
    let mut watcher = watch(&weak);
    let sample = watcher.sample(|_| true).await;
    assert!(sample.session(pid).is_none());
    let replicates = match server.binaries().brand {
        Brand::MariaDb => "GRANT SLAVE MONITOR",
        Brand::MySql => "GRANT REPLICATION CLIENT",
    };
    for missing in [
        "GRANT PROCESS",
        "GRANT SELECT ON performance_schema",
        replicates,
    ] {
        assert!(
            sample.notes.iter().any(|n| n.contains(missing)),
            "{missing}: {:?}",
            sample.notes
        );
    }
    client.run("select 1").await;
}

/// Who may not read the performance schema sees sessions in the old list, and acts on them as he sees them.
async fn the_right_to_end_sessions_is_enough(server: &'static MariaSandbox) {
    let db = fresh(server);
    let admin = match server.binaries().brand {
        Brand::MariaDb => "connection admin",
        Brand::MySql => "connection_admin",
    };
    let user = format!(
        "create user ender@'%' identified by 'right'; grant process on *.* to ender@'%'; grant {admin} on *.* to ender@'%'"
    );
    server.execute(&db, &user).unwrap();
    // The administrator's own would need more: he is protected from them.
    let other =
        format!("create user app@'%' identified by 'right'; grant all on `{db}`.* to app@'%'");
    server.execute(&db, &other).unwrap();
    let theirs = server.url_as(&db, "app", Some("right"));
    let mut client = Client::with(&theirs, "begin; select * from t").await;
    let pid = i32::try_from(client.id).unwrap();
    let ender = server.url_as("", "ender", Some("right"));
    let mut watcher = watch(&ender);
    let sample = watcher.sample(|s| s.session(pid).is_some()).await;
    let start = sample.session(pid).unwrap().backend_start.clone();
    let mut control = Control::open(&Dsn::read(&ender).unwrap()).await.unwrap();
    assert!(control.detail(pid).await.unwrap().is_some());
    let outcome = control.act(pid, &start, BackendAct::Terminate).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    assert!(client.try_run("select 1").await.is_err());
}
