//! The gate in front of a command: it begins only once it is written down which process it is.
//!
//! Whoever finds a supervisor dead must be able to tell whether its command still works. Between the birth of a process
//! and the note of its number there is a moment in which nobody could: so the process waits behind this gate, which is
//! this program itself, and becomes the command when the word is given. Where the supervisor dies first it never begins.
//!
//! `__begin 0 COMMAND…` hears the word by standard input; `__begin 2 COMMAND…` by standard error, where the command has the
//! terminal and a person types on standard input: the gate makes it the terminal's again.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::attempt::TerminalUse;

/// The hidden subcommand of this program that is the gate.
pub const GATE: &str = "__begin";
/// Exit code of a gate whose supervisor died before it gave the word.
const NEVER: u8 = 126;
/// The stream by which the word is heard, as the gate is told it.
const BY_INPUT: &str = "0";
const BY_ERRORS: &str = "2";
/// Exit code where there is no such command; shells say the same.
const NO_COMMAND: u8 = 127;

/// The word that opens a gate.
#[derive(Debug)]
pub struct Word(PipeWriter);

impl Word {
    /// Returns the word for the gate that `command` is, and connects it.
    pub fn to(command: &mut tokio::process::Command, terminal: TerminalUse) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        match terminal {
            TerminalUse::Captured => command.stdin(reader),
            TerminalUse::Inherited => command.stderr(reader),
        };
        Ok(Self(writer))
    }

    /// Gives it. A gate that is gone has its end told by its exit.
    pub fn give(mut self) {
        let _ = self.0.write_all(b"\n");
    }
}

/// Returns how the gate is told by which stream it hears the word.
pub fn told(terminal: TerminalUse) -> &'static str {
    match terminal {
        TerminalUse::Captured => BY_INPUT,
        TerminalUse::Inherited => BY_ERRORS,
    }
}

/// Waits for the word on the stream that `words` name first, and becomes the command that follows; returns only where
/// that cannot be.
pub fn begin(mut words: impl Iterator<Item = OsString>) -> u8 {
    let by_errors = words.next().is_some_and(|by| by == BY_ERRORS);
    if hear(by_errors).is_err() {
        return NEVER;
    }
    let Some(program) = words.next() else {
        return NO_COMMAND;
    };
    let mut command = Command::new(&program);
    command.args(words);
    if !by_errors {
        command.stdin(Stdio::null());
    }
    let error = command.exec();
    let program = Path::new(&program).display();
    let _ = writeln!(io::stderr(), "{program} cannot be started: {error}");
    NO_COMMAND
}

/// Reads the word; an error: nobody will ever give it.
fn hear(by_errors: bool) -> io::Result<()> {
    let mut word = [0];
    if !by_errors {
        return io::stdin().read_exact(&mut word);
    }
    let errors = io::stderr().as_fd().try_clone_to_owned()?;
    File::from(errors).read_exact(&mut word)?;
    Ok(rustix::stdio::dup2_stderr(io::stdout())?)
}
