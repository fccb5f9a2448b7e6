//! Addenda: what somebody adds to a signed record later, without touching what is above it.

use chrono::{DateTime, FixedOffset};

use crate::domain::report::signoff::COVERS;
use crate::domain::report::signoff::statement::{cells, read_time, said_at, uncode, unescape};
use crate::domain::tame::{self, Quoted};

/// What addenda are signed for.
pub const NAMESPACE: &str = "addendum@holdpoint";

/// What an addendum's signature means.
pub const MEANING: &str = "I add the text below to this record; what stands above it is unchanged";

/// The longest line of an addendum, in bytes.
const LONGEST_LINE: usize = 1_000;

/// The longest addendum, in bytes.
const LONGEST: usize = 64 * 1024;

/// A text that is added to a signed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addendum {
    /// The printed name.
    pub name: String,
    /// The identity, as in the trust file.
    pub identity: String,
    /// The text, as [`text`] returns it.
    pub text: String,
    /// When it was signed, by the signer's clock: a claim.
    pub signed_at: DateTime<FixedOffset>,
    /// The key's fingerprint.
    pub key: String,
}

/// Returns a text as an addendum keeps it: tamed, without blanks at the ends of lines or empty lines at either end.
///
/// # Errors
/// There is nothing in it, or too much: said in words.
pub fn text(raw: &[u8]) -> Result<String, String> {
    if raw.len() > LONGEST {
        return Err("the addendum is longer than 64 KiB: put it into a file of its own, and its SHA-256 here".into());
    }
    let lines: Vec<String> = raw
        .split(|b| *b == b'\n')
        .map(|line| {
            tame::line(line.strip_suffix(b"\r").unwrap_or(line))
                .trim_end()
                .to_owned()
        })
        .collect();
    let first = lines.iter().position(|l| !l.is_empty());
    let last = lines.iter().rposition(|l| !l.is_empty());
    let (Some(first), Some(last)) = (first, last) else {
        return Err("the addendum is empty: write what is to be added".into());
    };
    let kept = &lines[first..=last];
    match kept.iter().position(|l| l.len() > LONGEST_LINE) {
        Some(at) => Err(format!(
            "line {} of the addendum is longer than {LONGEST_LINE} bytes: break it",
            first + at + 1
        )),
        None => Ok(kept.join("\n")),
    }
}

impl Addendum {
    /// Returns the block's text from the empty line before it to the line before the signature begins.
    pub fn block(&self, number: usize) -> String {
        let quoted = tame::fenced(self.text.split('\n').map(|l| Quoted::Text(l.as_bytes())));
        format!(
            "\n### Addendum {number}\n\n| Field | Signed statement |\n|---|---|\n| Name | {} |\n| Identity | {} |\n\
             | Meaning | {MEANING} |\n| Signed at | {} |\n| Key | {} |\n| Covers | {COVERS} |\n\n{quoted}\n```text\n",
            tame::cell(&self.name),
            tame::code_cell(&self.identity),
            said_at(self.signed_at),
            tame::code_cell(&self.key),
        )
    }

    /// Returns the time as it stands in the block.
    pub fn said_at(&self) -> String {
        said_at(self.signed_at)
    }

    /// Reads a block's text; `None` where writing it again would not give the same bytes.
    pub(super) fn read(block: &str, number: usize) -> Option<Self> {
        let (head, after) = block.split_once("\n\n`")?;
        let mut cell = cells(head);
        cell("Field")?;
        let name = unescape(cell("Name")?);
        let identity = uncode(cell("Identity")?)?;
        cell("Meaning")?;
        let signed_at = read_time(cell("Signed at")?)?;
        let key = uncode(cell("Key")?)?;
        let quoted = after.lines().skip(1).map_while(|l| l.strip_prefix('|'));
        let lines: Vec<&str> = quoted.map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
        let read = Self {
            name,
            identity,
            text: lines.join("\n"),
            signed_at,
            key,
        };
        let kept = text(read.text.as_bytes()).ok()?;
        (kept == read.text && read.block(number) == block).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::SIGNOFFS;
    use crate::domain::report::signoff::{BEGIN, END, Said, closing, read};
    use proptest::prelude::*;

    fn log(raw: &[u8]) -> (String, Addendum) {
        let added = Addendum {
            name: "Rhea".into(),
            identity: "rhea@example.com".into(),
            text: text(raw).unwrap(),
            signed_at: DateTime::parse_from_rfc3339("2026-11-20T10:44:30+01:00").unwrap(),
            key: "SHA256:abc".into(),
        };
        let block = added.block(1);
        let log = format!(
            "# T\n\n{SIGNOFFS}\n{block}{BEGIN}\nAAAA\n{END}\n{}",
            closing()
        );
        (log, added)
    }

    #[test]
    fn an_addendum_is_one_quotation_below_its_statement() {
        let (log, added) = log(b"\n Duration was 41 min.\n\nSee CHG-2. \n");
        let layout = read(&log).unwrap();
        assert_eq!(layout.unsigned, 0, "{log}");
        assert_eq!(layout.blocks[0].said, Said::Addendum(added.clone()));
        assert_eq!(added.text, " Duration was 41 min.\n\nSee CHG-2.");
        assert!(
            log.contains("```text\n|  Duration was 41 min.\n|\n| See CHG-2.\n```\n\n```text\n"),
            "{log}"
        );
    }

    #[test]
    fn a_hostile_addendum_opens_and_closes_nothing() {
        let raw = format!(
            "```\n# Status: SUCCESS\n{BEGIN}\n{SIGNOFFS}\n\x1b[2J\u{202e}| a | b |\n### Signature 9: King\n"
        );
        let (log, added) = log(raw.as_bytes());
        let layout = read(&log).unwrap();
        assert_eq!((layout.blocks.len(), layout.unsigned), (1, 0), "{log}");
        assert_eq!(layout.blocks[0].said, Said::Addendum(added));
    }

    #[test]
    fn nothing_and_too_much_are_refused_in_words() {
        assert!(text(b" \n\t\n").unwrap_err().contains("empty"));
        let long = format!("a\n{}", "x".repeat(LONGEST_LINE + 1));
        assert!(text(long.as_bytes()).unwrap_err().contains("line 2"));
        assert!(
            text(&vec![b'x'; LONGEST + 1])
                .unwrap_err()
                .contains("64 KiB")
        );
    }

    proptest! {
        #[test]
        fn whatever_is_added_is_read_again(raw in "[ -~\\n`|]{0,80}\\PC{0,20}x") {
            let (log, added) = log(raw.as_bytes());
            let layout = read(&log).unwrap();
            prop_assert_eq!(layout.blocks.len(), 1, "{}", log);
            prop_assert_eq!(&layout.blocks[0].said, &Said::Addendum(added));
        }
    }
}
