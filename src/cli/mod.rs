//! Who starts it, and how it ends.

pub mod approve;
pub mod args;
pub mod audit;
pub mod begin;
pub mod check;
pub mod checks;
pub mod demo;
pub mod diff;
pub mod export;
pub mod failure;
pub mod fmt;
pub mod import;
pub mod keygen;
pub mod log;
pub mod monitor;
pub mod new;
pub mod parameters;
pub mod person;
pub mod rehearse;
pub mod report;
pub mod resume;
pub mod run;
pub mod runs;
pub mod schema;
pub mod session;
pub mod sign;
pub mod trust;
pub mod verify;
pub mod watch;

use std::io::{IsTerminal as _, Write as _};

use clap::{CommandFactory as _, Parser as _};

use crate::cli::args::{Args, Command};
use crate::cli::failure::{Failure, USAGE};
use crate::engine::attempt;

/// Runs the command line; returns the exit code.
pub fn main() -> u8 {
    if let Some(code) = supervisor() {
        return code;
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misused(&error),
    };
    match perform(args.command) {
        Ok(code) => code,
        Err(failure) => {
            let _ = std::io::stderr().write_all(failure.text().as_bytes());
            failure.code
        }
    }
}

/// Prints the help that was asked for, or what is wrong; `verify` and `audit` say 3 for that, because 2 is one of their
/// verdicts.
fn misused(error: &clap::Error) -> u8 {
    let _ = error.print();
    let verifies = std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == "verify" || word == "audit");
    match (error.use_stderr(), verifies) {
        (false, _) => 0,
        (true, true) => verify::UNUSABLE,
        (true, false) => USAGE,
    }
}

/// The hidden subcommands: what every attempt runs under, and the gate through which its command goes.
fn supervisor() -> Option<u8> {
    let mut words = std::env::args_os().skip(1);
    let first = words.next()?;
    if first == attempt::GATE {
        return Some(attempt::begin(words));
    }
    if first != attempt::SUBCOMMAND {
        return None;
    }
    let (dir, name) = (words.next()?, words.next()?);
    Some(attempt::supervise(dir.as_ref(), &name.to_string_lossy()))
}

fn perform(command: Option<Command>) -> Result<u8, Failure> {
    match command {
        None => begin::begin(),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Resume(args)) => resume::resume(&args),
        Some(Command::Watch(args)) => watch::watch(&args),
        Some(Command::Runs(args)) => runs::runs(&args),
        Some(Command::Log(args)) => log::log(&args),
        Some(Command::Verify(args)) => verify::verify(&args),
        Some(Command::Audit(args)) => audit::audit(&args),
        Some(Command::Report(args)) => report::report(&args),
        Some(Command::Sign(args)) => sign::sign(&args),
        Some(Command::Approve(args)) => approve::approve(&args),
        Some(Command::Diff(args)) => diff::diff(&args),
        Some(Command::Trust(args)) => trust::trust(&args),
        Some(Command::Keygen(args)) => keygen::keygen(&args),
        Some(Command::New(args)) => new::new(&args),
        Some(Command::Check(args)) => Ok(check::check(&args.files, args.format())),
        Some(Command::Checks(args)) => checks::checks(&args),
        Some(Command::Import(args)) => import::import(&args),
        Some(Command::Export(args)) => export::export(&args),
        Some(Command::Fmt(args)) => fmt::fmt(&args),
        Some(Command::Monitor(args)) => monitor::monitor(&args),
        Some(Command::Demo(args)) => demo::demo(&args),
        Some(Command::Schema) => schema::print().map(|()| 0).map_err(|e| Failure::world(&e)),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(
                shell,
                &mut Args::command(),
                "holdpoint",
                &mut std::io::stdout(),
            );
            Ok(0)
        }
    }
}

/// A screen needs a terminal to read keys from and one to draw on.
///
/// # Errors
/// There is none.
pub fn need_terminal(instead: &str) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(USAGE, "there is no terminal to draw on").hint(instead))
}

/// Prints `text` on standard output; whoever closed it does not want it.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
