//! Behind a connection pooler: the monitor says that one is there, and what to do.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use holdpoint::domain::sample::MonitorNews;
use holdpoint::engine::sandbox::Sandbox;

use crate::harness::{PATIENCE, Watcher, own_server};

const PORT: u16 = 6432;

/// A pooler in transaction mode; it goes when this is dropped.
struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Pooler {
    /// Starts one before `server`, with a socket beside its own.
    async fn before(server: &Sandbox, further: &str) -> Option<Self> {
        let dir = server.dir().display();
        let config = format!(
            "[databases]\n* = host={dir} port={} user=postgres\n[pgbouncer]\npool_mode = transaction\nauth_type = any\n\
             unix_socket_dir = {dir}\nlisten_port = {PORT}\nlogfile = {dir}/pooler.log\n{further}\n",
            server.port()
        );
        let path = server.dir().join("pooler.ini");
        fs::write(&path, config).unwrap();
        // It refuses to run as root, as the server does: both run as whom the directory belongs to.
        let owner = fs::metadata(server.dir()).unwrap();
        std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        let mut command = Command::new("pgbouncer");
        command.arg("-q").arg(&path).stderr(Stdio::null());
        if rustix::process::geteuid().is_root() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let Ok(child) = command.spawn() else {
            skipped();
            return None;
        };
        let socket = server.dir().join(format!(".s.PGSQL.{PORT}"));
        let listens = async {
            while std::os::unix::net::UnixStream::connect(&socket).is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, listens).await.unwrap();
        Some(Self(child))
    }
}

#[expect(clippy::print_stderr, reason = "what is skipped must be seen")]
fn skipped() {
    assert!(
        std::env::var_os("CI").is_none(),
        "pgbouncer is not installed"
    );
    eprintln!("SKIPPED: pgbouncer is not installed (`apt-get install pgbouncer`)");
}

#[tokio::test]
async fn a_pooler_in_the_way_is_named_whether_it_refuses_our_settings_or_drops_them() {
    let server = own_server();
    let dir = server.dir().display();
    let url = format!("postgres://postgres@localhost/postgres?host={dir}&port={PORT}");
    for further in ["", "ignore_startup_parameters = options,extra_float_digits"] {
        let Some(pooler) = Pooler::before(&server, further).await else {
            return;
        };
        let mut watcher = Watcher::on(&url);
        let why = watcher.any(|news| match news {
            MonitorNews::Lost { why, .. } => Some(why.clone()),
            other => panic!("it is no server of its own: {other:?}"),
        });
        let why = why.await;
        assert!(
            why.contains("a connection pooler stands between us and the server"),
            "{why}"
        );
        assert!(why.contains("give the server's own address"), "{why}");
        drop((watcher, pooler));
    }
}
