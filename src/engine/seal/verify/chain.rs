//! The journal behind a log: its chain, its head, its checkpoints, and whether the log tells what it says.

use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, Journal};
use crate::domain::report::signoff::Layout;
use crate::domain::report::time;
use crate::domain::run::event::{Checkpoint, Event};
use crate::domain::tame;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::checkpoint;
use crate::engine::seal::verify::roots::{Claim, Found, Roots};
use crate::engine::seal::verify::{Lines, Mark, Question};
use crate::engine::seal::wire::SshSignature;

/// Looks at the journal and at whether the log tells it.
pub fn look(
    lines: &mut Lines,
    roots: &Roots,
    bundle: &Bundle,
    layout: &Layout,
    question: &Question,
) {
    let bytes = match bundle.journal() {
        Ok(bytes) => bytes,
        Err(e) => return lines.say(Mark::Fail, "journal", e.to_string()),
    };
    let journal = match Journal::read(&bytes) {
        Ok(journal) => journal,
        Err(e) => return lines.say(Mark::Fail, "journal", e.to_string()),
    };
    whole(lines, layout, &journal);
    let heads = heads(&bytes);
    checkpoints(lines, roots, &journal, &heads);
    witness(lines, question, &heads);
    folder(lines, bundle, &journal);
    agreement(lines, bundle, layout, &journal);
}

fn whole(lines: &mut Lines, layout: &Layout, journal: &Journal) {
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

fn checkpoints(lines: &mut Lines, roots: &Roots, journal: &Journal, heads: &[String]) {
    let run = match journal.entries.first().map(|e| &e.event) {
        Some(Event::RunOpened(opened)) => opened.run.as_str(),
        Some(_) | None => "",
    };
    let mut seen = false;
    for entry in &journal.entries {
        let Event::Checkpoint(point) = &entry.event else {
            continue;
        };
        seen = true;
        let name = format!(
            "record {} ({}) signed by {}",
            entry.seq, point.reason, point.identity
        );
        match one(roots, run, heads, entry, point) {
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
    let Some(covered) = checkpoint::read(&point.text) else {
        return Found::Bad("its text is no head".to_owned());
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
    let Some(time) = time::read(&entry.t) else {
        return Found::Bad("its time cannot be read".to_owned());
    };
    let claim = Claim {
        identity: &point.identity,
        namespace: checkpoint::NAMESPACE.to_owned(),
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
fn folder(lines: &mut Lines, bundle: &Bundle, journal: &Journal) {
    let Some(Event::RunOpened(opened)) = journal.entries.first().map(|e| &e.event) else {
        return;
    };
    let name = std::fs::canonicalize(&bundle.dir)
        .ok()
        .and_then(|dir| dir.file_name().map(|n| n.to_string_lossy().into_owned()));
    if let Some(name) = name.filter(|n| *n != opened.run) {
        lines.say(
            Mark::Warn,
            "folder",
            format!("the folder is called {name}, the run in it {}", opened.run),
        );
    }
}

fn agreement(lines: &mut Lines, bundle: &Bundle, layout: &Layout, journal: &Journal) {
    let told = match bundle.tell() {
        Ok(told) => told,
        Err(e) => {
            let why = e.to_string();
            let first = why.lines().next().unwrap_or_default();
            return lines.say(
                Mark::Fail,
                "agreement",
                format!("the log cannot be told again: {first}"),
            );
        }
    };
    if told == layout.record {
        lines.say(
            Mark::Pass,
            "agreement",
            "told again from the journal, the log is the same, line by line",
        );
        return;
    }
    let mut pairs = told.lines().zip(layout.record.lines()).enumerate();
    let text = match pairs.find(|(_, (a, b))| a != b) {
        Some((at, (told, stands))) => {
            let (told, stands) = (shortened(told), shortened(stands));
            format!(
                "line {} of the log is not what the journal tells: it says `{stands}`, the journal `{told}`",
                at + 1
            )
        }
        None => "the log and what the journal tells differ in length".to_owned(),
    };
    lines.say(Mark::Fail, "agreement", text + &other_version(journal));
}

/// Another version may tell the same journal in other words: that is worth saying, and excuses nothing.
fn other_version(journal: &Journal) -> String {
    let own = env!("CARGO_PKG_VERSION");
    match journal.entries.first().map(|e| &e.event) {
        Some(Event::RunOpened(opened)) if opened.tool != own => {
            format!(
                "; the run was recorded by holdpoint {}, this is {own}: verify with that version too",
                opened.tool
            )
        }
        Some(_) | None => String::new(),
    }
}

fn shortened(line: &str) -> String {
    let mut text: String = tame::line(line).chars().take(120).collect();
    if text.len() < line.len() {
        text.push_str("...");
    }
    text
}
