//! The throw-away server itself.

use holdpoint::engine::database::Dsn;
use holdpoint::engine::database::target::identify;
use holdpoint::engine::sandbox::{MariaOptions, MariaSandbox, SandboxError};

use crate::harness::{Client, on_each_server, until};

on_each_server! {
    it_answers_over_tcp_and_leaves_nothing_behind
    a_setting_the_server_refuses_is_told_from_its_log
    a_replica_follows
}

async fn it_answers_over_tcp_and_leaves_nothing_behind(server: &'static MariaSandbox) {
    let binaries = server.binaries();
    let sandbox = MariaSandbox::start(binaries, MariaOptions::default()).unwrap();
    sandbox.create_database("odd `name`").unwrap();
    let refused = sandbox.execute("odd `name`", "select * from missing");
    assert!(refused.unwrap_err().to_string().contains("missing"));
    let pid = std::fs::read_to_string(sandbox.dir().join("data/server.pid")).unwrap();
    let process = std::path::Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    let dir = sandbox.dir().to_owned();
    sandbox.stop();
    assert!(!dir.exists() && !process.exists());
}

async fn a_setting_the_server_refuses_is_told_from_its_log(server: &'static MariaSandbox) {
    let binaries = server.binaries();
    let options = MariaOptions::default().setting("no_such_setting", "1");
    let error = MariaSandbox::start(binaries, options).unwrap_err();
    assert!(matches!(error, SandboxError::NotReady { .. }));
    assert!(error.to_string().contains("no-such-setting"), "{error}");
}

async fn a_replica_follows(server: &'static MariaSandbox) {
    // The one that the tests share has done so much that a replica is busy with it for minutes.
    let options = MariaOptions::default()
        .setting("log_bin", "binlog")
        .setting("server_id", "1");
    let own = MariaSandbox::start(server.binaries(), options).unwrap();
    let name = crate::harness::fresh(&own);
    let replica = own.replica().unwrap();
    let mut there = Client::open(&replica.url("")).await;
    let counted = format!(
        "select count(*) from information_schema.tables where table_schema = '{name}' and table_name = 't'"
    );
    until(&mut there, &counted, "1").await;
    let count = format!("select count(*) from `{name}`.t");
    until(&mut there, &count, "10").await;
    let dsn = Dsn::read(&replica.url(&name)).unwrap();
    let seen = identify(&dsn).await.unwrap();
    assert_eq!(seen.role, "standby");
}
