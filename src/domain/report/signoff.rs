//! Signature blocks: what a signer states, how it is written, and how it is read again.
//!
//! A block is accepted only when writing what was read gives the same bytes: nothing can hide in it.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, Offset as _, TimeZone as _, Utc};

use crate::domain::report::{SIGNOFFS, time};
use crate::domain::tame;

pub mod addendum;

pub use addendum::Addendum;

/// The first line of an armoured signature.
pub const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// The last line of an armoured signature.
pub const END: &str = "-----END SSH SIGNATURE-----";

/// What a signature says of its own reach.
const COVERS: &str = "every byte of this file above the next line that begins a signature";

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

impl Decision {
    /// Returns the word of the block.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::ApprovedWithRemarks => "APPROVED WITH REMARKS",
            Self::Rejected => "REJECTED",
        }
    }

    fn read(word: &str) -> Option<Self> {
        let all = [Self::Approved, Self::ApprovedWithRemarks, Self::Rejected];
        all.into_iter()
            .find(|d| format!("**{}**", d.word()) == word)
    }
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
    fn read(text: &str, number: usize) -> Option<Self> {
        let mut rows = text
            .lines()
            .filter_map(|l| l.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
        let mut row = |name: &str| rows.next().filter(|r| r.0 == name).map(|r| r.1);
        row("Field")?;
        let name = unescape(row("Name")?);
        let identity = uncode(row("Identity")?)?;
        let role = unescape(row("Role")?);
        let decision = Decision::read(row("Decision")?)?;
        let (mut key, mut value) = rows.next()?;
        let mut remark = String::new();
        if key == "Remark" {
            remark = unescape(value);
            (key, value) = rows.next()?;
        }
        let meaning = (key == "Meaning").then(|| unescape(value))?;
        let mut row = |name: &str| rows.next().filter(|r| r.0 == name).map(|r| r.1);
        let signed_at = read_time(row("Signed at")?)?;
        let key = uncode(row("Key")?)?;
        let read = Self {
            name,
            identity,
            role,
            decision,
            remark,
            meaning,
            signed_at,
            key,
        };
        (read.block(number) == text).then_some(read)
    }
}

fn said_at(time: DateTime<FixedOffset>) -> String {
    let offset = time.offset().fix().local_minus_utc() / 60;
    time::whole(time.with_timezone(&Utc), offset)
}

fn read_time(text: &str) -> Option<DateTime<FixedOffset>> {
    let (utc, local) = text.split_once(" (")?;
    let zone: FixedOffset = local.strip_suffix(')')?.split_once(' ')?.1.parse().ok()?;
    let utc = time::read(utc)?;
    Some(zone.from_utc_datetime(&utc.naive_utc()))
}

fn unescape(cell: &str) -> String {
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
fn uncode(cell: &str) -> Option<String> {
    let text = cell.strip_prefix('`')?.strip_suffix('`')?;
    Some(text.replace("\\|", "|"))
}

/// What is signed at the end of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A role approves or rejects the record.
    SignOff(Statement),
    /// Somebody adds to it.
    Addendum(Addendum),
}

impl Said {
    fn read(text: &str, number: usize) -> Option<Self> {
        if text.starts_with("\n### Addendum ") {
            return Addendum::read(text, number).map(Self::Addendum);
        }
        Statement::read(text, number).map(Self::SignOff)
    }

    /// Returns whose it says it is.
    pub fn identity(&self) -> &str {
        match self {
            Self::SignOff(statement) => &statement.identity,
            Self::Addendum(added) => &added.identity,
        }
    }

    /// Returns the fingerprint of the key that it names.
    pub fn key(&self) -> &str {
        match self {
            Self::SignOff(statement) => &statement.key,
            Self::Addendum(added) => &added.key,
        }
    }

    /// Returns when it says it was signed.
    pub fn signed_at(&self) -> DateTime<FixedOffset> {
        match self {
            Self::SignOff(statement) => statement.signed_at,
            Self::Addendum(added) => added.signed_at,
        }
    }

    /// Returns what it must be signed for.
    pub fn namespace(&self) -> String {
        match self {
            Self::SignOff(statement) => namespace(&statement.role),
            Self::Addendum(_) => addendum::NAMESPACE.to_owned(),
        }
    }

    /// Returns the block's text from the empty line before it to the line before the signature begins.
    pub fn block(&self, number: usize) -> String {
        match self {
            Self::SignOff(statement) => statement.block(number),
            Self::Addendum(added) => added.block(number),
        }
    }
}

/// One signature as it stands in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// Its number, counted from one over sign-offs and addenda.
    pub number: usize,
    /// What is stated.
    pub said: Said,
    /// What is signed: the log up to the line that begins the signature.
    pub signed: &'a str,
    /// The armoured signature, line end included.
    pub armour: &'a str,
}

/// A log, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout<'a> {
    /// The record: up to and including the headline of the sign-offs.
    pub record: &'a str,
    /// The signatures that stand as they should, in order.
    pub blocks: Vec<Block<'a>>,
    /// Bytes behind them that no signature covers.
    pub unsigned: usize,
}

/// Takes a log apart; `None` where it has no headline of sign-offs.
pub fn read(log: &str) -> Option<Layout<'_>> {
    let headline = format!("\n{SIGNOFFS}\n");
    let end = log.find(&headline)? + headline.len();
    let mut layout = Layout {
        record: &log[..end],
        blocks: Vec::new(),
        unsigned: 0,
    };
    let mut at = end;
    while at < log.len() {
        let Some((block, after)) = block(log, at, layout.blocks.len() + 1) else {
            layout.unsigned = log.len() - at;
            break;
        };
        layout.blocks.push(block);
        at = after;
    }
    Some(layout)
}

fn block(log: &str, at: usize, number: usize) -> Option<(Block<'_>, usize)> {
    let rest = &log[at..];
    let begin = rest.find(&format!("\n{BEGIN}\n"))? + 1;
    let end = begin + rest[begin..].find(&format!("\n{END}\n"))? + END.len() + 2;
    let after = rest[end..].strip_prefix("```\n")?;
    let block = Block {
        number,
        said: Said::read(&rest[..begin], number)?,
        signed: &log[..at + begin],
        armour: &rest[begin..end],
    };
    Some((block, log.len() - after.len()))
}

/// Returns the bytes that stand behind a signature's last line.
pub fn closing() -> &'static str {
    "```\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statement() -> Statement {
        Statement {
            name: "Dana Kovač".into(),
            identity: "dana@example.com".into(),
            role: "Database Admin".into(),
            decision: Decision::Approved,
            remark: String::new(),
            meaning: meaning(Decision::Approved, true).into(),
            signed_at: DateTime::parse_from_rfc3339("2026-11-20T10:44:30+01:00").unwrap(),
            key: "SHA256:abc+/1".into(),
        }
    }

    fn log(statements: &[Statement]) -> String {
        let mut log = format!("# T\n\n{SIGNOFFS}\n");
        for (at, statement) in statements.iter().enumerate() {
            log += &statement.block(at + 1);
            log += &format!("{BEGIN}\nAAAA\n{END}\n{}", closing());
        }
        log
    }

    #[test]
    fn a_block_is_written_as_the_design_shows_it() {
        let text = statement().block(1);
        assert_eq!(
            text,
            "\n### Signature 1: Database Admin\n\n| Field | Signed statement |\n|---|---|\n| Name | Dana Kovač |\n\
             | Identity | `dana@example.com` |\n| Role | Database Admin |\n| Decision | **APPROVED** |\n\
             | Meaning | I carried out this change; to my knowledge this record is complete and accurate |\n\
             | Signed at | 2026-11-20T09:44:30Z (10:44:30 +01:00) |\n| Key | `SHA256:abc+/1` |\n\
             | Covers | every byte of this file above the next line that begins a signature |\n\n```text\n"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut second = statement();
        second.role = "QA | Lead".into();
        second.decision = Decision::ApprovedWithRemarks;
        second.remark = "slow *twice* | see #4".into();
        let text = log(&[statement(), second.clone()]);
        let layout = read(&text).unwrap();
        assert_eq!(layout.unsigned, 0);
        assert_eq!(layout.blocks[0].said, Said::SignOff(statement()));
        assert_eq!(layout.blocks[1].said, Said::SignOff(second));
        assert!(text.starts_with(layout.blocks[1].signed));
        assert!(layout.blocks[1].signed.contains("AAAA"));
        assert!(layout.blocks[1].armour.starts_with(BEGIN));
    }

    #[test]
    fn text_behind_the_last_signature_is_counted() {
        let text = log(&[statement()]) + "Approved by everybody.\n";
        let layout = read(&text).unwrap();
        assert_eq!((layout.blocks.len(), layout.unsigned), (1, 23));
    }

    #[test]
    fn a_row_too_many_is_no_block() {
        let text = log(&[statement()]).replace("| Covers", "| Also | x |\n| Covers");
        assert_eq!(read(&text).unwrap().blocks, []);
    }

    #[test]
    fn a_role_becomes_a_namespace() {
        assert_eq!(namespace("QA / Lead (EU)"), "role.qa-lead-eu@holdpoint");
        assert_eq!(namespace("承認者"), "role._627f__8a8d__8005_@holdpoint");
        assert_eq!(slug("Prüfer (Betrieb)"), "pr_fc_fer-betrieb");
        assert_ne!(slug("DBA 開発"), slug("DBA 運用"));
        assert_eq!(slug("ДБА"), slug("дба"));
        assert_eq!(slug("…"), "");
    }

    proptest! {
        #[test]
        fn whatever_is_stated_is_read_again(name in "[a-z]\\PC{0,19}", remark in "\\PC{0,20}") {
            let mut said = statement();
            said.name = name;
            said.remark = remark;
            let text = log(&[said]);
            let layout = read(&text).unwrap();
            prop_assert_eq!(layout.blocks.len(), 1, "{}", text);
        }
    }
}
