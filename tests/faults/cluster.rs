//! A server that a test stops, starts again, copies and replaces.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use holdpoint::engine::sandbox::{ServerBinaries, any_server};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;

pub struct Cluster {
    dir: TempDir,
    binaries: ServerBinaries,
    port: u16,
}

/// Returns a port of 127.0.0.1 that nobody uses, and that the system gives to nobody who asks for any: a server here goes
/// and comes back to its own.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let given = range
        .ok()
        .and_then(|r| r.split_whitespace().next()?.parse().ok());
    let given = given.unwrap_or(32_768).clamp(11_025, 32_768);
    let candidates = (0..10_000).map(|_| {
        let n = std::process::id() * 37 + NEXT.fetch_add(1, Ordering::Relaxed);
        u16::try_from(10_000 + n % (given - 10_000)).unwrap()
    });
    let mut free = candidates.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("every port is taken")
}

impl Cluster {
    /// Makes a cluster that will listen on `port`, and does not start it.
    pub fn make(port: u16, settings: &str) -> Self {
        let cluster = Self::empty(port);
        let data = cluster.data();
        let words = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "-N", "-D"];
        let made = cluster.program("initdb").args(words).arg(&data).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{made:?}");
        let path = data.join("postgresql.conf");
        let mut text = fs::read_to_string(&path).unwrap();
        text += "fsync = off\nunix_socket_directories = ''\nshared_buffers = '16MB'\n";
        text += settings;
        fs::write(&path, text).unwrap();
        cluster
    }

    /// Makes one and starts it.
    pub fn start(settings: &str) -> Self {
        let cluster = Self::make(free_port(), settings);
        cluster.up();
        cluster
    }

    /// Copies this running server into one that will be its standby, on the same port.
    pub fn standby(&self) -> Self {
        let copy = Self::empty(self.port);
        let words = [
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-c",
            "fast",
            "-X",
            "stream",
            "-R",
        ];
        let mut backup = copy.program("pg_basebackup");
        backup.args(words).args(["-p", &self.port.to_string()]);
        let made = backup.arg("-D").arg(copy.data()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        copy
    }

    fn empty(port: u16) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("hp-faults")
            .tempdir_in("/tmp")
            .unwrap();
        if let Some((uid, gid)) = account() {
            chown(dir.path(), Some(uid), Some(gid)).unwrap();
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let binaries = any_server().unwrap();
        Self {
            dir,
            binaries,
            port,
        }
    }

    /// Lets anybody in from `address`'s network.
    pub fn trust(&self, address: &str) {
        let path = self.data().join("pg_hba.conf");
        let mut text = fs::read_to_string(&path).unwrap();
        text += &format!("host all all {address}/24 trust\n");
        fs::write(&path, text).unwrap();
    }

    pub fn up(&self) {
        self.up_at("127.0.0.1");
    }

    /// Starts it on `address`.
    pub fn up_at(&self, address: &str) {
        let listens = format!("-p {} -c listen_addresses={address}", self.port);
        let log = self.dir.path().join("log");
        let mut start = self.pg_ctl(&["start", "-w", "-o", &listens, "-l"]);
        // It inherits what it prints to: a pipe would never end.
        let status = start.arg(&log).stdout(Stdio::null()).stderr(Stdio::null());
        let status = status.status().unwrap();
        assert!(status.success(), "{}", fs::read_to_string(&log).unwrap());
    }

    /// Makes a standby a primary, while whoever is connected stays so.
    pub fn promote(&self) {
        let done = self.pg_ctl(&["promote", "-w"]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    pub fn down(&self) {
        let status = self
            .pg_ctl(&["stop", "-w", "-m", "immediate"])
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        Self::url_of("postgres", "127.0.0.1", self.port)
    }

    pub fn url_of(user: &str, host: &str, port: u16) -> String {
        format!("postgres://{user}@{host}:{port}/postgres?sslmode=disable")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn pg_ctl(&self, words: &[&str]) -> Command {
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data()).args(words);
        command
    }

    fn program(&self, name: &str) -> Command {
        let path = self.binaries.tool(name);
        let path = path.unwrap_or_else(|| Path::new(&self.binaries.bin).join(name));
        let mut command = Command::new(path);
        command.current_dir(self.dir.path()).env_clear();
        command.env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
        if let Some((uid, gid)) = account() {
            command.uid(uid).gid(gid);
        }
        command.stdin(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.pg_ctl(&["stop", "-w", "-m", "immediate"]).output();
    }
}

/// Asks the server at `url`; returns the first value of the first row, empty where there is none.
pub fn ask(url: &str, sql: &str) -> Result<String, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = options.disable_statement_logging().connect().await?;
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut conn)
            .await?;
        conn.close().await?;
        let value = rows
            .first()
            .and_then(|row| row.try_get_raw(0).ok()?.as_str().ok().map(str::to_owned));
        Ok(value.unwrap_or_default())
    })
}

/// Who the server runs as where we are root: it refuses to be.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = passwd
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        Some((ids.next()?, ids.next()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
