//! Where a run takes place: its data, its runbook, its server, and what its steps have done.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use holdpoint::engine::rundir::RunDir;
use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::leftovers::Leftovers;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");

/// Every step and where its effect is counted: in a file, or in a table.
pub const EFFECTS: &[(&str, Kind)] = &[
    ("first", Kind::File),
    ("row", Kind::Table),
    ("retried", Kind::File),
    ("autocommit", Kind::Table),
    ("forgiving", Kind::File),
    ("psql", Kind::Table),
    ("value", Kind::File),
    ("last", Kind::File),
];

/// Where an effect is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Table,
}

/// `PLACE` is the work directory, `NAME` the name of the place in the table.
const RUNBOOK: &str = r#"
runbook: 1
title: Sweep
targets:
  here: {database: '${SWEEP_URL}'}
phases:
  - phase: One
    steps:
      - step: A line in a file
        id: first
        run: sleep 0.04; echo "$HOLDPOINT_ATTEMPT" >> PLACE/first; sleep 0.04
        verify: {check: grep -c . PLACE/first, expect: '= 1'}
      - step: A row in one transaction
        id: row
        sql: |
          insert into effects values ('NAME', 'row');
          select pg_sleep(0.06);
      - step: A line at the second try
        id: retried
        run: |
          sleep 0.02
          if ! test -e PLACE/tried; then touch PLACE/tried; echo not yet; exit 1; fi
          echo "$HOLDPOINT_ATTEMPT" >> PLACE/retried; sleep 0.02
        retry: {times: 30, wait: 1s, only_if: not yet}
  - phase: Two
    steps:
      - step: A row that commits by itself
        id: autocommit
        sql: insert into effects select 'NAME', 'autocommit' from pg_sleep(0.08)
        transaction: false
        verify: {sql: "select count(*) from effects where place = 'NAME' and step = 'autocommit'", expect: '= 1'}
      - step: A line, and its failure would be no matter
        id: forgiving
        run: echo "$HOLDPOINT_ATTEMPT" >> PLACE/forgiving; sleep 0.05; echo "found=it" >> "$HOLDPOINT_OUTPUT"
        on_failure: continue
      - step: A row by a tool
        id: psql
        run: PSQL "$SWEEP_URL" -XAtqc "insert into effects select 'NAME', 'psql' from pg_sleep(0.06)"
      - step: A line with what was found
        id: value
        run: echo found >> PLACE/value
      - step: A line after a while
        id: last
        run: for n in 1 2 3 4 5; do echo "line $n"; sleep 0.02; done; echo "$HOLDPOINT_ATTEMPT" >> PLACE/last
"#;

/// The server that all stories share.
pub fn server() -> &'static Sandbox {
    static SERVER: OnceLock<Sandbox> = OnceLock::new();
    SERVER.get_or_init(|| {
        let options = Options {
            password: Some("right".into()),
            listen: Listen::Loopback,
            ..Options::default()
        };
        let server = Sandbox::start(&any_server().unwrap(), options).unwrap();
        let table = "create table effects (place text, step text)";
        server.execute("postgres", table).unwrap();
        server
    })
}

/// The place of one story.
pub struct Place {
    // In front of the directory, for it goes first.
    _leftovers: Leftovers,
    dir: tempfile::TempDir,
    name: String,
    url: String,
}

impl Place {
    pub fn new(server: &Sandbox, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["home", "work"] {
            fs::create_dir(dir.path().join(sub)).unwrap();
        }
        let work = dir.path().join("work").display().to_string();
        let psql = server.binaries().tool("psql").expect("psql is at hand");
        let text = RUNBOOK
            .replace("PLACE", &work)
            .replace("NAME", name)
            .replace("PSQL", &psql.display().to_string());
        fs::write(dir.path().join("run.yaml"), text).unwrap();
        Self {
            _leftovers: Leftovers::of(dir.path()),
            dir,
            name: name.into(),
            url: server.url("postgres"),
        }
    }

    /// Starts the program.
    pub fn start(&self, args: &[&str]) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("said.txt"))
            .unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path().join("home"))
            .env("HOLDPOINT_DATA", self.dir.path().join("data"))
            .env("SWEEP_URL", &self.url)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command.spawn().unwrap()
    }

    /// Returns all that the program said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("said.txt")).unwrap_or_default()
    }

    /// Whether the last thing said was that this very process drives.
    pub fn refused_for_us(&self) -> bool {
        let own = format!("drives this run, pid {} on", std::process::id());
        self.said()
            .lines()
            .last()
            .is_some_and(|line| line.contains(&own))
    }

    /// Returns the newest run, once there is one.
    pub fn run(&self) -> Option<RunDir> {
        let runs = fs::read_dir(self.dir.path().join("data/runs")).ok()?;
        let paths = runs.filter_map(|entry| Some(entry.ok()?.path()));
        let path = paths.max_by_key(|path| fs::metadata(path).and_then(|m| m.created()).ok())?;
        path.join("journal.jsonl")
            .exists()
            .then_some(RunDir { path })
    }

    /// Returns how often the effect of `step` is there.
    pub fn effects(&self, step: &str) -> usize {
        let (_, kind) = EFFECTS.iter().find(|(name, _)| *name == step).unwrap();
        match kind {
            Kind::File => {
                let path = self.dir.path().join("work").join(step);
                fs::read_to_string(path).map_or(0, |text| text.lines().count())
            }
            Kind::Table => {
                let name = &self.name;
                let sql = format!(
                    "select count(*)::text from effects where place = '{name}' and step = '{step}'"
                );
                self.ask(&sql).parse().unwrap()
            }
        }
    }

    /// Returns how many server sessions of `run` are at work.
    pub fn sessions(&self, run: &RunDir) -> usize {
        let short = run.name().rsplit('-').next().unwrap().to_owned();
        let sql = format!(
            "select count(*)::text from pg_stat_activity where application_name like 'holdpoint.{short}.%' and state <> 'idle'"
        );
        self.ask(&sql).parse().unwrap()
    }

    fn ask(&self, sql: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let options: PgConnectOptions = self.url.parse().unwrap();
            let mut conn: PgConnection =
                options.disable_statement_logging().connect().await.unwrap();
            let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                .fetch_one(&mut conn)
                .await
                .unwrap();
            row.try_get_raw(0).unwrap().as_str().unwrap().to_owned()
        })
    }

    /// Keeps the place for somebody to look at.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}
