//! Getting in, and what is said when it does not work.

use holdpoint::engine::database::error::Trouble;
use holdpoint::engine::database::target::identify;
use holdpoint::engine::database::{DatabaseError, Dsn};

use crate::harness::{fresh, on_each_server};
use holdpoint::engine::sandbox::{Brand, MariaSandbox};

on_each_server! {
    a_server_says_who_it_is
    the_socket_is_a_way_too
    what_does_not_work_is_said_in_the_operators_words
    another_familys_server_is_told_apart
    a_password_is_never_sent_in_plain
}

async fn refused(text: &str) -> DatabaseError {
    let error = identify(&Dsn::read(text).unwrap()).await.unwrap_err();
    assert!(!error.said.contains("guess"), "{error}");
    error
}

async fn a_server_says_who_it_is(server: &'static MariaSandbox) {
    let name = fresh(server);
    let url = server.url(&name);
    for url in [url.clone(), url.replace("mysql://", "mariadb://")] {
        let seen = identify(&Dsn::read(&url).unwrap()).await.unwrap();
        assert!(seen.version.starts_with("MariaDB 1") || seen.version.starts_with("MySQL "));
        assert_eq!(seen.database, name);
        assert_eq!(seen.address, format!("127.0.0.1:{}", server.port()));
        assert_eq!(
            (seen.user.as_str(), seen.role.as_str()),
            ("root@127.0.0.1", "primary")
        );
        assert!(!seen.system_identifier.is_empty());
        assert!(seen.clock_offset_ms.abs() < 5_000, "{seen:?}");
    }
}

async fn the_socket_is_a_way_too(server: &'static MariaSandbox) {
    let socket = server.socket().display().to_string();
    let url = format!("mysql://root:right@/mysql?socket={socket}");
    let seen = identify(&Dsn::read(&url).unwrap()).await.unwrap();
    assert_eq!(seen.address, socket);
}

async fn what_does_not_work_is_said_in_the_operators_words(server: &'static MariaSandbox) {
    let wrong = refused(&server.url_as("mysql", "root", Some("guess"))).await;
    assert_eq!(wrong.kind, Trouble::Denied);
    assert!(wrong.hint.contains("MYSQL_PWD"), "{}", wrong.hint);
    let nowhere = refused(&server.url("nowhere")).await;
    assert_eq!(nowhere.kind, Trouble::NoDatabase);
    assert!(nowhere.said.contains("\"nowhere\""), "{nowhere}");
    let silent = refused("mysql://root@127.0.0.1:1/x").await;
    assert_eq!(silent.kind, Trouble::Unreachable);
    assert!(silent.said.contains("nothing listens at 127.0.0.1:1"));
}

async fn another_familys_server_is_told_apart(server: &'static MariaSandbox) {
    let url = format!(
        "postgresql://u:guess@127.0.0.1:{}/x?connect_timeout=2",
        server.port()
    );
    let error = refused(&url).await;
    assert!(error.said.contains("127.0.0.1"), "{error}");
}

async fn a_password_is_never_sent_in_plain(server: &'static MariaSandbox) {
    let user = "create user 'in_plain'@'%' identified by 'right'";
    server.execute("", user).unwrap();
    let url = server.url_as("", "in_plain", Some("right"));
    let plain = format!("{url}?ssl-mode=DISABLED");
    match server.binaries().brand {
        // It proves that it knows the password without sending it.
        Brand::MariaDb => drop(identify(&Dsn::read(&plain).unwrap()).await.unwrap()),
        Brand::MySql => {
            let error = refused(&plain).await;
            assert_eq!(error.kind, Trouble::Tls, "{error}");
            assert!(error.hint.contains("ssl-mode"), "{}", error.hint);
        }
    }
    identify(&Dsn::read(&url).unwrap()).await.unwrap();
}
