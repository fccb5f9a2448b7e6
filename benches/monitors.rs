//! What `holdpoint monitor` costs beside `pg_activity` and `pg_top`, on the same server in the same minute.
//!
//! `cargo bench --bench monitors`; `HOLDPOINT_BENCH_SECONDS` is the length of each measurement, 60 by default; `HOLDPOINT_BENCH_BEFORE`
//! names another build of this program, to stand beside it.

mod support;

#[path = "monitors/crowd.rs"]
mod crowd;
#[path = "monitors/peer.rs"]
mod peer;
#[path = "monitors/watch.rs"]
mod watch;

use std::time::Duration;

use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};

use crowd::{Crowd, Scene};
use peer::PgActivity;
use support::Done;
use support::figures::table;
use watch::Tool;

fn main() -> Done {
    let seconds = std::env::var("HOLDPOINT_BENCH_SECONDS");
    let length = Duration::from_secs(seconds.map_or(Ok(60), |s| s.parse())?);
    let mut tools = peer::ours();
    match PgActivity::bring() {
        Ok(peer) => tools.extend([peer.running(), peer.blocking()]),
        Err(why) => say(&format!("pg_activity cannot be installed here: {why}\n")),
    }
    match peer::pg_top() {
        Ok(peer) => tools.push(peer),
        Err(why) => say(&format!(
            "pg_top is not here (`apt-get install pgtop`): {why}\n"
        )),
    }
    let machine = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut rows = Vec::new();
    for scene in Scene::ALL {
        let server = server(&tools)?;
        let crowd = machine.block_on(Crowd::gather(&server.url("postgres"), scene))?;
        rows.extend(watch::watch(&server, scene, &tools, length)?);
        drop(crowd);
    }
    say(&format!(
        "Each of {} s, all tools at the same time, one look a second\n\n{}",
        length.as_secs(),
        table(&watch::HEADS, &rows)
    ));
    Ok(())
}

/// A server of its own for each scene, with a role for each tool: by its role a tool's sessions are known.
fn server(tools: &[Tool]) -> Done<Sandbox> {
    let options = Options {
        listen: Listen::Loopback,
        ..Options::default()
    };
    let server = Sandbox::start(&any_server()?, options.setting("max_connections", "1100"))?;
    for tool in tools {
        let role = tool.role;
        server.execute(
            "postgres",
            &format!("create role {role} login in role pg_monitor"),
        )?;
    }
    Ok(server)
}

#[expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]
fn say(text: &str) {
    println!("{text}");
}
