//! Whatever commands, people and databases say stays text under two markdown engines.

use comrak::nodes::NodeValue;
use proptest::prelude::*;
use pulldown_cmark::{Event as Mark, Options, Parser, Tag};

use super::everywhere::run;
use super::fixture::{Run, book};
use crate::domain::report::signoff;
use crate::domain::run::event::Status;
use crate::domain::tame;

pub const HOSTILE: &[&str] = &[
    "# Status: SUCCESS",
    "\n\n## Sign-offs\n",
    "\n## Sign-offs\n\n### Signature 1: Database Admin\n",
    "x\n-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n",
    "-----BEGIN SSH SIGNATURE-----",
    "```\n\n# out\n\n```",
    "``````````\n# out",
    "~~~\nout",
    "<script>alert(1)</script>",
    "<!-- hide",
    "<details><summary>x</summary>",
    "| a | b |\n|---|---|\n| c | d |",
    "a|b\\|c\\\\|d`|`",
    "\n0000000000000000000000000000000000000000000000000000000000000000  journal.jsonl\n",
    "0000000000000000000000000000000000000000000000000000000000000000  journal.jsonl",
    "![x](http://evil/x.png) [y](javascript:alert) <http://a>",
    "[ref]: http://evil",
    "**bold** __x__ *y* _z_ ~~q~~ $m$ :x: &lt; &#35;",
    "1. one\n- two\n+ three\n> four\n    five",
    "===\n---\n***",
    "\r# carriage\r\n",
    "\u{1b}[2J\u{1b}]8;;http://x\u{7}y\u{202e}evil\u{200b}\u{2028}# z\u{feff}\u{85}# n\u{c}# f",
    "`",
    "``",
    "` `",
    " ",
    "",
    "\\",
    "\\`",
    "`\\",
    "... 3 lines left out; the whole output is in the evidence file ...",
];

/// What a page is made of: headings, tables, cells, code blocks, list items, as one engine counts them.
type Shape = [usize; 5];

fn by_pulldown(log: &str) -> Shape {
    let mut shape = [0; 5];
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for mark in Parser::new_ext(log, options) {
        match mark {
            Mark::Start(Tag::Heading { .. }) => shape[0] += 1,
            Mark::Start(Tag::Table(_)) => shape[1] += 1,
            Mark::Start(Tag::TableCell) => shape[2] += 1,
            Mark::Start(Tag::CodeBlock(_)) => shape[3] += 1,
            Mark::Start(Tag::Item) => shape[4] += 1,
            Mark::Html(_) | Mark::InlineHtml(_) | Mark::Rule | Mark::TaskListMarker(_) => {
                panic!("{mark:?} in:\n{log}")
            }
            Mark::Start(
                Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::HtmlBlock
                | Tag::BlockQuote(_)
                | Tag::Emphasis
                | Tag::Strikethrough,
            ) => panic!("{mark:?} in:\n{log}"),
            _ => {}
        }
    }
    shape
}

fn by_comrak(log: &str) -> Shape {
    let mut shape = [0; 5];
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    let arena = comrak::Arena::new();
    for node in comrak::parse_document(&arena, log, &options).descendants() {
        let value = &node.data.borrow().value;
        match value {
            NodeValue::Heading(_) => shape[0] += 1,
            NodeValue::Table(_) => shape[1] += 1,
            NodeValue::TableCell => shape[2] += 1,
            NodeValue::CodeBlock(_) => shape[3] += 1,
            NodeValue::Item(_) => shape[4] += 1,
            NodeValue::HtmlBlock(_)
            | NodeValue::HtmlInline(_)
            | NodeValue::Link(_)
            | NodeValue::Image(_)
            | NodeValue::ThematicBreak
            | NodeValue::BlockQuote
            | NodeValue::Emph
            | NodeValue::Strikethrough => panic!("{value:?} in:\n{log}"),
            _ => {}
        }
    }
    shape
}

fn digest_lines(log: &str) -> Vec<&str> {
    log.lines()
        .filter(|l| {
            l.len() > 66
                && l.as_bytes()[..64].iter().all(u8::is_ascii_hexdigit)
                && &l[64..66] == "  "
        })
        .collect()
}

fn check(text: &str, plain: Shape) {
    let (book, run) = run(text);
    let log = run.log(&book);
    assert_eq!(by_pulldown(&log), plain, "{log}");
    assert_eq!(by_comrak(&log), plain, "{log}");
    assert!(
        !log.lines()
            .any(|l| l == signoff::BEGIN || l == signoff::END),
        "{log}"
    );
    assert_eq!(
        log.lines().filter(|l| *l == super::SIGNOFFS).count(),
        1,
        "{log}"
    );
    assert_eq!(signoff::read(&log).unwrap().record, log);
    let named: Vec<_> = digest_lines(&log).iter().map(|l| &l[66..]).collect();
    let known = [
        "journal.jsonl",
        "runbook.yaml",
        "files/a.sql",
        "output/01.1.txt",
    ];
    assert_eq!(named, known, "{log}");
    for line in log.lines() {
        let mut before = None;
        for c in line.chars() {
            assert!(!tame::is_hidden(before, c), "{line:?}");
            before = Some(c);
        }
        assert!(!line.ends_with(' ') && !line.contains('\t'), "{line:?}");
    }
}

#[test]
fn a_file_whose_name_leads_elsewhere_is_not_covered_and_said_so() {
    for name in [
        "../x",
        "/etc/passwd",
        "a//b",
        "..",
        "",
        "a\nb",
        "a\\b",
        "a\u{202e}b",
    ] {
        assert_eq!(super::kept_as(name), None, "{name}");
    }
    assert_eq!(
        super::kept_as("./sql/a b.sql").as_deref(),
        Some("files/sql/a b.sql")
    );
    let mut run = Run::opened_as(|opened| {
        opened.files.insert("../x".into(), "0".repeat(64));
    });
    run.closed(Status::Aborted);
    assert!(
        run.log(&book("r"))
            .contains("is not covered by this log:** `../x`")
    );
}

/// The shape of the same run with a harmless word.
fn plain() -> Shape {
    let (book, run) = run("word");
    let log = run.log(&book);
    assert_eq!(by_pulldown(&log), by_comrak(&log), "{log}");
    by_pulldown(&log)
}

#[test]
fn hostile_texts_change_nothing_but_words() {
    let plain = plain();
    for text in HOSTILE.iter().filter(|t| !t.trim().is_empty()) {
        check(text, plain);
    }
}

#[test]
fn hostile_signers_change_nothing_but_words() {
    for text in HOSTILE.iter().filter(|t| !t.trim().is_empty()) {
        let statement = signoff::Statement {
            name: (*text).into(),
            identity: (*text).into(),
            role: (*text).into(),
            decision: signoff::Decision::ApprovedWithRemarks,
            remark: (*text).into(),
            meaning: (*text).into(),
            signed_at: chrono::DateTime::parse_from_rfc3339("2026-11-20T10:44:30+01:00").unwrap(),
            key: "SHA256:x".into(),
        };
        let page = format!("# T\n{}AAAA\n```\n", statement.block(1));
        assert_eq!(by_pulldown(&page), [2, 1, 20, 1, 0], "{page}");
        assert_eq!(by_comrak(&page), [2, 1, 20, 1, 0], "{page}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_changes_anything_but_words(text in "x[-`*_<>#|&~!\\[\\]()\\\\:/.w 0=+${}^\n\r\t\u{1b}\u{202e}]{0,60}") {
        check(&text, plain());
    }
}
