//! Several monitors at one server at the same time, and what each costs itself and the server.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::engine::sandbox::Sandbox;
use portable_pty::CommandBuilder;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};
use tokio::runtime::{Builder, Runtime};

use crate::crowd::Scene;
use crate::peer::{BLOCKING, PG_TOP};
use crate::support::Done;
use crate::support::cost::{Cost, memory_kb};
use crate::support::figures::{ms, ratio};
use crate::support::place::Place;
use crate::support::terminal::{Terminal, whole_frame};

/// The columns of [`watch`].
pub const HEADS: [&str; 11] = [
    "scene",
    "tool",
    "looks",
    "server ms per look",
    "of pg_activity, blocking",
    "of pg_top",
    "client CPU s per min",
    "of pg_activity, blocking",
    "MB after 3 s",
    "MB at most",
    "first data ms",
];

/// The time between two questions who is there; several statements within half a second are one look.
const POLL: Duration = Duration::from_millis(150);
const ONE_LOOK: Duration = Duration::from_millis(500);

/// A monitor.
#[derive(Debug, Clone)]
pub struct Tool {
    /// What it is called in the table.
    pub name: &'static str,
    /// Whom it connects as: by its role its sessions are known.
    pub role: &'static str,
    /// Where it lies.
    pub program: PathBuf,
    /// How it is told where the server is.
    pub kind: Kind,
}

/// How a monitor is started.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `holdpoint monitor`, this one or another.
    Holdpoint,
    /// `pg_activity`, at the view of this key.
    PgActivity(&'static str),
    /// `pg_top`, told to keep its connection: else it opens one for every look, which cannot be watched.
    PgTop,
}

impl Tool {
    fn command(&self, place: &Place, server: &Sandbox, scene: Scene) -> CommandBuilder {
        let program = self.program.display().to_string();
        let url = server.url_as("postgres", self.role, None);
        let port = server.port().to_string();
        match self.kind {
            Kind::Holdpoint => {
                place.command(&[&program, "monitor", "--every", scene.every, "--url", &url])
            }
            Kind::PgActivity(_) => place.command(&[&program, "--refresh", "1", &url]),
            Kind::PgTop => place.command(&[
                &program,
                "-W",
                "-s",
                "1",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                self.role,
                "-d",
                "postgres",
            ]),
        }
    }

    /// Waits for what it shows first; returns when that came.
    fn appears(&self, terminal: &Terminal) -> Done<Instant> {
        match self.kind {
            Kind::Holdpoint => terminal.wait_for("active "),
            Kind::PgActivity(key) => {
                let first = terminal.wait_for("RUNNING QUERIES")?;
                terminal.press(key)?;
                Ok(first)
            }
            Kind::PgTop => {
                terminal.wait_for("Password")?;
                terminal.press("\r")?; // it asks, the server does not
                terminal.wait_for("USERNAME")
            }
        }
    }
}

/// A monitor at work.
struct Watcher {
    tool: Tool,
    terminal: Terminal,
    first_data: Duration,
    server: Cost,
    client: Cost,
    looks: u32,
    last: Option<Instant>,
    last_query: String,
    first_kb: u64,
    memory_kb: u64,
}

/// Runs all `tools` at `server` for `length`; returns a row for each.
pub fn watch(
    server: &Sandbox,
    scene: Scene,
    tools: &[Tool],
    length: Duration,
) -> Done<Vec<Vec<String>>> {
    let place = Place::new()?;
    let mut watchers = Vec::new();
    for tool in tools {
        watchers.push(start(tool, &place, server, scene)?);
    }
    sleep(Duration::from_secs(3));
    let mut desk = Desk::open(server)?;
    let began = Instant::now();
    while began.elapsed() < length {
        let sessions = desk.sessions()?;
        for watcher in &mut watchers {
            watcher.look(&sessions)?;
        }
        sleep(POLL);
    }
    let took = began.elapsed();
    let of = |name: &str| {
        let peer = watchers.iter().find(|w| w.tool.name == name);
        peer.map(|w| w.figures(took)).unwrap_or_default()
    };
    let peers = [of(BLOCKING), of(PG_TOP)];
    let rows = watchers.iter().map(|w| w.row(scene, took, peers));
    let rows = rows.collect();
    for watcher in watchers {
        watcher.terminal.end()?;
    }
    Ok(rows)
}

fn start(tool: &Tool, place: &Place, server: &Sandbox, scene: Scene) -> Done<Watcher> {
    let terminal = Terminal::start(tool.command(place, server, scene))?;
    let first = tool.appears(&terminal)?;
    if !matches!(tool.kind, Kind::PgTop) {
        terminal.wait("a whole frame", whole_frame)?;
    }
    Ok(Watcher {
        tool: tool.clone(),
        first_data: first - terminal.started,
        terminal,
        server: Cost::default(),
        client: Cost::default(),
        looks: 0,
        last: None,
        last_query: String::new(),
        first_kb: 0,
        memory_kb: 0,
    })
}

impl Watcher {
    fn look(&mut self, sessions: &[Session]) -> Done {
        let pid = self.terminal.pid()?;
        self.client.look(pid);
        let kb = memory_kb(pid)?;
        if self.first_kb == 0 {
            self.first_kb = kb;
        }
        self.memory_kb = self.memory_kb.max(kb);
        let ours = sessions.iter().filter(|s| s.role == self.tool.role);
        for session in ours.clone() {
            self.server.look(session.pid);
        }
        let query = ours.map(|s| s.began.as_str()).max().unwrap_or_default();
        if query != self.last_query {
            query.clone_into(&mut self.last_query);
            if self.last.is_none_or(|last| last.elapsed() > ONE_LOOK) {
                self.looks += 1;
                self.last = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// Server time per look, and client time per minute.
    fn figures(&self, took: Duration) -> (Duration, Duration) {
        let minutes = took.as_secs_f64() / 60.0;
        let server = self.server.spent() / self.looks.max(1);
        (server, self.client.spent().div_f64(minutes))
    }

    fn row(&self, scene: Scene, took: Duration, peers: [(Duration, Duration); 2]) -> Vec<String> {
        let (server, client) = self.figures(took);
        let [(blocking, blocking_client), (top, _)] = peers;
        vec![
            scene.name.to_owned(),
            self.tool.name.to_owned(),
            self.looks.to_string(),
            format!("{:.2}", server.as_secs_f64() * 1_000.0),
            ratio(server, blocking),
            ratio(server, top),
            format!("{:.2}", client.as_secs_f64()),
            ratio(client, blocking_client),
            megabytes(self.first_kb),
            megabytes(self.memory_kb),
            ms(self.first_data),
        ]
    }
}

fn megabytes(kb: u64) -> String {
    format!("{}.{}", kb / 1_000, kb % 1_000 / 100)
}

/// A session of a monitor.
struct Session {
    role: String,
    pid: u32,
    /// When its last statement began.
    began: String,
}

/// The benchmark's own connection.
struct Desk {
    machine: Runtime,
    conn: PgConnection,
}

impl Desk {
    fn open(server: &Sandbox) -> Done<Self> {
        let machine = Builder::new_current_thread().enable_all().build()?;
        let conn = machine.block_on(PgConnection::connect(&server.url("postgres")))?;
        Ok(Self { machine, conn })
    }

    fn sessions(&mut self) -> Done<Vec<Session>> {
        let sql = "select usename::text, pid, coalesce(query_start::text, '') from pg_stat_activity \
                   where usename like 'by\\_%' and backend_type = 'client backend'";
        let rows = sqlx::query(sql).fetch_all(&mut self.conn);
        let session = |row: &sqlx::postgres::PgRow| -> Done<Session> {
            Ok(Session {
                role: row.try_get(0)?,
                pid: u32::try_from(row.try_get::<i32, _>(1)?)?,
                began: row.try_get(2)?,
            })
        };
        self.machine.block_on(rows)?.iter().map(session).collect()
    }
}
