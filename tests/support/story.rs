//! One story: a database of its own, a home, people with keys, and the program started in it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use holdpoint::engine::sandbox::{
    Listen, MariaOptions, MariaSandbox, Options, Sandbox, any_server, find_maria,
};
use tempfile::TempDir;

use super::leftovers::Leftovers;
use super::signers::Signers;

/// The password of the servers' superuser; it must never be found in a record.
pub const PASSWORD: &str = "kept-out-of-it";

/// A server of the story's own, or the one of its family that all stories share.
enum Server {
    Shared(&'static Sandbox),
    Own(Box<Sandbox>),
    Maria(&'static MariaSandbox),
    OwnMaria(Box<MariaSandbox>),
}

/// Everything that one story needs.
pub struct Story {
    server: Server,
    pub database: String,
    // In front of the directory, for it goes first.
    _leftovers: Leftovers,
    pub home: TempDir,
    pub signers: Signers,
    book: &'static str,
    path: Vec<PathBuf>,
    environment: Vec<(String, String)>,
    settings: Vec<String>,
}

impl Story {
    /// A story of the runbook `book` with an empty database on the shared server, and people for `roles`.
    pub fn new(book: &'static str, roles: &[&str]) -> Self {
        static SHARED: OnceLock<Sandbox> = OnceLock::new();
        Self::on(Server::Shared(SHARED.get_or_init(start)), book, roles)
    }

    /// A story on a server of its own: for what disturbs the neighbours.
    pub fn alone(book: &'static str, roles: &[&str]) -> Self {
        Self::on(Server::Own(Box::new(start())), book, roles)
    }

    /// As [`Story::new`], on MariaDB (or MySQL); `None`: there is none here, which is told, and is an error in CI.
    pub fn on_maria(book: &'static str, roles: &[&str]) -> Option<Self> {
        static SHARED: OnceLock<Option<MariaSandbox>> = OnceLock::new();
        let server = SHARED.get_or_init(start_maria).as_ref()?;
        Some(Self::on(Server::Maria(server), book, roles))
    }

    /// As [`Story::alone`], on MariaDB (or MySQL).
    pub fn alone_on_maria(book: &'static str, roles: &[&str]) -> Option<Self> {
        let server = Box::new(start_maria()?);
        Some(Self::on(Server::OwnMaria(server), book, roles))
    }

    fn on(server: Server, book: &'static str, roles: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let database = format!("story_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let home = tempfile::tempdir().unwrap();
        let signers = Signers::new(home.path(), roles);
        let story = Self {
            server,
            database,
            _leftovers: Leftovers::of(home.path()),
            home,
            signers,
            book,
            path: Vec::new(),
            environment: Vec::new(),
            settings: Vec::new(),
        };
        match &story.server {
            Server::Shared(_) | Server::Own(_) => story.server().create_database(&story.database),
            Server::Maria(_) | Server::OwnMaria(_) => {
                story.maria().create_database(&story.database)
            }
        }
        .unwrap();
        story
    }

    /// Returns the server, a PostgreSQL.
    pub fn server(&self) -> &Sandbox {
        match &self.server {
            Server::Shared(server) => server,
            Server::Own(server) => server,
            Server::Maria(_) | Server::OwnMaria(_) => panic!("this story is on MariaDB"),
        }
    }

    /// Returns the server, a MariaDB or MySQL.
    pub fn maria(&self) -> &MariaSandbox {
        match &self.server {
            Server::Maria(server) => server,
            Server::OwnMaria(server) => server,
            Server::Shared(_) | Server::Own(_) => panic!("this story is on PostgreSQL"),
        }
    }

    pub(super) fn is_on_maria(&self) -> bool {
        matches!(self.server, Server::Maria(_) | Server::OwnMaria(_))
    }

    /// Returns the client program of MariaDB, ready for statements, as `user` with the [`PASSWORD`].
    pub fn client(&self, user: &str) -> Command {
        let server = self.maria();
        let tool = |name| server.binaries().tool(name);
        let program = tool("mariadb").or_else(|| tool("mysql"));
        let mut client = Command::new(program.expect("the client is needed"));
        client.args(["--no-defaults", "-nNB", "-h127.0.0.1", "-u", user]);
        client.arg(format!("-P{}", server.port()));
        client.arg(&self.database).env("MYSQL_PWD", PASSWORD);
        client
    }

    /// Puts `dir` first on the program's `PATH`.
    pub fn add_path(&mut self, dir: PathBuf) {
        self.path.push(dir);
    }

    /// Sets a variable of the program's environment.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Gives the runbook a parameter; the last one of a name counts.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings
            .retain(|pair| !pair.starts_with(&format!("{name}=")));
        self.settings.push(format!("{name}={value}"));
    }

    /// Returns the database's address.
    pub fn url(&self) -> String {
        if self.is_on_maria() {
            return self.maria().url(&self.database);
        }
        self.server().url(&self.database)
    }

    /// Sends statements to the database.
    pub fn sql(&self, statements: &str) {
        if self.is_on_maria() {
            return self.maria().execute(&self.database, statements).unwrap();
        }
        self.server().execute(&self.database, statements).unwrap();
    }

    /// Asks for one value; rows are lines.
    pub fn value(&self, query: &str) -> String {
        if self.is_on_maria() {
            return printed(self.client("root").args(["-e", query]));
        }
        let mut psql = self.server().psql(&self.database).expect("psql is needed");
        printed(psql.args(["-XAt", "-v", "ON_ERROR_STOP=1", "-c", query]))
    }

    /// Returns the project's directory.
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// Returns what the project keeps under `deployments`.
    pub fn archived(&self, name: &str) -> String {
        fs::read_to_string(self.dir().join("deployments").join(name)).unwrap()
    }

    /// Writes a file that the project is to have kept under `deployments` already.
    pub fn archive(&self, name: &str, text: &str) {
        let dir = self.dir().join("deployments");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(name), text).unwrap();
    }

    /// Returns the run's directory: there is one only.
    pub fn run_dir(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// Returns the directories of all runs.
    pub fn runs(&self) -> Vec<PathBuf> {
        let Ok(found) = fs::read_dir(self.home.path().join("data/runs")) else {
            return Vec::new();
        };
        found.map(|entry| entry.unwrap().path()).collect()
    }

    /// Returns how many records of `kind` the journal of the only run holds.
    fn events(&self, kind: &str) -> usize {
        let journal = fs::read_to_string(self.run_dir().join("journal.jsonl")).unwrap();
        let sign = format!("\"type\":\"{kind}\"");
        journal.lines().filter(|line| line.contains(&sign)).count()
    }

    /// Returns the words that start the run on `target`.
    pub fn words(&self, target: &str) -> Vec<String> {
        let book = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("runbooks")
            .join(self.book);
        let mut words = ["run", book.to_str().unwrap(), "--target", target]
            .map(str::to_owned)
            .to_vec();
        let fixed = [
            format!("database={}", self.database),
            format!("project_dir={}", self.dir().display()),
        ];
        for pair in fixed.iter().chain(&self.settings) {
            words.extend(["--set".to_owned(), pair.clone()]);
        }
        words.extend(["--key".to_owned(), self.signers.operator_key()]);
        words
    }

    /// Returns the variables of the run on `target`; the other target's database does not exist.
    pub fn environment(&self, target: &str) -> Vec<(String, String)> {
        let nowhere = "postgresql://nobody@127.0.0.1:1/nowhere".to_owned();
        let own = self.environment_value("DATABASE_URL").unwrap_or(self.url());
        let of = |name: &str| if name == target { &own } else { &nowhere }.clone();
        let [development, staging, production] = ["development", "staging", "production"].map(of);
        let mut path = self.path.clone();
        if !self.is_on_maria() {
            path.push(self.server().binaries().bin.clone());
        }
        path.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let path = std::env::join_paths(path).unwrap();
        let home = self.home.path();
        let all = [
            ("PATH", path.into_string().unwrap()),
            ("HOME", home.display().to_string()),
            ("HOLDPOINT_DATA", home.join("data").display().to_string()),
            ("HOLDPOINT_TRUST", self.signers.trust.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("DEV_DATABASE_URL", development),
            ("STAGING_DATABASE_URL", staging),
            ("DATABASE_URL", production),
        ];
        let more = self.environment.iter();
        let more = more.filter(|(name, _)| name != "DATABASE_URL").cloned();
        let all = all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        all.chain(more).collect()
    }

    fn environment_value(&self, name: &str) -> Option<String> {
        let found = self.environment.iter().rev().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone())
    }

    /// Runs the program without a terminal; returns the exit code and all that it said.
    fn headless(&self, target: &str, words: &[String]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(words)
            .env_clear()
            .envs(self.environment(target))
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code().unwrap_or(-1), said(&output))
    }

    /// Starts the run on `target` without a screen.
    fn auto(&self, target: &str) -> (i32, String) {
        let mut words = self.words(target);
        words.push("--auto".to_owned());
        self.headless(target, &words)
    }

    /// Asserts that a run on `target` without a screen goes as far as it may and leaves the rest to a person, saying `why`.
    pub fn assert_leaves_to_a_person(&self, target: &str, why: &str) {
        let (code, said) = self.auto(target);
        assert_eq!(code, 5, "{said}");
        assert!(said.contains(why), "{said}");
    }

    /// Asserts that a run on `target` is put on hold before anything is run.
    pub fn assert_held_at_once(&self, target: &str) {
        self.assert_leaves_to_a_person(target, "the run is on hold");
        assert_eq!(self.events("step.started"), 0);
    }

    /// Returns how many broken databases of this story lie aside for somebody to look at.
    pub fn databases_set_aside(&self) -> usize {
        let like = format!("{}_failed_%", self.database);
        let query = format!("select count(*) from pg_database where datname like '{like}'");
        self.value(&query).parse().unwrap()
    }

    /// Has everybody who did not sign yet do so, holds the log against the verifier, and returns it.
    pub fn seal(&self) -> String {
        let run_dir = self.run_dir();
        self.signers.sign_the_rest(&run_dir);
        self.signers.assert_sealed(&run_dir);
        assert_no_password(&run_dir);
        fs::read_to_string(run_dir.join("log.md")).unwrap()
    }
}

fn assert_no_password(run_dir: &Path) {
    let mut grep = Command::new("grep");
    let found = grep.args(["-rlF", PASSWORD]).arg(run_dir).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the password");
}

fn start() -> Sandbox {
    let options = Options {
        password: Some(PASSWORD.into()),
        listen: Listen::Loopback,
        ..Options::default()
    };
    Sandbox::start(&any_server().unwrap(), options).unwrap()
}

/// Where there is none the test says so; in CI it fails.
#[expect(clippy::print_stderr, reason = "what is skipped must be seen")]
fn start_maria() -> Option<MariaSandbox> {
    let binaries = match find_maria() {
        Ok(binaries) => binaries,
        Err(why) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {why}");
            return None;
        }
        Err(why) => panic!("{why}"),
    };
    let options = MariaOptions {
        password: Some(PASSWORD.into()),
        ..MariaOptions::default()
    };
    Some(MariaSandbox::start(&binaries, options.observable(binaries.brand)).unwrap())
}

/// Runs `command`, which must succeed, and returns what it printed.
pub fn printed(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns the directory of the fixture `name`.
pub fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(name)
}

/// Returns a port of 127.0.0.1 that nobody uses.
pub fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

/// Does something while the migrations `later`, which lie in `dir`, are not there yet.
pub fn without(dir: &Path, later: &[&str], meanwhile: impl FnOnce()) {
    let away = tempfile::tempdir_in(dir.parent().unwrap()).unwrap();
    for name in later {
        fs::rename(dir.join(name), away.path().join(name)).unwrap();
    }
    meanwhile();
    for name in later {
        fs::rename(away.path().join(name), dir.join(name)).unwrap();
    }
}

/// Copies a directory.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
