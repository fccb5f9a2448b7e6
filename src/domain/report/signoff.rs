//! Signature blocks: what a signer states, how it is written, and how it is read again.
//!
//! A block is accepted only when writing what was read gives the same bytes: nothing can hide in it.

mod statement;

use chrono::{DateTime, FixedOffset};

use crate::domain::report::SIGNOFFS;

pub use statement::{Decision, Statement, may_mean, meaning, namespace, slug};

pub use addendum::Addendum;

pub mod addendum;

/// The first line of an armoured signature.
pub const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// The last line of an armoured signature.
pub const END: &str = "-----END SSH SIGNATURE-----";

/// What a signature says of its own reach.
const COVERS: &str = "every byte of this file above the next line that begins a signature";

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
