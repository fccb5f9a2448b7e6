//! What YAML does not allow, in words that say what to do about it.

use std::ops::Range;

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use crate::domain::runbook::tree::{Fault, Reach};

const QUOTE: &str = "put the text in quotes: 'like: this'";

/// Makes a fault of what the parser says.
pub(super) fn fault(error: &ScanError, text: &str) -> Fault {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let at = text.floor_char_boundary(at.min(text.len()));
    let (message, hint, reach) = told(error, text, at);
    let at = blamed(error, text, at);
    let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    Fault {
        at: at..end,
        message,
        hint: hint.map(Into::into),
        reach,
    }
}

/// Returns the byte to point at: the tab itself, the quote that was opened.
fn blamed(error: &ScanError, text: &str, at: usize) -> usize {
    let before = &text[..at];
    let found = match error.kind() {
        kind if is_tab(kind) => before.ends_with('\t').then(|| at - 1),
        kind if is_open_quote(kind) => [": '", ": \"", "- '", "- \""]
            .iter()
            .filter_map(|opening| before.rfind(opening))
            .max()
            .map(|opening| opening + 2),
        _ => None,
    };
    found.unwrap_or(at)
}

fn told(error: &ScanError, text: &str, at: usize) -> (String, Option<&'static str>, Reach) {
    let kind = error.kind();
    if let ErrorKind::UnexpectedCharacter { character } = kind
        && !character.is_control()
    {
        let message = format!("a value cannot begin with `{character}`");
        return (message, Some("put the text in quotes"), Reach::Line);
    }
    let deeper = matches!(kind, ErrorKind::MappingValueNotAllowed) && begins_line(text, at);
    if let Some((message, hint)) = spoils_line(kind).filter(|_| !deeper) {
        return (message.to_owned(), Some(hint), Reach::Line);
    }
    match spoils_rest(kind) {
        Some((message, hint)) => (message.to_owned(), Some(hint), Reach::Rest),
        None => (kind.to_string(), None, Reach::Rest),
    }
}

/// Returns message and hint for what spoils the value on its line only.
fn spoils_line(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed => ("a second `: ` on this line", QUOTE),
        ErrorKind::InvalidBlockScalarHeader => (
            "a bare `>` or `|` at the start of a value begins a block of text",
            "put the comparison in quotes: '>= 11'",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "something stands behind the closing quote",
            "quote the whole value; inside single quotes a quote is written twice: 'it''s'",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an escape in double quotes that YAML does not know",
            "use single quotes, in which a backslash stands for itself: '\\d+'",
        ),
        ErrorKind::UnknownAnchor => (
            "this alias names an anchor that does not exist",
            "a text that begins with `*` stands in quotes",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list begins on the line of its key",
            "begin the list on the next line; a text that begins with `- ` stands in quotes",
        ),
        _ => return None,
    })
}

/// Returns message and hint for what makes everything after it unreadable.
fn spoils_rest(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        kind if is_tab(kind) => (
            "a tab stands where YAML wants spaces",
            "indent with spaces, two for each level",
        ),
        kind if is_open_quote(kind) => (
            "this quote is not closed",
            "inside single quotes a quote is written twice: 'it''s'",
        ),
        kind if is_bracket(kind) => (
            "a `[` or `{` is opened and not closed rightly",
            "close it; a text with `[`, `]`, `{`, `}` or `,` in a bracketed list stands in quotes",
        ),
        ErrorKind::MappingValueNotAllowed => (
            "this line is indented deeper than the one it belongs to",
            "keys of one step stand exactly below each other",
        ),
        ErrorKind::UnexpectedCharacter { .. } => (
            "a control character stands in the file",
            "take it out; in double quotes it is written as \"\\x07\"",
        ),
        ErrorKind::RecursionLimitExceeded => (
            "values are nested more than 100 deep",
            "a runbook needs a dozen levels",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => (
            "this line does not belong to the lines above it",
            "look at the indentation: what belongs together begins in the same column",
        ),
        _ => return None,
    })
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInBlockIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    )
}

fn is_open_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

fn is_bracket(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::MisplacedFlowCollectionEnd
            | ErrorKind::MismatchedFlowCollectionEnd { .. }
            | ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::InvalidFlowScalarIndent
            | ErrorKind::BlockEntryInFlowCollection
    )
}

/// Whether only one word stands on the line before byte `at`: so its first key is what is not allowed.
fn begins_line(text: &str, at: usize) -> bool {
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    !line.contains(": ")
}

/// Returns the bytes of the value on the line of byte `at`, where the line is `key: value`.
pub(super) fn value_on_line(text: &str, at: usize) -> Option<Range<usize>> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    let line = &text[start..end];
    let indent = line.find(|c: char| c != ' ' && c != '-')?;
    let colon = indent + line[indent..].find(": ")?;
    let key = &line[indent..colon];
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || !key.chars().all(plain) {
        return None;
    }
    let value = colon + 2;
    let kept = line.trim_end().len();
    (value < kept).then(|| start + value..start + kept)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::domain::runbook::tree::{Kind, Node, read, read_all};

    fn fault(text: &str) -> (usize, String) {
        let tree = read(text);
        let fault = tree.faults.first().expect("a fault");
        (fault.at.start, fault.message.clone())
    }

    #[test]
    fn every_common_slip_has_its_own_words() {
        for (text, at, message) in [
            ("a:\n\tb: 1\n", 3, "a tab stands where YAML wants spaces"),
            ("a: b: c\n", 4, "a second `: ` on this line"),
            (
                "a: 1\n b: 2\n",
                7,
                "this line is indented deeper than the one it belongs to",
            ),
            (
                "a: >= 11\n",
                3,
                "a bare `>` or `|` at the start of a value begins a block of text",
            ),
            ("a: @x\n", 3, "a value cannot begin with `@`"),
            ("a: 'x' y\n", 7, "something stands behind the closing quote"),
            (
                "a: \"\\d\"\n",
                3,
                "an escape in double quotes that YAML does not know",
            ),
            (
                "a: *b\n",
                3,
                "this alias names an anchor that does not exist",
            ),
            ("a: - b\n", 3, "a list begins on the line of its key"),
            ("a: 'x\nb: 1\n", 3, "this quote is not closed"),
            (
                "a: [1\nb: 2\n",
                7,
                "a `[` or `{` is opened and not closed rightly",
            ),
            (
                "a: x\n- b\n",
                7,
                "this line does not belong to the lines above it",
            ),
            (
                "a: != off\n",
                3,
                "`!=` is a YAML tag, which a runbook has no use for",
            ),
            ("a: 1\n---\nb: 2\n", 5, "a second document begins here"),
            ("a: &x [*x]\n", 7, "this alias stands inside what it names"),
            ("a: b\0\n", 4, "a control character stands in the file"),
        ] {
            assert_eq!(fault(text), (at, message.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn lines_that_cannot_be_read_are_told_all_at_once() {
        let (tree, left_out) = read_all("a: >= 1\nb: c\nd: e: f\n- x\ng: @h\n");
        let told: Vec<&str> = tree.faults.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(left_out, [3..7, 16..20]);
        let (tree, _) = read_all("a: >= 1\nb: c\n");
        assert!(
            matches!(&tree.root.as_deref(), Some(Node { kind: Kind::Map(pairs), .. }) if pairs.len() == 2)
        );
    }

    #[test]
    fn an_alias_bomb_is_refused_before_it_unfolds() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for n in 1..30 {
            let items = vec![format!("*a{}", n - 1); 9].join(", ");
            writeln!(bomb, "a{n}: &a{n} [{items}]").unwrap();
        }
        let tree = read(&bomb);
        assert!(tree.root.is_none());
        assert!(
            tree.faults[0]
                .message
                .contains("unfold into more than 100,000")
        );
    }

    #[test]
    fn merge_keys_add_what_the_map_does_not_say_itself() {
        let tree = read("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n");
        let root = tree.root.unwrap();
        let Kind::Map(pairs) = &root.kind else {
            panic!()
        };
        let Kind::Map(own) = &pairs[1].1.kind else {
            panic!()
        };
        let told: Vec<_> = own
            .iter()
            .map(|(k, v)| (k.text().unwrap(), v.text().unwrap()))
            .collect();
        assert_eq!(told, [("y".into(), "3".into()), ("x".into(), "1".into())]);
    }
}
