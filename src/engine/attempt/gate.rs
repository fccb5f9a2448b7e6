//! The gate in front of a command: it begins only once it is written down which process it is.
//!
//! Whoever finds a supervisor dead must be able to tell whether its command still works. Between the birth of a process
//! and the note of its number there is a moment in which nobody could: so the process waits behind this gate, which is
//! this program itself, and becomes the command when the word is given. Where the supervisor dies first it never begins.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The hidden subcommand of this program that is the gate.
pub const GATE: &str = "__begin";
/// Exit code of a gate whose supervisor died before it gave the word.
const NEVER: u8 = 126;
/// Exit code where there is no such command; shells say the same.
const NO_COMMAND: u8 = 127;

/// The word that opens a gate.
#[derive(Debug)]
pub struct Word(PipeWriter);

impl Word {
    /// Returns the word, and what the gate hears it by.
    pub fn new() -> io::Result<(Self, Stdio)> {
        let (reader, writer) = io::pipe()?;
        Ok((Self(writer), reader.into()))
    }

    /// Gives it. A gate that is gone has its end told by its exit.
    pub fn give(mut self) {
        let _ = self.0.write_all(b"\n");
    }
}

/// Waits for the word on standard input and becomes the command `words`; returns only where that cannot be.
pub fn begin(mut words: impl Iterator<Item = OsString>) -> u8 {
    let mut word = [0];
    if io::stdin().read_exact(&mut word).is_err() {
        return NEVER;
    }
    let Some(program) = words.next() else {
        return NO_COMMAND;
    };
    let error = Command::new(&program)
        .args(words)
        .stdin(Stdio::null())
        .exec();
    let program = Path::new(&program).display();
    let _ = writeln!(io::stderr(), "{program} cannot be started: {error}");
    NO_COMMAND
}
