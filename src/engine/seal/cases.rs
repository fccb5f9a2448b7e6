//! Every way of tampering with a record that is known, with the verdict and the line that it gets.

use std::fs;

use super::fixture::{Place, events, journal};
use super::verify::Verdict;
use crate::domain::run::event::Event;

/// What is done to a bundle that Dana and Quinn signed, the verdict, and what the report says of it.
pub type Case = (&'static str, fn(&Place), Verdict, &'static str);

fn lines(place: &Place, file: &str, change: impl Fn(&mut Vec<String>)) {
    place.edit(file, |text| {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        change(&mut lines);
        lines.concat()
    });
}

/// The log's signature blocks, each from its headline to its last fence.
fn blocks(place: &Place) -> (String, Vec<String>) {
    let log = place.log();
    let mut parts = log.split("\n### Signature ");
    let record = parts.next().unwrap().to_owned();
    (
        record,
        parts.map(|p| format!("\n### Signature {p}")).collect(),
    )
}

/// The same run as another one: another id, signed by the same two people.
fn another() -> Place {
    let other = Place::new();
    let mut events = events();
    if let Event::RunOpened(opened) = &mut events[0] {
        opened.run = "20261127T090000Z-orders-000000".into();
    }
    other.edit("journal.jsonl", |_| journal(&events));
    other.signed();
    other
}

#[expect(clippy::semicolon_if_nothing_returned, reason = "a table is short")]
pub const CASES: &[Case] = {
    use Verdict::{Failed, Incomplete, Verified};
    &[
        ("untouched", |_| (), Verified, "all 2 required roles signed"),
        (
            "text edited",
            |p| p.edit("log.md", |l| l.replacen("**SUCCESS**", "**SUCCESs**", 1)),
            Failed,
            "signature 1  Database Admin: dana <dana@example.com>: the text above it was changed after signing",
        ),
        (
            "text edited, said by agreement",
            |p| p.edit("log.md", |l| l.replacen("41.7 s", "1.7 s", 1)),
            Failed,
            "of the log is not what the journal tells: it says `",
        ),
        (
            "a section cut out",
            |p| {
                p.edit("log.md", |l| {
                    let (head, rest) = l.split_once("## Checks").unwrap();
                    format!("{head}## Steps{}", rest.split_once("## Steps").unwrap().1)
                })
            },
            Failed,
            "was changed after signing",
        ),
        (
            "record removed",
            |p| {
                lines(p, "journal.jsonl", |l| {
                    l.remove(2);
                })
            },
            Failed,
            "chain breaks between record 2 and record 3",
        ),
        (
            "record edited",
            |p| {
                p.edit("journal.jsonl", |j| {
                    j.replacen("echo upgraded", "echo degraded", 1)
                })
            },
            Failed,
            "chain breaks between record 3 and record 4",
        ),
        (
            "records swapped",
            |p| lines(p, "journal.jsonl", |l| l.swap(2, 3)),
            Failed,
            "chain breaks between record 2",
        ),
        (
            "record doubled",
            |p| {
                lines(p, "journal.jsonl", |l| {
                    let r = l[2].clone();
                    l.insert(2, r);
                })
            },
            Failed,
            "chain breaks between record 3",
        ),
        (
            "last record cut",
            |p| {
                lines(p, "journal.jsonl", |l| {
                    l.pop();
                })
            },
            Failed,
            "(cut short, continued or replaced)",
        ),
        (
            "record added behind the end",
            |p| {
                p.edit("journal.jsonl", |_| {
                    let mut all = events();
                    all.push(Event::Released);
                    journal(&all)
                })
            },
            Failed,
            "is not the head in the log",
        ),
        (
            "chained anew",
            |p| {
                p.edit("journal.jsonl", |_| {
                    let mut all = events();
                    all.remove(1);
                    journal(&all)
                })
            },
            Failed,
            "is not the head in the log",
        ),
        (
            "torn",
            |p| p.edit("journal.jsonl", |j| j[..j.len() - 20].to_owned()),
            Failed,
            "have no line end",
        ),
        (
            "a key twice in a record",
            |p| {
                p.edit("journal.jsonl", |j| {
                    j.replacen("\"seq\":5", "\"seq\":5,\"seq\":5", 1)
                })
            },
            Failed,
            "record 5 cannot be read",
        ),
        (
            "journal gone",
            |p| fs::remove_file(p.bundle.dir.join("journal.jsonl")).unwrap(),
            Failed,
            "journal.jsonl",
        ),
        (
            "output edited",
            |p| p.edit("output/01.1.txt", |o| o + "!"),
            Failed,
            "output/01.1.txt: content differs",
        ),
        (
            "output gone",
            |p| fs::remove_file(p.bundle.dir.join("output/01.1.txt")).unwrap(),
            Failed,
            "output/01.1.txt: named in the log, not found",
        ),
        (
            "output planted",
            |p| fs::write(p.bundle.dir.join("output/09.1.txt"), "x").unwrap(),
            Verified,
            "no signature covers: output/09.1.txt",
        ),
        (
            "runbook edited",
            |p| p.edit("runbook.yaml", |b| b.replacen(", QA Lead", "", 1)),
            Failed,
            "runbook.yaml: content differs",
        ),
        (
            "runbook gone",
            |p| fs::remove_file(p.bundle.dir.join("runbook.yaml")).unwrap(),
            Failed,
            "which roles are required is not known",
        ),
        (
            "last signature cut off",
            |p| {
                let (record, all) = blocks(p);
                p.edit("log.md", |_| record.clone() + &all[0]);
            },
            Incomplete,
            "missing or not valid: QA Lead",
        ),
        (
            "first signature cut out",
            |p| {
                let (record, all) = blocks(p);
                p.edit("log.md", |_| record.clone() + &all[1]);
            },
            Failed,
            "are no signature",
        ),
        (
            "first signature cut out, the second called first",
            |p| {
                let (record, all) = blocks(p);
                p.edit("log.md", |_| {
                    record.clone() + &all[1].replacen("Signature 2", "Signature 1", 1)
                });
            },
            Failed,
            "was changed after signing",
        ),
        (
            "signatures swapped",
            |p| {
                let (record, all) = blocks(p);
                let second = all[1].replacen("Signature 2", "Signature 1", 1);
                p.edit("log.md", |_| {
                    record.clone() + &second + &all[0].replacen("Signature 1", "Signature 2", 1)
                });
            },
            Failed,
            "was changed after signing",
        ),
        (
            "name edited",
            |p| {
                p.edit("log.md", |l| {
                    l.replacen("| Name | quinn |", "| Name | Quentin |", 1)
                })
            },
            Failed,
            "was changed after signing",
        ),
        (
            "role edited",
            |p| {
                p.edit("log.md", |l| {
                    l.replace("QA Lead |", "Release Lead |")
                        .replace(": QA Lead", ": Release Lead")
                })
            },
            Failed,
            "was made for \"role.qa-lead@holdpoint\", not for",
        ),
        (
            "decision edited",
            |p| {
                p.edit("log.md", |l| {
                    l.replacen(
                        "| Decision | **APPROVED** |",
                        "| Decision | **REJECTED** |",
                        1,
                    )
                })
            },
            Failed,
            "was changed after signing",
        ),
        (
            "key edited",
            |p| p.edit("log.md", |l| l.replacen("`SHA256:", "`SHA256:A", 1)),
            Failed,
            "not the key that signed",
        ),
        (
            "text behind the last signature",
            |p| p.edit("log.md", |l| l + "Approved by all of us.\n"),
            Failed,
            "23 bytes of unsigned text after the last signature",
        ),
        (
            "text between signatures",
            |p| {
                p.edit("log.md", |l| {
                    l.replacen("\n### Signature 2", "\nAlso signed.\n\n### Signature 2", 1)
                })
            },
            Failed,
            "bytes of unsigned text after the last signature that can be read",
        ),
        (
            "the log of another run",
            |p| {
                fs::copy(&another().bundle.log, &p.bundle.log).unwrap();
            },
            Failed,
            "journal.jsonl: content differs",
        ),
        (
            "a sign-off of another run",
            |p| {
                let (record, mut all) = blocks(p);
                all[1] = blocks(&another()).1[1].clone();
                p.edit("log.md", |_| record.clone() + &all.concat());
            },
            Failed,
            "signature 2",
        ),
        (
            "another run in this folder",
            |p| {
                let other = another();
                for file in ["journal.jsonl", "log.md"] {
                    fs::copy(other.bundle.dir.join(file), p.bundle.dir.join(file)).unwrap();
                }
            },
            Failed,
            "the run in it 20261127T090000Z-orders-000000",
        ),
        (
            "a control character",
            |p| p.edit("log.md", |l| l.replacen("SUCCESS", "\u{1b}[2KSUCCESS", 1)),
            Failed,
            "a control or invisible character (U+001B)",
        ),
        (
            "a right-to-left mark",
            |p| p.edit("log.md", |l| l.replacen("SUCCESS", "\u{202e}SUCCESS", 1)),
            Failed,
            "U+202E",
        ),
        (
            "a blank at the end of a line",
            |p| p.edit("log.md", |l| l.replacen("## Checks\n", "## Checks \n", 1)),
            Failed,
            "a blank at its end",
        ),
        (
            "line ends changed",
            |p| p.edit("log.md", |l| l.replace('\n', "\r\n")),
            Verified,
            "WARN  bytes",
        ),
        (
            "a byte order mark",
            |p| p.edit("log.md", |l| format!("\u{feff}{l}")),
            Verified,
            "WARN  bytes",
        ),
        (
            "the last line end lost",
            |p| p.edit("log.md", |l| l.trim_end().to_owned()),
            Verified,
            "the last line end was lost",
        ),
        (
            "no log in it",
            |p| fs::write(&p.bundle.log, "# Notes\n").unwrap(),
            Failed,
            "this is no log of holdpoint",
        ),
    ]
};
