//! Tiny runbooks and journals for tests.

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::journal::Entry;
use crate::domain::run::event::{Confirmed, Event, Finished, Opened, Peaks, Started};
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::runbook::parse::parse;

/// A runbook with a way back: a point of no return, a choice to go back, and a step that undoes each of the first two.
pub const WITH_BACK: &str = "
phases:
  - phase: One
    steps:
      - {step: a, id: a, run: 'true'}
      - {step: b, id: b, run: 'true', point_of_no_return: true}
      - step: choose
        id: choose
        decide:
          - {choice: Keep}
          - {choice: Back, go_to: undo}
          - {choice: Last, go_to: d}
      - {step: c, id: c, confirm: x}
      - {step: d, id: d, confirm: x}
rollback:
  - path: undo
    title: Undo
    steps:
      - {step: ua, id: ua, run: 'true', undoes: a}
      - {step: ub, id: ub, run: 'true', undoes: b}
";

/// Reads a runbook written in YAML below `phases:` and `rollback:`; its target `prod` is protected.
///
/// # Panics
/// The runbook is not valid.
pub fn book(rest: &str) -> Runbook {
    let text = format!(
        "runbook: 1\ntitle: test\ntargets:\n  prod: {{protect: true}}\n  staging: {{}}\n{rest}"
    );
    parse(text.as_bytes(), "test.yaml", &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    })
    .unwrap_or_else(|p| panic!("{}", p.render()))
}

/// A runbook of one letter a step: `m` manual, `s` shell, `d` dangerous shell, `c` check; ids `m1`, `s2`, …
pub fn letters(kinds: &str) -> Runbook {
    let steps: String = kinds
        .chars()
        .enumerate()
        .map(|(i, c)| {
            let action = match c {
                'm' => "confirm: Done?",
                's' => "run: 'true'",
                'd' => "run: 'true'\n        danger: high\n        timeout: 1m",
                _ => "check: 'true'",
            };
            format!(
                "      - step: {c}{}\n        id: {c}{}\n        {action}\n",
                i + 1,
                i + 1
            )
        })
        .collect();
    book(&format!("phases:\n  - phase: One\n    steps:\n{steps}"))
}

/// Returns the run that `events` lead to, opened on `target`.
pub fn run(target: &str, events: Vec<Event>) -> RunState {
    let opened = Event::RunOpened(Box::new(Opened {
        run: "r-abc123".into(),
        target: target.into(),
        ..Opened::default()
    }));
    RunState::fold(&entries(std::iter::once(opened).chain(events)))
}

/// Returns `events` as records, a second apart.
pub fn entries(events: impl IntoIterator<Item = Event>) -> Vec<Entry> {
    let entry = |(i, event)| Entry {
        seq: i as u64 + 1,
        t: format!("2026-11-20T09:{:02}:{:02}.000Z", i / 60, i % 60),
        mono_ms: i as u64 * 1000,
        by: "dana@example.com".into(),
        event,
    };
    events.into_iter().enumerate().map(entry).collect()
}

/// The step `id` was started.
pub fn started(id: &str, attempt: u32) -> Event {
    let (step, text) = (StepId::new(id), String::new);
    Event::StepStarted(Started {
        step,
        attempt,
        command: text(),
        app_name: text(),
        typed: text(),
        reason: text(),
    })
}

/// The step `id` ended.
pub fn finished(id: &str, attempt: u32, ended: Ended) -> Event {
    Event::StepFinished(Finished {
        step: StepId::new(id),
        attempt,
        outcome: outcome(ended),
        peaks: Peaks::default(),
    })
}

/// An outcome with nothing but its end.
pub fn outcome(ended: Ended) -> Outcome {
    let summary = format!("{ended:?}");
    Outcome {
        duration_ms: 5,
        ..Outcome::of(ended, summary)
    }
}

/// A plain failure.
pub fn failure() -> Ended {
    Ended::Failed {
        exit: Some(1),
        signal: None,
    }
}

/// The manual step `id` was confirmed.
pub fn confirmed(id: &str) -> Event {
    Event::StepConfirmed(Confirmed {
        step: StepId::new(id),
        answer: String::new(),
        file_sha256: String::new(),
        seen_ms: 1000,
        on_behalf_of: String::new(),
    })
}
