//! A run in which every text that somebody can write is the same one.

use super::fixture::{Run, book, started};
use crate::domain::attempt::Ended;
use crate::domain::run::event::*;
use crate::domain::runbook::model::{Level, Runbook, StepId};

/// A run in which every text that somebody can write is this one.
pub fn run(text: &str) -> (Runbook, Run) {
    let mut book = book("rcmd");
    let said = || text.to_owned();
    for step in &mut book.steps {
        step.title = said();
    }
    book.roles = vec![said()];
    let mut run = Run::opened_as(|opened| {
        for field in [
            &mut opened.title,
            &mut opened.change,
            &mut opened.host,
            &mut opened.os_user,
            &mut opened.target,
            &mut opened.runbook_path,
            &mut opened.runbook_git,
            &mut opened.tool,
            &mut opened.run,
        ] {
            *field = text.to_owned();
        }
        opened.parameters.insert(text.to_owned(), text.to_owned());
        opened.files.insert("./a.sql".into(), "0".repeat(64));
        opened.prev_run = Some((text.to_owned(), text.to_owned()));
    });
    run.then(Event::Operator(Operator {
        name: said(),
        identity: said(),
        key: said(),
        key_source: said(),
    }));
    run.then(Event::Target(TargetSeen {
        version: said(),
        database: said(),
        address: said(),
        user: said(),
        role: said(),
        system_identifier: said(),
        clock_offset_ms: 9_000,
        differs: vec![said()],
    }));
    let failed = Ended::Failed {
        exit: Some(1),
        signal: None,
    };
    run.attempt("01", 1, failed, text.as_bytes());
    for (attempt, command) in [(2, format!("{text}\n{text}")), (3, text.replace('\n', " "))] {
        let mut event = started("01", attempt);
        if let Event::StepStarted(started) = &mut event {
            started.command = command;
            started.typed = said();
            started.reason = said();
        }
        run.then(event);
    }
    acts(&mut run, text);
    people(&mut run, text);
    run.then(Event::RunClosed(Closed {
        status: Status::Partial,
        remark: said(),
        clock_offset_ms: None,
    }));
    (book, run)
}

fn acts(run: &mut Run, text: &str) {
    let said = || text.to_owned();
    run.then(Event::AlarmRaised(AlarmRaised {
        rule: said(),
        level: Level::Critical,
        seen: said(),
        blocker: said(),
        during: vec![StepId::new(text)],
    }));
    run.then(Event::BackendActed(BackendActed {
        act: BackendAct::Cancel,
        pid: 1,
        backend_start: said(),
        user: said(),
        application: said(),
        query: said(),
        xact_ms: None,
        reason: said(),
    }));
    run.then(Event::BackendResult {
        pid: 1,
        backend_start: said(),
        outcome: ActOutcome::Refused { why: said() },
    });
    run.then(Event::ManualSql {
        number: 1,
        sql: said(),
        reason: said(),
    });
    run.then(Event::ManualSqlResult {
        number: 1,
        result: said(),
        ended: SqlEnd::Error,
        duration_ms: 1,
    });
    run.then(Event::TargetLost { why: said() });
    run.then(Event::WitnessPosted {
        seq: 1,
        head: said(),
        receipt: said(),
        sink: said(),
        error: said(),
    });
    run.then(Event::Suspended { for_ms: 7 });
    run.then(Event::RetryStopped {
        step: StepId::new(text),
        attempt: 1,
    });
    run.then(Event::RunbookAmended(Amended {
        dir: said(),
        before: said(),
        sha256: said(),
        reason: said(),
        changes: vec![said()],
        files: [(said(), said())].into(),
    }));
    run.then(Event::JournalRecovered {
        bytes: 1,
        sha256: said(),
    });
    run.then(Event::Unknown {
        kind: format!("x{text}"),
        data: serde_json::json!(text),
    });
}

fn people(run: &mut Run, text: &str) {
    let said = || text.to_owned();
    let step = || StepId::new("02");
    for kind in [NoteKind::Remark, NoteKind::Deviation] {
        run.then(Event::Note {
            kind,
            text: said(),
            step: Some(StepId::new(text)),
        });
    }
    run.then(Event::StepSkipped {
        step: step(),
        reason: said(),
    });
    run.then(Event::StepAccepted {
        step: step(),
        reason: said(),
    });
    run.then(Event::StepInterrupted {
        step: step(),
        attempt: 1,
        why: said(),
    });
    run.then(Event::StepResolved {
        step: step(),
        attempt: 1,
        finding: Finding::Done,
        how: said(),
    });
    run.then(Event::StepVerified {
        step: step(),
        answer: Answer::Unknown,
        detail: said(),
    });
    run.then(Event::CancelAsked {
        step: step(),
        attempt: 1,
        reason: said(),
    });
    run.then(Event::StepConfirmed(Confirmed {
        step: StepId::new("03"),
        answer: said(),
        file_sha256: said(),
        seen_ms: 1,
        on_behalf_of: said(),
    }));
    run.then(Event::StepDecided {
        step: StepId::new("04"),
        choice: said(),
        go_to: Some(said()),
        reason: said(),
        seen_ms: 1,
    });
    run.then(Event::Held {
        why: HoldReason::Identity {
            differs: vec![said()],
        },
    });
    run.then(Event::RollbackEntered {
        path: said(),
        reason: said(),
    });
    run.then(Event::RunResumed {
        host: said(),
        boot_id: said(),
        pid: 1,
        reason: said(),
    });
    run.then(Event::RunLeft { how: said() });
    run.then(Event::Checkpoint(Checkpoint {
        step: None,
        reason: said(),
        text: said(),
        signature: said(),
        identity: said(),
    }));
}
