//! Tests of addenda that are told from the records of later duties.

use super::*;
use crate::domain::attempt::{Ended, OutputDigest};
use crate::domain::report::signoff::addendum;
use crate::domain::run::event::{Closed, NoteKind, Status};
use crate::domain::run::fixture::{book, confirmed, entries, finished, started};

const BOOK: &str = "
phases:
  - phase: Apply
    steps:
      - {step: a, id: a, run: 'true'}
  - phase: First day
    later: T+1m
    steps:
      - {step: Quiet, id: d, confirm: Quiet.}
      - {step: Look, id: e, check: 'true'}
  - phase: Review
    later: T+7d
    steps:
      - {step: r, id: r, confirm: Reviewed.}
";

/// The records of a run whose duties were partly done; the third and on are later.
fn records() -> Vec<Entry> {
    let closed = Closed {
        status: Status::Success,
        remark: String::new(),
        clock_offset_ms: None,
    };
    let resumed = Event::RunResumed {
        host: "ops1".into(),
        boot_id: String::new(),
        pid: 1,
        reason: String::new(),
    };
    let note = Event::Note {
        kind: NoteKind::Remark,
        text: format!("\x1b[2J```\n{}", "x".repeat(2_000)),
        step: None,
    };
    let mut done = finished("e", 1, Ended::Passed);
    if let Event::StepFinished(finished) = &mut done {
        finished.outcome.output = OutputDigest {
            path: "output/03.1.txt".into(),
            sha256: "ab".repeat(32),
            ..OutputDigest::default()
        };
    }
    let opened = crate::domain::run::event::Opened::default();
    let mut all = entries([
        Event::RunOpened(Box::new(opened)),
        Event::RunClosed(closed),
        resumed,
        confirmed("d"),
        note,
        started("e", 1),
        done,
    ]);
    for entry in &mut all[2..] {
        entry.t = entry.t.replace("T09:00", "T09:02");
    }
    all
}

fn told(from: u64) -> String {
    let all = records();
    let records = Records {
        book: &book(BOOK),
        window: &all[..2],
        later: &all[2..],
    };
    text(records, from, &"cd".repeat(32))
}

#[test]
fn an_addendum_tells_every_record_and_how_the_duties_stand() {
    let text = told(3);
    let says = |wanted: &str| assert!(text.contains(wanted), "{wanted}\n{text}");
    says("2026-11-20T09:02:02Z taken up by dana@example.com on ops1");
    says("2026-11-20T09:02:03Z 2.1 “Quiet”: confirmed by dana@example.com, on screen for 1.0 s");
    says("2.2 “Look”: Passed after 5 ms");
    says(
        "“First day”, due by 2026-11-20T09:01:00Z: settled at 2026-11-20T09:02:06Z, LATE by 1 min 6 s",
    );
    says("“Review”, due by 2026-11-27T09:00:00Z: 0 of 1 steps settled");
    let named: Vec<_> = files(&text).collect();
    assert_eq!(named, [("ab".repeat(32).as_str(), "output/03.1.txt")]);
}

#[test]
fn it_says_which_records_it_is_told_from_and_can_be_kept_as_it_is() {
    let text = told(4);
    let told = Told {
        from: 4,
        to: 7,
        head: "cd".repeat(32),
    };
    assert_eq!(Told::read(&text), Some(told));
    assert!(!text.contains("taken up"), "{text}");
    assert_eq!(
        addendum::text(text.as_bytes()).as_deref(),
        Ok(text.as_str())
    );
    assert_eq!(Told::read("Duration was 41 min."), None);
}
