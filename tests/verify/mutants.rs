//! A good bundle with edits in it: the one entry that the property test here and the fuzz target (`fuzz/`) drive.

use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::engine::seal::Desk;
use holdpoint::engine::seal::verify::{Question, VerifyReport, verify};

/// What is edited, and the list of signers.
const FILES: [&str; 4] = ["log.md", "journal.jsonl", "runbook.yaml", "output/02.1.txt"];

/// A copy of a golden bundle that is edited again and again.
pub struct Mutants {
    dir: PathBuf,
    trust: PathBuf,
    desk: Desk,
    whole: Vec<Vec<u8>>,
}

impl Mutants {
    /// Copies the first golden bundle to `scratch`.
    pub fn new(scratch: &Path) -> Self {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|dir| dir.join("tests/fixtures/golden"))
            .find(|dir| dir.is_dir())
            .unwrap();
        let place = first(&golden);
        let run = first(&place);
        let dir = scratch.join(run.file_name().unwrap());
        copy(&run, &dir);
        let trust = scratch.join("allowed_signers");
        fs::copy(place.join("allowed_signers"), &trust).unwrap();
        let whole = FILES.map(|file| fs::read(dir.join(file)).unwrap()).to_vec();
        let desk = Desk::at(scratch.to_owned(), scratch.to_owned(), None);
        Self {
            dir,
            trust,
            desk,
            whole,
        }
    }

    /// The run's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The list of signers.
    pub fn trust(&self) -> &Path {
        &self.trust
    }

    /// Makes the edits that `bytes` spell and verifies; `None`: they change nothing.
    ///
    /// An edit is `file, kind, place (two bytes), length, text…`: bytes are put in, put over, taken out, or copied.
    pub fn verified_as(&self, mut bytes: &[u8]) -> Option<VerifyReport> {
        let mut files = self.whole.clone();
        while let [file, kind, high, low, length, rest @ ..] = bytes {
            let text = &mut files[usize::from(*file) % FILES.len()];
            let length = usize::from(*length);
            let at = usize::from(u16::from_be_bytes([*high, *low])) % (text.len() + 1);
            let end = (at + length).min(text.len());
            let taken = length.min(rest.len());
            bytes = rest;
            match kind % 4 {
                0 => drop(text.splice(at..at, rest[..taken].iter().copied())),
                1 => drop(text.splice(
                    at..(at + taken).min(text.len()),
                    rest[..taken].iter().copied(),
                )),
                2 => drop(text.drain(at..end)),
                _ => text.extend_from_within(at..end),
            }
            if kind % 4 < 2 {
                bytes = &rest[taken..];
            }
        }
        if files == self.whole {
            return None;
        }
        for (file, bytes) in FILES.iter().zip(&files) {
            fs::write(self.dir.join(file), bytes).unwrap();
        }
        let question = Question {
            trust: Some(self.trust.clone()),
            ..Question::default()
        };
        Some(verify(&self.desk, &self.dir, &question).unwrap())
    }
}

fn first(dir: &Path) -> PathBuf {
    let mut dirs: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    dirs.retain(|p| p.is_dir());
    dirs.sort();
    dirs.remove(0)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::write(&to, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}
