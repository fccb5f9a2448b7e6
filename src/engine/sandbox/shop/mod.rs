//! A small shop at work on a sandbox: its data, its programs, one forgotten report, and a page that tells whether it is up.

mod health;
mod programs;

use std::sync::mpsc;
use std::thread::JoinHandle;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::engine::sandbox::{Listen, Options, Sandbox, SandboxError, ServerBinaries};

/// The shop's tables and rows.
const SCHEMA: &str = include_str!("../../../../assets/demo/schema.sql");
/// The shop's database.
const DATABASE: &str = "shop";
/// Who owns the tables and runs migrations: no superuser, but may watch and end other sessions.
const DEPLOYER: &str = "deployer";
/// Who the shop's programs are.
const PROGRAM: &str = "shop_app";

/// An open shop. Dropping it closes the shop and takes its server away.
#[derive(Debug)]
pub struct Shop {
    url: String,
    password: String,
    health_url: String,
    close: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Last, so that the programs are gone before their server goes.
    sandbox: Sandbox,
}

impl Shop {
    /// Starts a server on loopback with `binaries`, fills it and opens the shop: about four seconds.
    pub fn open(binaries: &ServerBinaries) -> Result<Self, SandboxError> {
        let options = Options {
            password: Some(random_word()?),
            listen: Listen::Loopback,
            ..Options::default()
        };
        let sandbox = Sandbox::start(binaries, options)?;
        let (deployer, program) = (random_word()?, random_word()?);
        sandbox.execute("postgres", &roles(&deployer, &program))?;
        sandbox.execute(
            "postgres",
            &format!("create database {DATABASE} owner {DEPLOYER}"),
        )?;
        let url = sandbox.url_as(DATABASE, DEPLOYER, Some(&deployer));
        sandbox.execute(
            DATABASE,
            &format!("set role {DEPLOYER}; {SCHEMA}; {}", grants()),
        )?;
        let programs = sandbox.url_as(DATABASE, PROGRAM, Some(&program));
        let (close, closed) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || work(&programs, &tell, closed));
        let health_url = told
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("the shop's thread died")))
            .map_err(SandboxError::file("127.0.0.1"))?;
        Ok(Self {
            url,
            password: deployer,
            health_url,
            close: Some(close),
            thread: Some(thread),
            sandbox,
        })
    }

    /// Returns the server it runs on.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Returns the connection URL of the role that migrates; it holds the password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address of the shop's own pages, without a slash at the end; `/health` tells whether it is up.
    pub fn address(&self) -> &str {
        &self.health_url
    }

    /// Returns the variables by which PostgreSQL's own programs find the shop's database as the role that migrates.
    pub fn connection_environment(&self) -> Vec<(String, String)> {
        [
            ("DATABASE_URL", self.url.as_str()),
            ("PGHOST", "127.0.0.1"),
            ("PGPORT", &self.sandbox.port().to_string()),
            ("PGUSER", DEPLOYER),
            ("PGPASSWORD", &self.password),
            ("PGDATABASE", DATABASE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(close) = self.close.take() {
            let _ = close.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs the shop's programs until `closed` is told, on this thread.
fn work(url: &str, tell: &mpsc::Sender<std::io::Result<String>>, closed: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(e) => {
            let _ = tell.send(Err(e));
            return;
        }
    };
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let listening = health::listen(url, &mut tasks).await;
        if listening.is_ok() {
            programs::employ(url, &mut tasks).await;
        }
        let _ = tell.send(listening);
        let _ = closed.await;
        // Dropping the set ends every program where it stands: their server goes next.
    });
    runtime.shutdown_background();
}

fn roles(deployer: &str, program: &str) -> String {
    format!(
        "create role {DEPLOYER} login password '{deployer}';
         create role {PROGRAM} login password '{program}';
         grant pg_monitor, pg_signal_backend to {DEPLOYER};"
    )
}

fn grants() -> String {
    format!("grant select, insert, update on all tables in schema public to {PROGRAM}")
}

/// Returns 32 random hexadecimal digits.
fn random_word() -> Result<String, SandboxError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        SandboxError::file("/dev/urandom")(std::io::Error::other("it gives no random numbers"))
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
