//! What a role states under a log, how it is written, and how it is read again.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, Offset as _, TimeZone as _, Utc};

use crate::domain::report::signoff::COVERS;
use crate::domain::report::time;
use crate::domain::tame;

/// What a signer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Approved.
    Approved,
    /// Approved, with remarks.
    ApprovedWithRemarks,
    /// Rejected.
    Rejected,
}

/// What a signer states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The printed name.
    pub name: String,
    /// The identity, as in the trust file.
    pub identity: String,
    /// The role.
    pub role: String,
    /// The decision.
    pub decision: Decision,
    /// What is to be remarked; empty: nothing.
    pub remark: String,
    /// What the signature means.
    pub meaning: String,
    /// When it was signed, by the signer's clock: a claim.
    pub signed_at: DateTime<FixedOffset>,
    /// The key's fingerprint.
    pub key: String,
}

impl Decision {
    /// Returns the word of the block.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::ApprovedWithRemarks => "APPROVED WITH REMARKS",
            Self::Rejected => "REJECTED",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        let all = [Self::Approved, Self::ApprovedWithRemarks, Self::Rejected];
        all.into_iter()
            .find(|d| format!("**{}**", d.word()) == word)
    }
}

impl Statement {
    /// Returns the block's text from the empty line before it to the line before the signature begins.
    pub fn block(&self, number: usize) -> String {
        let mut text = format!("\n### Signature {number}: {}\n\n", tame::cell(&self.role));
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        row("Field", "Signed statement");
        row("---", "---");
        row("Name", &tame::cell(&self.name));
        row("Identity", &tame::code_cell(&self.identity));
        row("Role", &tame::cell(&self.role));
        row("Decision", &format!("**{}**", self.decision.word()));
        let remark = tame::cell(&self.remark);
        if !remark.is_empty() {
            row("Remark", &remark);
        }
        row("Meaning", &tame::cell(&self.meaning));
        row("Signed at", &self.said_at());
        row("Key", &tame::code_cell(&self.key));
        row("Covers", COVERS);
        text.replacen("| --- | --- |", "|---|---|", 1) + "\n```text\n"
    }

    /// Returns the time as it stands in the block.
    pub fn said_at(&self) -> String {
        said_at(self.signed_at)
    }

    /// Reads a block's text; `None` where writing it again would not give the same bytes.
    pub(super) fn read(text: &str, number: usize) -> Option<Self> {
        let mut cell = cells(text);
        cell("Field")?;
        let read = Self {
            name: unescape(cell("Name")?),
            identity: uncode(cell("Identity")?)?,
            role: unescape(cell("Role")?),
            decision: Decision::read(cell("Decision")?)?,
            remark: cell("Remark").map(unescape).unwrap_or_default(),
            meaning: unescape(cell("Meaning")?),
            signed_at: read_time(cell("Signed at")?)?,
            key: uncode(cell("Key")?)?,
        };
        (read.block(number) == text).then_some(read)
    }
}

/// Returns what a signature means that has no meaning of its own.
pub fn meaning(decision: Decision, is_operator: bool) -> &'static str {
    match (decision, is_operator) {
        (Decision::Approved | Decision::ApprovedWithRemarks, true) => {
            "I carried out this change; to my knowledge this record is complete and accurate"
        }
        (Decision::Approved | Decision::ApprovedWithRemarks, false) => {
            "I have read this record and approve the change as it is told here"
        }
        (Decision::Rejected, _) => "I have read this record and do not approve it",
    }
}

/// Returns whether a signature may say that it means `said`: what the runbook says of its role, else the usual.
pub fn may_mean(said: &str, of_role: Option<&str>, decision: Decision) -> bool {
    match (of_role, decision) {
        (Some(own), Decision::Approved | Decision::ApprovedWithRemarks) => said == own,
        (None, _) | (_, Decision::Rejected) => [true, false]
            .map(|own| meaning(decision, own))
            .contains(&said),
    }
}

/// Returns a role in lower-case letters a to z, digits and hyphens; every other letter as its code point, `_627f_`.
///
/// Namespaces stay plain ASCII for `ssh-keygen` and shells, and roles that differ in their letters never share one.
pub fn slug(role: &str) -> String {
    let lower = role.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    let spelled = words.map(|word| {
        let letters = word.chars().map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                format!("_{:x}_", u32::from(c))
            }
        });
        letters.collect::<String>()
    });
    spelled.collect::<Vec<_>>().join("-")
}

/// Returns the namespace in which a role signs: `role.database-admin@holdpoint`.
pub fn namespace(role: &str) -> String {
    format!("role.{}@holdpoint", slug(role))
}

/// Reads a block's table from above: each call returns the value of the next row if that has this name.
pub(super) fn cells<'a>(text: &'a str) -> impl FnMut(&str) -> Option<&'a str> {
    let mut rows = text
        .lines()
        .filter_map(|l| l.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .peekable();
    move |name| rows.next_if(|row| row.0 == name).map(|row| row.1)
}

pub(super) fn said_at(time: DateTime<FixedOffset>) -> String {
    let offset = time.offset().fix().local_minus_utc() / 60;
    time::whole(time.with_timezone(&Utc), offset)
}

pub(super) fn read_time(text: &str) -> Option<DateTime<FixedOffset>> {
    let (utc, local) = text.split_once(" (")?;
    let zone: FixedOffset = local.strip_suffix(')')?.split_once(' ')?.1.parse().ok()?;
    let utc = time::read(utc)?;
    Some(zone.from_utc_datetime(&utc.naive_utc()))
}

pub(super) fn unescape(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// Only what a signer's identity and key may be written as: one backtick on each side, none within.
pub(super) fn uncode(cell: &str) -> Option<String> {
    let text = cell.strip_prefix('`')?.strip_suffix('`')?;
    Some(text.replace("\\|", "|"))
}
