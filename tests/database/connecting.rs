//! Connecting: what is reached, what is said of what is not, and who the server is.

use std::time::{Duration, Instant};

use holdpoint::domain::runbook::model::Identity;
use holdpoint::domain::sample::identity::differs;
use holdpoint::engine::database::DatabaseError;
use holdpoint::engine::database::error::Trouble;
use holdpoint::engine::database::postgres::{Dsn, identify};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::harness::{fresh, server};

async fn refused(text: &str) -> DatabaseError {
    let error = identify(&Dsn::read(text).unwrap()).await.unwrap_err();
    for secret in ["right", "wrong"] {
        assert!(!error.said.contains(secret), "{}", error.said);
    }
    assert!(!error.said.contains("at line"), "{}", error.said);
    assert!(!error.hint.is_empty(), "{}", error.said);
    error
}

#[tokio::test]
async fn a_server_says_who_it_is() {
    let db = fresh();
    let seen = identify(&Dsn::read(&server().url(&db)).unwrap())
        .await
        .unwrap();
    assert!(seen.version.starts_with("PostgreSQL 1"), "{}", seen.version);
    assert_eq!(seen.database, db);
    assert_eq!(seen.user, "postgres");
    assert_eq!(seen.role, "primary");
    assert_eq!(seen.address, format!("127.0.0.1:{}", server().port()));
    assert!(
        seen.system_identifier.parse::<u64>().is_ok(),
        "{}",
        seen.system_identifier
    );
    assert!(
        seen.clock_offset_ms.abs() < 60_000,
        "{}",
        seen.clock_offset_ms
    );
    let must_be = Identity {
        database: Some("billing".into()),
        version: Some(">= 11".into()),
        ..Identity::default()
    };
    assert_eq!(
        differs(&must_be, &seen),
        [format!("database is {db}, must be billing")]
    );
}

#[tokio::test]
async fn the_keyword_form_the_socket_and_foreign_keys_lead_to_the_same_server() {
    let (dir, port) = (server().dir().display(), server().port());
    for text in [
        format!("host=127.0.0.1 port={port} user=postgres password='right' dbname=postgres"),
        format!(
            "postgres://postgres:right@127.0.0.1:{port}/postgres?schema=public&connection_limit=5"
        ),
        format!("postgres:///postgres?host={dir}&port={port}&user=postgres&password=right"),
        format!("postgres://postgres:right@127.0.0.1:1,127.0.0.1:{port}/postgres"),
        format!(
            "postgres://postgres:right@127.0.0.1:{port}/postgres?target_session_attrs=read-write"
        ),
        format!("postgresql+psycopg2://postgres:right@127.0.0.1:{port}/postgres"),
    ] {
        let seen = identify(&Dsn::read(&text).unwrap()).await;
        assert_eq!(
            seen.map(|s| s.database),
            Ok("postgres".to_owned()),
            "{text}"
        );
    }
}

#[tokio::test]
async fn each_trouble_is_said_in_its_own_sentence() {
    let port = server().port();
    let at = |rest: &str| format!("postgres://{rest}");
    server()
        .execute("postgres", "create role no_entry login password 'right'")
        .unwrap();
    server().create_database("closed").unwrap();
    server()
        .execute("postgres", "revoke connect on database closed from public")
        .unwrap();
    for (text, kind, said) in [
        (
            at("postgres:wrong@127.0.0.1:1/x"),
            Trouble::Unreachable,
            "nothing listens at 127.0.0.1:1".to_owned(),
        ),
        (
            at(&format!("postgres:wrong@127.0.0.1:{port}/postgres")),
            Trouble::Denied,
            format!("127.0.0.1:{port} refused the password of postgres"),
        ),
        (
            at(&format!("postgres:right@127.0.0.1:{port}/nope")),
            Trouble::NoDatabase,
            format!("there is no database \"nope\" at 127.0.0.1:{port}"),
        ),
        (
            at(&format!("no_entry:right@127.0.0.1:{port}/closed")),
            Trouble::Denied,
            "no_entry may not connect to \"closed\"".to_owned(),
        ),
        (
            at("x@no-such-host.invalid/x"),
            Trouble::Unreachable,
            "the host of no-such-host.invalid:5432 is not known".to_owned(),
        ),
        (
            at("x@/x?host=/no/such/dir"),
            Trouble::Unreachable,
            "there is no socket at /no/such/dir".to_owned(),
        ),
        (
            at(&format!(
                "postgres:right@127.0.0.1:{port}/postgres?sslmode=require"
            )),
            Trouble::Tls,
            "no encrypted connection".to_owned(),
        ),
        (
            at(&format!(
                "postgres:right@127.0.0.1:{port}/postgres?sslmode=require&sslrootcert=/no/ca"
            )),
            Trouble::BadAddress,
            "root certificate /no/ca does not exist".to_owned(),
        ),
        (
            at(&format!(
                "postgres:right@127.0.0.1:{port}/postgres?sslmode=maybe"
            )),
            Trouble::BadAddress,
            "sslmode `maybe` is not known".to_owned(),
        ),
        (
            at(&format!(
                "postgres:right@127.0.0.1:{port}/postgres?target_session_attrs=standby"
            )),
            Trouble::Unreachable,
            "is a primary".to_owned(),
        ),
    ] {
        let error = refused(&text).await;
        assert!(
            error.said.contains(&said),
            "{text}: {} | {}",
            error.said,
            error.hint
        );
        assert_eq!(error.kind, kind, "{text}: {}", error.said);
    }
}

#[tokio::test]
async fn a_full_server_is_said_to_be_full() {
    server()
        .execute(
            "postgres",
            "create role single login password 'right' connection limit 1",
        )
        .unwrap();
    let url = server().url_as("postgres", "single", Some("right"));
    let _first = crate::harness::Client::open(&url).await;
    let error = refused(&url).await;
    assert_eq!(error.kind, Trouble::Busy);
}

#[tokio::test]
async fn what_is_no_postgresql_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await;
        }
    });
    let error = refused(&format!("postgres://x@127.0.0.1:{port}/x")).await;
    assert_eq!(error.kind, Trouble::NotThisServer, "{}", error.said);
}

#[tokio::test]
async fn whoever_never_answers_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let began = Instant::now();
    let error = refused(&format!(
        "postgres://x@127.0.0.1:{port}/x?connect_timeout=1"
    ))
    .await;
    assert_eq!(error.kind, Trouble::TimedOut);
    assert_eq!(
        error.said,
        format!("127.0.0.1:{port} did not answer within 1 s")
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}
