//! The journal behind a log: its chain, its head, its checkpoints, and whether the log tells what it says.

use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, Journal};
use crate::domain::report::signoff::Layout;
use crate::domain::report::{self, time};
use crate::domain::run::event::{Checkpoint, Event, Opened};
use crate::domain::tame;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::checkpoint;
use crate::engine::seal::later::Later;
use crate::engine::seal::verify::evidence::Scans;
use crate::engine::seal::verify::roots::{Claim, Found, Roots};
use crate::engine::seal::verify::{Lines, Mark, Question};
use crate::engine::seal::wire::SshSignature;

/// A journal whose chain is whole.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its records.
    pub journal: Journal,
    /// The head after every record, those of later duties too.
    pub heads: Vec<String>,
    /// The records of later duties, or why they cannot be read.
    pub later: Result<Option<Later>, String>,
}

impl Chain {
    /// Reads the journal of a bundle.
    ///
    /// # Errors
    /// It cannot be read, or its chain breaks: in words.
    pub fn read(bundle: &Bundle) -> Result<Self, String> {
        let bytes = bundle.journal().map_err(|e| e.to_string())?;
        let journal = Journal::read(&bytes).map_err(|e| e.to_string())?;
        let mut heads = heads(&bytes);
        let later = Later::read(bundle, &journal);
        if let Ok(Some(later)) = &later {
            heads.extend_from_slice(&later.heads);
        }
        Ok(Self {
            bytes,
            journal,
            heads,
            later,
        })
    }

    /// Returns every record, those of later duties behind the others.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let later = self.later.as_ref().ok().and_then(Option::as_ref);
        let later = later.map_or(&[][..], |later| later.journal.entries.as_slice());
        self.journal.entries.iter().chain(later)
    }

    /// Returns the record of the run's opening.
    pub fn opened(&self) -> Option<&Opened> {
        match self.journal.entries.first().map(|e| &e.event) {
            Some(Event::RunOpened(opened)) => Some(opened),
            Some(_) | None => None,
        }
    }
}

/// Looks at the journal on its own.
pub fn look(lines: &mut Lines, roots: &Roots, bundle: &Bundle, chain: &Chain, question: &Question) {
    checkpoints(lines, roots, chain);
    witness(lines, question, &chain.heads);
    folder(lines, bundle, chain);
    clock(lines, &chain.journal);
    closed(lines, &chain.journal);
}

/// Says whether the journal is the one that the log names.
pub fn whole(lines: &mut Lines, layout: &Layout, journal: &Journal) {
    let count = journal.entries.len();
    let short = journal.head.get(..12).unwrap_or_default();
    if journal.torn > 0 {
        lines.say(
            Mark::Fail,
            "journal",
            format!(
                "last {} bytes have no line end (crash during a write, or cut file); {count} whole records before it",
                journal.torn
            ),
        );
        return;
    }
    let said = format!("\nJournal: {count} records, head `{}`.\n", journal.head);
    if layout.record.contains(&said) {
        let how = if layout.blocks.is_empty() {
            "as the log says"
        } else {
            "as signed"
        };
        lines.say(
            Mark::Pass,
            "journal",
            format!("{count} records, chain whole, head {short}... {how}"),
        );
    } else {
        lines.say(
            Mark::Fail,
            "journal",
            format!(
                "chain is whole, but its head {short}... after {count} records is not the head in the log (cut short, continued or replaced)"
            ),
        );
    }
}

/// Returns the head after every record.
fn heads(bytes: &[u8]) -> Vec<String> {
    bytes
        .split_inclusive(|b| *b == b'\n')
        .filter(|l| l.ends_with(b"\n"))
        .map(sha256_hex)
        .collect()
}

fn head_after(heads: &[String], seq: u64) -> Option<&str> {
    let at = usize::try_from(seq).ok()?.checked_sub(1)?;
    heads.get(at).map(String::as_str)
}

fn checkpoints(lines: &mut Lines, roots: &Roots, chain: &Chain) {
    let run = chain.opened().map_or("", |opened| opened.run.as_str());
    let mut seen = false;
    for entry in chain.entries() {
        let Event::Checkpoint(point) = &entry.event else {
            continue;
        };
        seen = true;
        let name = format!(
            "record {} ({}) signed by {}",
            entry.seq, point.reason, point.identity
        );
        match one(roots, run, &chain.heads, entry, point) {
            Found::Good => lines.say(Mark::Pass, "checkpoint", name),
            Found::Untold => lines.say(
                Mark::Todo,
                "checkpoint",
                format!("{name}: intact, but nobody says whose key it is"),
            ),
            Found::Bad(why) => lines.say(Mark::Fail, "checkpoint", format!("{name}: {why}")),
        }
    }
    if !seen {
        lines.say(
            Mark::Warn,
            "checkpoint",
            "nobody signed during the run: its opening rests on the signatures above alone",
        );
    }
}

fn one(roots: &Roots, run: &str, heads: &[String], entry: &Entry, point: &Checkpoint) -> Found {
    let Some(covered) = checkpoint::covered(point) else {
        return Found::Bad("its text is not what its record says".to_owned());
    };
    if covered.run != run
        || covered.seq >= entry.seq
        || head_after(heads, covered.seq) != Some(covered.head)
    {
        return Found::Bad("what it signs is not this journal".to_owned());
    }
    let Some(signature) = SshSignature::from_foreign_armour(&point.signature) else {
        return Found::Bad("the signature cannot be read".to_owned());
    };
    let named = point
        .step
        .as_ref()
        .filter(|_| !signature.key.is_certificate());
    if named.is_some_and(|said| said.key != signature.key.fingerprint()) {
        return Found::Bad("the key that it names is not the key that signed".to_owned());
    }
    let Some(time) = time::read(&entry.t) else {
        return Found::Bad("its time cannot be read".to_owned());
    };
    let claim = Claim {
        identity: &point.identity,
        namespace: checkpoint::namespace(point),
        time,
        message: point.text.as_bytes(),
    };
    roots.judge(&signature, &claim)
}

fn witness(lines: &mut Lines, question: &Question, heads: &[String]) {
    for posted in &question.heads {
        let short = posted.head.get(..12).unwrap_or(&posted.head);
        let seq = posted.seq;
        if head_after(heads, seq).is_some_and(|h| h.starts_with(&posted.head)) {
            lines.say(
                Mark::Pass,
                "witness",
                format!("head posted at record {seq} ({short}...) is in this journal"),
            );
        } else {
            lines.say(
                Mark::Fail,
                "witness",
                format!(
                    "head posted at record {seq} ({short}...) is NOT in this journal: the journal was rewritten after it was posted"
                ),
            );
        }
    }
}

/// A record that was put into another run's folder.
fn folder(lines: &mut Lines, bundle: &Bundle, chain: &Chain) {
    let Some(opened) = chain.opened() else {
        return;
    };
    if let Some(name) = bundle.folder().filter(|n| *n != opened.run) {
        lines.say(
            Mark::Warn,
            "folder",
            format!("the folder is called {name}, the run in it {}", opened.run),
        );
    }
}

fn clock(lines: &mut Lines, journal: &Journal) {
    for jump in report::jumps(&journal.entries) {
        let wall = time::offset(jump.wall_ms);
        let meanwhile = match jump.mono_ms {
            Some(ms) => format!("while {} passed", time::offset(ms)),
            None => "when the run was taken up again".to_owned(),
        };
        let seq = jump.entry.seq;
        lines.say(
            Mark::Warn,
            "clock",
            format!("the wall clock moved {wall} {meanwhile}, before record {seq}"),
        );
    }
}

fn closed(lines: &mut Lines, journal: &Journal) {
    if !matches!(journal.last_of_run(), Some(Event::RunClosed(_))) {
        lines.say(
            Mark::Todo,
            "run",
            "the journal ends before the run does: its outcome is not known",
        );
    }
}

/// Tells the log again from the journal and compares. Returns how many deviations it lists, where it can be told.
pub fn agreement(
    lines: &mut Lines,
    bundle: &Bundle,
    layout: &Layout,
    chain: &Chain,
    scans: &Scans,
) -> Option<usize> {
    let told = bundle.book().and_then(|book| {
        let files = |path: &str| scans.get(path).cloned().or_else(|| bundle.scan(path).ok());
        Ok(report::render(&book, &chain.bytes, &files)?)
    });
    let told = match told {
        Ok(told) => told,
        Err(e) => {
            let why = e.to_string();
            let first = why.lines().next().unwrap_or_default();
            let text = format!("the log cannot be told again: {first}");
            lines.say(Mark::Fail, "agreement", text);
            return None;
        }
    };
    match difference(&told.record, layout.record) {
        None => lines.say(
            Mark::Pass,
            "agreement",
            "told again from the journal, the log is the same, line by line",
        ),
        Some(text) => lines.say(Mark::Fail, "agreement", text + &other_version(chain)),
    }
    Some(told.deviations)
}

/// Names the first line in which a log is not what the journal tells, and what both say.
fn difference(told: &str, stands: &str) -> Option<String> {
    if told == stands {
        return None;
    }
    let (mut ours, mut theirs) = (told.lines(), stands.lines());
    for at in 1_usize.. {
        let text = match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(told), Some(stands)) => {
                let (told, stands) = around_difference(told, stands);
                format!("it says `{stands}`, the journal `{told}`")
            }
            (Some(told), None) => format!("the journal goes on with `{}`", shortened(told)),
            (None, Some(stands)) => format!("it goes on with `{}`", shortened(stands)),
            (None, None) => "it ends otherwise".to_owned(),
        };
        return Some(format!(
            "line {at} of the log is not what the journal tells: {text}"
        ));
    }
    None
}

/// Characters of a line that are shown.
const SHOWN: usize = 120;

/// Both lines, cut to where they differ.
fn around_difference(a: &str, b: &str) -> (String, String) {
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let from = same.saturating_sub(SHOWN / 3);
    let cut = |line: &str| {
        let rest: String = line.chars().skip(from).collect();
        let begun = if from > 0 { "..." } else { "" };
        format!("{begun}{}", shortened(&rest))
    };
    (cut(a), cut(b))
}

/// Another version may tell the same journal in other words: that is worth saying, and excuses nothing.
fn other_version(chain: &Chain) -> String {
    let own = env!("CARGO_PKG_VERSION");
    match chain.opened() {
        Some(opened) if opened.tool != own => {
            format!(
                "; the run was recorded by holdpoint {}, this is {own}: verify with that version too",
                opened.tool
            )
        }
        Some(_) | None => String::new(),
    }
}

fn shortened(line: &str) -> String {
    let tamed = tame::line(line);
    match tamed.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &tamed[..at]),
        None => tamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_differs_is_named_with_both_texts() {
        let told = format!("a\n{}1\n", "x".repeat(300));
        let said = difference(&told, &told.replace('1', "2")).unwrap();
        assert!(said.starts_with("line 2 of the log"), "{said}");
        assert!(
            said.contains("x2`, the journal `...") && said.ends_with("x1`"),
            "{said}"
        );
        let said = difference("a\nb\n", "a\n").unwrap();
        assert!(
            said.ends_with(
                "line 2 of the log is not what the journal tells: the journal goes on with `b`"
            ),
            "{said}"
        );
        let said = difference("a\n", "a\nb\n").unwrap();
        assert!(said.ends_with(": it goes on with `b`"), "{said}");
        assert_eq!(difference("a\n", "a\n"), None);
    }
}
