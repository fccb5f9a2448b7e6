//! Whether a log is the record that was signed, by people whom the verifier's own list names.
//!
//! It is total: whatever the files hold, the answer is a report.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use crate::domain::digest::sha256_hex;
use crate::domain::report::signoff;
use crate::domain::tame;
use crate::engine::seal::bundle::{Bundle, plain};
use crate::engine::seal::desk::Desk;

mod bytes;
mod chain;
mod evidence;
mod explain;
mod later;
mod page;
mod people;
mod review;
mod roots;

#[cfg(test)]
mod tests;

pub use chain::Chain;
pub use later::overdue;
pub use page::{About, page};
#[cfg(test)]
pub(in crate::engine::seal) use people::touched;
pub use people::{Signed, Worth};
pub use roots::{Claim, Found, List, Roots};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The list of trusted signers; `None`: the one that the verifier has configured.
    pub trust: Option<PathBuf>,
    /// The list of revoked keys; `None`: the one beside the trusted signers, or git's.
    pub revoked: Option<PathBuf>,
    /// Heads that were posted elsewhere.
    pub heads: Vec<Posted>,
}

/// A journal's head as somebody else kept it: `13:3f2a…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The record's number.
    pub seq: u64,
    /// The digest, or at least its first eight digits.
    pub head: String,
}

impl std::str::FromStr for Posted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "a head is written SEQ:HASH, with at least 8 digits of the hash".to_owned();
        let (seq, head) = text.split_once(':').ok_or_else(bad)?;
        let seq = seq.parse().map_err(|_| bad())?;
        let head = head.to_ascii_lowercase();
        if !(8..=64).contains(&head.len()) || !head.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        Ok(Self { seq, head })
    }
}

/// What one line of the report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mark {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It is still to be done.
    Todo,
    /// It is worth knowing, and changes no verdict.
    Warn,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it says.
    pub mark: Mark,
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub text: String,
}

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// This is the record that was signed, by people whom the list names for their roles.
    Verified,
    /// Something is not as it was signed, or not by whom it says.
    Failed,
    /// Nothing is wrong, and something is missing.
    #[default]
    Incomplete,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VerifyReport {
    /// The verdict.
    pub verdict: Verdict,
    /// What it rests on.
    pub lines: Vec<Line>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// There is no log.
    #[error("{path}: {source}; `holdpoint log RUN` writes the log of a run")]
    NoLog {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A list cannot be read.
    #[error("{path} cannot be read: {source}")]
    List {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list of signers lies in the folder that is to be verified.
    #[error(
        "{path} lies in the folder that is to be verified: whom to trust is never read from there, use your own list"
    )]
    TrustInBundle {
        /// Which.
        path: PathBuf,
    },
}

/// What was found out about one run's record.
#[derive(Debug)]
pub struct Examined {
    /// The report.
    pub report: VerifyReport,
    /// The digest of the log; `None`: there is none.
    pub log_sha256: Option<String>,
    /// Every signature, in order.
    pub signed: Vec<Signed>,
    /// The journal, where its chain is whole.
    pub chain: Option<Chain>,
    /// How many deviations the log lists, where it can be told from the journal.
    pub deviations: Option<usize>,
}

/// Verifies the log at `path`, which names it or its directory.
///
/// # Errors
/// There is no log, or a list that was named cannot be used. Whatever the log holds is no error but a report.
pub fn verify(desk: &Desk, path: &Path, question: &Question) -> Result<VerifyReport, VerifyError> {
    let bundle = Bundle::at(path);
    let roots = Roots::find(desk, question)?;
    let log = read(&roots, &bundle)?;
    Ok(examine(&roots, &bundle, Some(&log), question).report)
}

/// Reads the log of a bundle in which none of the verifier's lists lies.
///
/// # Errors
/// There is no log, or a list lies beside it.
pub fn read(roots: &Roots, bundle: &Bundle) -> Result<Vec<u8>, VerifyError> {
    let log = plain(&bundle.log).map_err(|source| VerifyError::NoLog {
        path: bundle.log.clone(),
        source,
    })?;
    roots.apart_from(bundle)?;
    Ok(log)
}

/// Looks at a run's record, whatever it holds. `log` is the log's bytes, where there is one.
pub fn examine(
    roots: &Roots,
    bundle: &Bundle,
    log: Option<&[u8]>,
    question: &Question,
) -> Examined {
    let mut lines = Lines::default();
    let mut found = Examined {
        report: VerifyReport::default(),
        log_sha256: log.map(sha256_hex),
        signed: Vec::new(),
        chain: None,
        deviations: None,
    };
    let chain = Chain::read(bundle);
    match log {
        None => {
            lines.say(
                Mark::Todo,
                "log",
                "there is none yet: `holdpoint log RUN` writes it, `holdpoint sign RUN` signs it",
            );
            found.deviations = bundle.told().ok().map(|told| told.deviations);
        }
        Some(log) => look(&mut lines, roots, bundle, log, &chain, &mut found),
    }
    match chain {
        Ok(chain) => {
            chain::look(&mut lines, roots, bundle, &chain, question);
            review::look(&mut lines, roots, bundle, &chain);
            found.chain = Some(chain);
        }
        Err(why) => lines.say(Mark::Fail, "journal", why),
    }
    found.report = lines.finish();
    found
}

fn look(
    lines: &mut Lines,
    roots: &Roots,
    bundle: &Bundle,
    log: &[u8],
    chain: &Result<Chain, String>,
    found: &mut Examined,
) {
    let Some(log) = bytes::look(lines, log) else {
        return;
    };
    let layout = bytes::layout(lines, &log);
    roots.tell(lines);
    let Some(layout) = layout else {
        return;
    };
    let book = bundle.book();
    found.signed = people::look(lines, roots, &layout, book.as_ref().ok());
    let scans = evidence::look(lines, bundle, &layout);
    // Behind a break in the chain nothing is interpreted: it cannot be told again either.
    if let Ok(chain) = chain {
        chain::whole(lines, &layout, &chain.journal);
        found.deviations = chain::agreement(lines, bundle, &layout, chain, &scans);
        later::look(lines, bundle, &layout, chain);
    }
}

/// The lines of a report as it grows.
#[derive(Debug, Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn say(&mut self, mark: Mark, name: impl Into<String>, text: impl AsRef<str>) {
        let (name, text) = (name.into(), tame::line(text.as_ref()));
        self.0.push(Line { mark, name, text });
    }

    fn finish(self) -> VerifyReport {
        let has = |mark: Mark| self.0.iter().any(|l| l.mark == mark);
        let verdict = if has(Mark::Fail) {
            Verdict::Failed
        } else if has(Mark::Todo) {
            Verdict::Incomplete
        } else {
            Verdict::Verified
        };
        VerifyReport {
            verdict,
            lines: self.0,
        }
    }
}

impl Mark {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Todo => "TODO",
            Self::Warn => "WARN",
        }
    }
}

impl Verdict {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Failed => "FAILED",
            Self::Incomplete => "INCOMPLETE",
        }
    }

    /// Returns what it means.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Verified => {
                "VERIFIED. This is the record that was signed, by people the trust file names for those roles."
            }
            Self::Failed => "FAILED. Do not rely on this record: see the lines marked FAIL.",
            Self::Incomplete => {
                "INCOMPLETE. Nothing is wrong so far; the lines marked TODO are missing."
            }
        }
    }
}

impl VerifyReport {
    /// Returns the exit code: 0 verified, 1 failed, 2 incomplete.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Verified => 0,
            Verdict::Failed => 1,
            Verdict::Incomplete => 2,
        }
    }

    /// Returns the report for people.
    pub fn text(&self) -> String {
        self.told(|_| None)
    }

    /// Returns the report for people, with what each kind of line is there against.
    pub fn explained(&self) -> String {
        let mut said = Vec::new();
        self.told(move |line| {
            let against = explain::against(&line.name);
            let is_new = !said.contains(&against);
            said.push(against);
            is_new.then_some(against)
        })
    }

    fn told(&self, mut remark: impl FnMut(&Line) -> Option<&'static str>) -> String {
        let width = self.lines.iter().map(|l| l.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for line in &self.lines {
            let mark = line.mark.word();
            let _ = writeln!(text, "{mark}  {:width$}  {}", line.name, line.text);
            if let Some(remark) = remark(line) {
                let _ = writeln!(text, "{:1$}{remark}", "", width + 8);
            }
        }
        format!("{text}\nVERDICT: {}\n", self.verdict.sentence())
    }

    /// Returns the report for programs.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// Returns how a signer is named in the report.
fn named(said: &signoff::Said) -> String {
    match said {
        signoff::Said::SignOff(s) => format!("{}: {} <{}>", s.role, s.name, s.identity),
        signoff::Said::Addendum(a) => format!("addendum: {} <{}>", a.name, a.identity),
    }
}
