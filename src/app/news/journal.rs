//! Records that are safely on disk: only now may the world be touched.

use crate::app::dialog::{Intent, SessionRef};
use crate::app::message::Effect;
use crate::app::model::{Model, Purpose, Recording};
use crate::app::monitor::Baseline;
use crate::app::monitor::Idle;
use crate::app::monitor::migrations;
use crate::app::monitor::panel::Panel;
use crate::app::news::attempt::{by_hand, finish, runs};
use crate::app::news::server::keep;
use crate::app::questions;
use crate::app::step;
use crate::domain::attempt::Ended;
use crate::domain::journal::Entry;
use crate::domain::report::later;
use crate::domain::run::assign;
use crate::domain::run::event::{Event, HoldReason, Peaks, Started};
use crate::domain::run::state::{Route, Stand, StepRecord};
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, Sessions, Step, StepId, Terminal};
use crate::domain::sample::news::{Extra, Need, Wishes};
use crate::domain::sample::own::OwnStep;

/// Milliseconds for which what happened is worth a call to whoever follows a run.
const FRESH_MS: i64 = 10_000;

/// Takes in records that are safely on disk; only now may the world be touched.
pub fn journaled(model: &mut Model, entries: &[Entry]) -> Vec<Effect> {
    model.pending = model.pending.saturating_sub(1);
    if model.pending == 0 && model.recording == Recording::Saving {
        model.recording = Recording::Saved;
    }
    let mut effects = Vec::new();
    for entry in entries {
        model.run.apply(entry);
        if matches!(
            entry.event,
            Event::StepFinished(_) | Event::ManualSqlResult { .. } | Event::StepConfirmed(_)
        ) {
            migrations::overtaken(model);
        }
        if model.run.route == Route::Later && later::is_act(&entry.event) {
            model.unsigned += 1;
        }
        if let Event::StepStarted(started) = &entry.event {
            model.begin(&started.step);
        }
        if model.purpose == Purpose::Drive {
            effects.extend(on_disk(model, &entry.event));
        }
        let call = worth_a_call(model, &entry.event).filter(|_| is_fresh(model, entry));
        effects.extend(call.map(Effect::Notify));
    }
    effects
}

fn on_disk(model: &mut Model, event: &Event) -> Vec<Effect> {
    match event {
        Event::StepStarted(started) => launched(model, started),
        Event::CancelAsked {
            step,
            attempt,
            reason,
        } => stopped(model, step, *attempt, reason),
        Event::BackendActed(act) => vec![
            Effect::PostHead,
            Effect::Act {
                session: SessionRef {
                    pid: act.pid,
                    backend_start: act.backend_start.clone(),
                    user: act.user.clone(),
                    application: act.application.clone(),
                    query: act.query.clone(),
                    xact_ms: act.xact_ms,
                },
                act: act.act,
            },
        ],
        Event::ManualSql { number, sql, .. } => vec![Effect::Send {
            number: *number,
            sql: sql.clone(),
        }],
        Event::StepFinished(_) => {
            if matches!(
                model.dialog.as_ref().map(|d| &d.intent),
                Some(Intent::StillRunning)
            ) {
                model.dialog = Some(questions::close(model));
            }
            vec![wishes(model)]
        }
        Event::StepVerified { step, .. } => {
            asked_anew(model, step);
            Vec::new()
        }
        Event::RollbackEntered { .. } => vec![Effect::PostHead],
        Event::RunClosed(_) => {
            model.dialog = Some(questions::sign(model));
            let lines = model.monitor.recorder.close();
            keep(model, lines)
        }
        Event::RunOpened(_)
        | Event::StepInterrupted { .. }
        | Event::Held { .. }
        | Event::AlarmRaised(_)
        | Event::Operator(_)
        | Event::Target(_)
        | Event::Checkpoint(_)
        | Event::RunbookReviewed(_)
        | Event::StepResolved { .. }
        | Event::StepConfirmed(_)
        | Event::StepDecided { .. }
        | Event::StepSkipped { .. }
        | Event::StepAccepted { .. }
        | Event::Note { .. }
        | Event::Released
        | Event::AlarmCleared { .. }
        | Event::BackendResult { .. }
        | Event::ManualSqlResult { .. }
        | Event::TargetLost { .. }
        | Event::RollbackFinished { .. }
        | Event::WitnessPosted { .. }
        | Event::JournalRecovered { .. }
        | Event::RetryStopped { .. }
        | Event::Suspended { .. }
        | Event::RunbookAmended(_)
        | Event::RunResumed { .. }
        | Event::RunLeft { .. }
        | Event::Unknown { .. } => Vec::new(),
    }
}

/// A question that stands open about `id` was put before its `verify` question was answered: it is put anew.
fn asked_anew(model: &mut Model, id: &StepId) {
    let Some(step) = model.book.step(id).cloned() else {
        return;
    };
    let anew = match model.dialog.as_ref().map(|d| &d.intent) {
        Some(Intent::AfterFailure(at)) if at == id => questions::after_failure(model, &step),
        Some(Intent::AfterDoubt(at)) if at == id => questions::after_doubt(model, &step),
        Some(_) | None => return,
    };
    model.dialog = Some(anew);
}

/// Returns what is said to somebody who looks elsewhere; `None`: it can wait until they look.
fn worth_a_call(model: &Model, event: &Event) -> Option<String> {
    let title = |id: &StepId| {
        let step = model.book.step(id);
        step.map_or_else(|| id.to_string(), |s| s.title.clone())
    };
    match event {
        Event::AlarmRaised(raised) => {
            let by = match raised.blocker.as_str() {
                "" => String::new(),
                blocker => format!(": {blocker}"),
            };
            Some(format!("alarm: {} ({}){by}", raised.seen, raised.rule))
        }
        Event::StepFinished(finished) if *model.run.stand(&finished.step) == Stand::Failed => {
            let why = &finished.outcome.summary;
            Some(format!("{} failed: {why}", title(&finished.step)))
        }
        Event::StepInterrupted { step, why, .. } => {
            Some(format!("{} may have run: {why}", title(step)))
        }
        Event::Held {
            why: HoldReason::Identity { differs },
        } => Some(format!(
            "on hold, not the server it must be: {}",
            differs.join("; ")
        )),
        _ => None,
    }
}

/// Whether it has just happened: whoever follows a run is not called for what is long past.
fn is_fresh(model: &Model, entry: &Entry) -> bool {
    let at = chrono::DateTime::parse_from_rfc3339(&entry.t);
    let at = at.map_or(0, |at| at.timestamp_millis());
    model.purpose == Purpose::Drive || model.now.wall_ms - at < FRESH_MS
}

/// Returns what the monitor is asked for as the run stands.
pub fn wishes(model: &Model) -> Effect {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let known = |text: &String| assign::as_known(&values, text);
    let own = |(id, attempt): (&StepId, u32)| {
        let step = model.book.step(id)?;
        let started_ms = i64::try_from(model.begun.get(id)?.mono_ms).unwrap_or(i64::MAX);
        let app_name = crate::domain::run::assign::app_name(&model.run.opened.run, step, attempt);
        Some(OwnStep {
            step: id.clone(),
            attempt,
            app_name,
            started_ms,
            sessions: step.sessions.as_ref().map(|wanted| Sessions {
                user: wanted.user.as_ref().map(known),
                application: wanted.application.as_ref().map(known),
            }),
        })
    };
    // What is on no panel that anybody sees is not asked for.
    let shown = |panel| {
        if model.monitor.panel == panel {
            Extra::Asked
        } else {
            Extra::Unasked
        }
    };
    Effect::Wish(Wishes {
        steps: model.run.running().filter_map(own).collect(),
        need: Need::Refreshes,
        sizes: shown(Panel::Database),
        tables: shown(Panel::Tables),
        statements: shown(Panel::Statements),
        idle: match model.monitor.idle {
            Idle::Counted => Extra::Unasked,
            Idle::Shown => Extra::Asked,
        },
        processes: match model.monitor.panel {
            // Activity stands beside the first two where there is room, and a session can be looked at from the others.
            Panel::Locks
            | Panel::Connections
            | Panel::Activity
            | Panel::Progress
            | Panel::Replication => Extra::Asked,
            Panel::Database
            | Panel::Tables
            | Panel::Statements
            | Panel::Values
            | Panel::Migrations => Extra::Unasked,
        },
        every: model.monitor.every,
    })
}

/// Whether this start is the first of the run that may change anything.
fn is_first_change(model: &Model, step: &Step) -> bool {
    let changing = |(id, record): (&StepId, &StepRecord)| {
        let step = model.book.step(id);
        step.filter(|s| !s.only_looks())
            .map_or(0, |_| record.attempts)
    };
    !step.only_looks() && model.run.steps.iter().map(changing).sum::<u32>() == 1
}

fn launched(model: &mut Model, started: &Started) -> Vec<Effect> {
    let Some(step) = model.book.step(&started.step).cloned() else {
        return Vec::new();
    };
    if step.background.is_none() {
        model.monitor.peaks = Peaks::default();
    }
    if !step.only_looks() && model.monitor.baseline == Baseline::Open {
        // What is usual is what was seen before anything was changed.
        model.monitor.history.keep_baseline();
        model.monitor.baseline = Baseline::Kept;
    }
    let (step_id, attempt) = (started.step.clone(), started.attempt);
    let mut effects = vec![wishes(model)];
    effects.extend(is_first_change(model, &step).then_some(Effect::PostHead));
    match &step.action {
        Action::Watch(_) => {}
        Action::Run(shell) if shell.terminal == Terminal::Whole => {
            effects.push(Effect::LaunchInTerminal {
                step: step_id,
                attempt,
            });
        }
        Action::Run(_) | Action::Check(_) | Action::Sql(_) | Action::Http(_) | Action::Use(_) => {
            effects.push(Effect::Launch {
                step: step_id,
                attempt,
            });
        }
        Action::Confirm(_) | Action::Decide(_) | Action::Sign(_) => {}
    }
    effects
}

pub(super) fn stopped(model: &mut Model, step: &StepId, attempt: u32, reason: &str) -> Vec<Effect> {
    let watch = model
        .book
        .step(step)
        .is_some_and(|s| matches!(s.action, Action::Watch(_)));
    if watch && !runs(model, step, attempt) {
        return Vec::new();
    }
    if watch {
        let outcome = by_hand(model, step, Ended::Cancelled, format!("stopped: {reason}"));
        return finish(model, step, attempt, outcome);
    }
    vec![Effect::Stop {
        step: step.clone(),
        attempt,
    }]
}
