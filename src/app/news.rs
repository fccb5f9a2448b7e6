//! What comes in: records that are on disk, attempts that end, samples, results.

use regex::Regex;

use crate::app::answers;
use crate::app::dialog::SessionRef;
use crate::app::message::Effect;
use crate::app::model::{Identified, Model, Purpose, Recording, Retrial, Tone};
use crate::app::monitor::{Baseline, Link};
use crate::app::questions;
use crate::app::step;
use crate::app::update::append;
use crate::domain::attempt::{Ended, Outcome, OutputDigest};
use crate::domain::journal::Entry;
use crate::domain::run::event::{
    ActOutcome, AlarmRaised, Event, Finished, HoldReason, Peaks, SqlEnd, Started, TargetSeen,
};
use crate::domain::run::next;
use crate::domain::run::state::{CancelState, Stand};
use crate::domain::runbook::model::{Action, AlarmAction, Level, Step, StepId, Terminal, Watch};
use crate::domain::sample::alarm::{AlarmChange, Seen};
use crate::domain::sample::identity;
use crate::domain::sample::news::{MonitorNews, Need, Sizes, Wishes};
use crate::domain::sample::own::OwnStep;
use crate::domain::signal::{AttemptNews, StatementEnd};

/// Takes in records that are safely on disk; only now may the world be touched.
pub fn journaled(model: &mut Model, entries: &[Entry]) -> Vec<Effect> {
    model.pending = model.pending.saturating_sub(1);
    if model.pending == 0 && model.recording == Recording::Saving {
        model.recording = Recording::Saved;
    }
    let mut effects = Vec::new();
    for entry in entries {
        model.run.apply(entry);
        if let Event::StepStarted(started) = &entry.event {
            model.begin(&started.step);
        }
        if model.purpose == Purpose::Drive {
            effects.extend(on_disk(model, &entry.event));
        }
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
        Event::BackendActed(act) => vec![Effect::Act {
            session: SessionRef {
                pid: act.pid,
                backend_start: act.backend_start.clone(),
                user: act.user.clone(),
                application: act.application.clone(),
                query: act.query.clone(),
                xact_ms: act.xact_ms,
            },
            act: act.act,
        }],
        Event::ManualSql { number, sql, .. } => vec![Effect::Send {
            number: *number,
            sql: sql.clone(),
        }],
        Event::StepFinished(finished) => {
            let failed = *model.run.stand(&finished.step) == Stand::Failed;
            let mut effects = vec![wishes(model)];
            effects.extend(failed.then_some(Effect::Ring));
            effects
        }
        Event::StepInterrupted { .. } | Event::Held { .. } | Event::AlarmRaised(_) => {
            vec![Effect::Ring]
        }
        Event::RunClosed(_) => {
            model.dialog = Some(questions::sign(model));
            Vec::new()
        }
        Event::RunOpened(_)
        | Event::Operator(_)
        | Event::Target(_)
        | Event::Checkpoint(_)
        | Event::StepResolved { .. }
        | Event::StepVerified { .. }
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
        | Event::RollbackEntered { .. }
        | Event::RollbackFinished { .. }
        | Event::WitnessPosted { .. }
        | Event::JournalRecovered { .. }
        | Event::RunResumed { .. }
        | Event::RunLeft { .. }
        | Event::Unknown { .. } => Vec::new(),
    }
}

/// Returns what the monitor is asked for as the run stands.
pub fn wishes(model: &Model) -> Effect {
    let own = |(id, attempt): (&StepId, u32)| {
        let step = model.book.step(id)?;
        let started_ms = i64::try_from(model.begun.get(id)?.mono_ms).unwrap_or(i64::MAX);
        let app_name = crate::domain::run::assign::app_name(&model.run.opened.run, step, attempt);
        Some(OwnStep {
            step: id.clone(),
            attempt,
            app_name,
            started_ms,
            sessions: step.sessions.clone(),
        })
    };
    Effect::Wish(Wishes {
        steps: model.run.running().filter_map(own).collect(),
        need: Need::Refreshes,
        sizes: Sizes::Unasked,
    })
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
    match &step.action {
        Action::Watch(_) => {}
        Action::Run(shell) if shell.terminal == Terminal::Whole => {
            effects.push(Effect::LaunchInTerminal {
                step: step_id,
                attempt,
            });
        }
        Action::Run(_) | Action::Check(_) | Action::Sql(_) | Action::Http(_) => {
            effects.push(Effect::Launch {
                step: step_id,
                attempt,
            });
        }
        Action::Confirm(_) | Action::Decide(_) => {}
    }
    effects
}

fn stopped(model: &mut Model, step: &StepId, attempt: u32, reason: &str) -> Vec<Effect> {
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

/// The outcome of a step that has no supervisor: a watch.
fn by_hand(model: &Model, step: &StepId, ended: Ended, summary: String) -> Outcome {
    Outcome {
        ended,
        summary,
        duration_ms: model.running_ms(step),
        output: OutputDigest::default(),
        values: std::collections::BTreeMap::new(),
        secret_values: Vec::new(),
        checked: None,
        left_behind: Vec::new(),
    }
}

fn finish(model: &mut Model, step: &StepId, attempt: u32, outcome: Outcome) -> Vec<Effect> {
    let peaks = model.monitor.peaks;
    append(
        model,
        vec![Event::StepFinished(Finished {
            step: step.clone(),
            attempt,
            outcome,
            peaks,
        })],
    )
}

/// Takes in news of an attempt.
pub fn attempt(model: &mut Model, news: AttemptNews) -> Vec<Effect> {
    match news {
        AttemptNews::Output {
            name,
            bytes,
            skipped,
        } => {
            if name == model.output.name {
                model.output.take(&bytes, skipped);
            }
            Vec::new()
        }
        AttemptNews::Ended {
            step,
            attempt,
            outcome,
            tail,
        } => ended(model, &step, attempt, *outcome, &tail),
        AttemptNews::Lost { step, attempt, why } if runs(model, &step, attempt) => {
            append(model, vec![Event::StepInterrupted { step, attempt, why }])
        }
        AttemptNews::NeverBegan { step, attempt, why } if runs(model, &step, attempt) => {
            let outcome = by_hand(model, &step, Ended::NotStarted, why);
            finish(model, &step, attempt, outcome)
        }
        AttemptNews::Lost { .. } | AttemptNews::NeverBegan { .. } => Vec::new(),
        AttemptNews::Verified {
            step,
            answer,
            detail,
        } => {
            model.say(Tone::Active, format!("verify: {detail}"));
            append(
                model,
                vec![Event::StepVerified {
                    step,
                    answer,
                    detail,
                }],
            )
        }
        AttemptNews::Matched { step, line } => {
            let title = model
                .book
                .step(&step)
                .map_or(step.to_string(), |s| s.title.clone());
            let raised = AlarmRaised {
                rule: format!("{title} says"),
                level: Level::Critical,
                seen: line,
                blocker: String::new(),
                during: model.run.running().map(|(id, _)| id.clone()).collect(),
            };
            append(model, vec![Event::AlarmRaised(raised)])
        }
    }
}

/// Whether this very attempt is the one that the journal has as running: news of any other is old.
fn runs(model: &Model, step: &StepId, attempt: u32) -> bool {
    model
        .run
        .record(step)
        .is_some_and(|r| r.stand == Stand::Running && r.attempts == attempt)
}

fn ended(
    model: &mut Model,
    id: &StepId,
    attempt: u32,
    mut outcome: Outcome,
    tail: &str,
) -> Vec<Effect> {
    if !runs(model, id, attempt) {
        return Vec::new();
    }
    let Some(step) = model.book.step(id).cloned() else {
        return Vec::new();
    };
    let asked = model
        .run
        .record(id)
        .is_some_and(|r| r.cancel == CancelState::Asked);
    if step.background.is_some() && asked && outcome.ended == Ended::Cancelled {
        outcome.ended = Ended::Passed;
        let why = model.run.record(id).map_or("", |r| r.why.as_str());
        outcome.summary = format!("stopped: {why}");
    }
    let retrial = retrial(model, &step, attempt, &outcome, tail);
    // What ran beside does not take away the retry of another step.
    if retrial.is_some() || model.retry.as_ref().is_some_and(|r| r.step == *id) {
        model.retry = retrial;
    }
    if let Some(retry) = model.retry.as_ref().filter(|r| r.step == *id) {
        let text = format!(
            "{} failed; {} in {} s (Enter stops that)",
            step.title,
            retry.reason,
            (retry.due_ms - model.now.mono_ms) / 1000
        );
        model.say(Tone::Warning, text);
    }
    finish(model, id, attempt, outcome)
}

/// Takes the retries of the failed step at hand up again after a resume; its whole wait begins anew.
pub fn retry_anew(model: &mut Model, tail: impl Fn(&Outcome) -> String) {
    let Some(id) = next::current(&model.book, &model.run).cloned() else {
        return;
    };
    let (Some(step), Some(record)) = (model.book.step(&id).cloned(), model.run.record(&id)) else {
        return;
    };
    if let (Stand::Failed, Some(outcome)) = (&record.stand, &record.outcome) {
        model.retry = retrial(model, &step, record.attempts, outcome, &tail(outcome));
    }
}

/// Whether a failed step is run again by itself, and when.
fn retrial(
    model: &Model,
    step: &Step,
    attempt: u32,
    outcome: &Outcome,
    tail: &str,
) -> Option<Retrial> {
    let retry = step.retry.as_ref()?;
    match outcome.ended {
        Ended::Failed { .. } | Ended::TimedOut => {}
        Ended::Passed | Ended::Warned | Ended::Cancelled | Ended::NotStarted => return None,
    }
    // attempts are counted over the whole run: a person who retries by hand does not start the count anew
    if attempt > retry.times {
        return None;
    }
    if let Some(pattern) = &retry.only_if {
        let pattern = Regex::new(pattern).ok()?;
        if !pattern.is_match(tail) && !pattern.is_match(&outcome.summary) {
            return None;
        }
    }
    let wait = u64::try_from(retry.wait.as_millis()).unwrap_or(u64::MAX);
    let reason = format!(
        "retry {attempt} of {}, after: {}",
        retry.times, outcome.summary
    );
    Some(Retrial {
        step: step.id.clone(),
        due_ms: model.now.mono_ms.saturating_add(wait),
        reason,
    })
}

/// Takes in news of the monitored server.
pub fn monitor(model: &mut Model, news: MonitorNews) -> Vec<Effect> {
    match news {
        MonitorNews::Identity(seen) | MonitorNews::Back(seen) => identified(model, seen),
        MonitorNews::Sampled(sample) => {
            let now = model.now.mono_ms;
            model.monitor.take(sample, now);
            judged(model, 0)
        }
        MonitorNews::Lost { why, for_ms } => {
            let was_live = matches!(model.monitor.link, Link::Live | Link::Connecting);
            if was_live {
                model.say(Tone::Danger, format!("the server does not answer: {why}"));
            }
            model.monitor.history.gap(model.now.wall_ms);
            let first = was_live && model.identified == Identified::Yes;
            model.monitor.link = Link::Lost { why: why.clone() };
            let mut effects = if first && model.run.closed.is_none() {
                append(model, vec![Event::TargetLost { why }])
            } else {
                Vec::new()
            };
            effects.extend(judged(model, for_ms));
            effects
        }
    }
}

fn identified(model: &mut Model, mut seen: TargetSeen) -> Vec<Effect> {
    model.monitor.link = Link::Live;
    if model.purpose == Purpose::Monitor {
        model.run.target = Some(seen);
        return Vec::new();
    }
    let must_be = model
        .book
        .target(&model.run.opened.target)
        .map(|t| t.must_be.clone())
        .unwrap_or_default();
    seen.differs = identity::differs(&step::identity(model, &must_be), &seen);
    if let Some(before) = &model.run.accepted {
        seen.differs.extend(changed(before, &seen));
    }
    model.identified = Identified::Yes;
    if model.run.closed.is_some() {
        return Vec::new();
    }
    let mut events = Vec::new();
    if !seen.differs.is_empty() {
        events.push(Event::Held {
            why: HoldReason::Identity {
                differs: seen.differs.clone(),
            },
        });
    } else if let Some(HoldReason::Identity { .. }) = model.run.hold {
        model.say(
            Tone::Good,
            "the server is what it must be again: let the run go on with p",
        );
    }
    events.insert(0, Event::Target(seen));
    append(model, events)
}

/// What is another server than before, although nothing says what it must be.
fn changed(before: &TargetSeen, now: &TargetSeen) -> Vec<String> {
    let mut differs = Vec::new();
    let mut compare = |what: &str, before: &str, now: &str| {
        if before != now && !before.is_empty() && !now.is_empty() {
            differs.push(format!("the {what} was {before} and is {now}"));
        }
    };
    compare(
        "system identifier",
        &before.system_identifier,
        &now.system_identifier,
    );
    compare("database", &before.database, &now.database);
    compare("role", &before.role, &now.role);
    differs
}

fn judged(model: &mut Model, unreachable_ms: u64) -> Vec<Effect> {
    let sample = model
        .monitor
        .sample
        .as_deref()
        .filter(|_| unreachable_ms == 0);
    let now_ms = i64::try_from(model.now.mono_ms).unwrap_or(i64::MAX);
    let seen = Seen {
        sample,
        history: &model.monitor.history,
        unreachable_ms,
    };
    let changes = model
        .monitor
        .judge
        .judge(&model.book.monitor.alarms, seen, now_ms);
    if model.run.closed.is_some() {
        return Vec::new();
    }
    changes
        .into_iter()
        .flat_map(|change| alarmed(model, change))
        .collect()
}

fn alarmed(model: &mut Model, change: AlarmChange) -> Vec<Effect> {
    match change {
        AlarmChange::Cleared { rule, lasted_ms } => {
            append(model, vec![Event::AlarmCleared { rule, lasted_ms }])
        }
        AlarmChange::Raised {
            rule,
            level,
            seen,
            blocker,
        } => {
            let running: Vec<(StepId, u32)> = model
                .run
                .running()
                .map(|(id, attempt)| (id.clone(), attempt))
                .collect();
            let during = running.iter().map(|(id, _)| id.clone()).collect();
            model.say(Tone::Danger, format!("alarm: {seen} ({})", rule.text));
            let raised = AlarmRaised {
                rule: rule.text.clone(),
                level,
                seen,
                blocker,
                during,
            };
            let mut events = vec![Event::AlarmRaised(raised)];
            if rule.then != AlarmAction::Show {
                events.push(Event::Held {
                    why: HoldReason::Alarm {
                        rule: rule.text.clone(),
                    },
                });
            }
            if rule.then == AlarmAction::Cancel {
                let cancelled = running
                    .into_iter()
                    .filter(|(id, _)| model.book.step(id).is_some_and(|s| s.background.is_none()));
                let reason = format!("the alarm `{}` asks for it", rule.text);
                events.extend(cancelled.map(|(step, attempt)| Event::CancelAsked {
                    step,
                    attempt,
                    reason: reason.clone(),
                }));
            }
            append(model, events)
        }
    }
}

/// What time alone brings about: a watch ends, well or not.
pub fn passing(model: &mut Model) -> Vec<Effect> {
    if model.purpose != Purpose::Drive || model.recording != Recording::Saved {
        return Vec::new();
    }
    let watches = model.run.running().find_map(|(id, attempt)| {
        let step = model.book.step(id)?;
        let Action::Watch(watch) = &step.action else {
            return None;
        };
        Some((id.clone(), attempt, *watch))
    });
    let Some((id, attempt, watch)) = watches else {
        return Vec::new();
    };
    let before = model.begun.get(&id).map_or(0, |begun| begun.alarms);
    // A line that a step printed is said once; only a rule of the monitor goes on holding.
    let lasts = |rule: &str| model.book.monitor.alarms.iter().any(|r| r.text == rule);
    let mut alarms = model.run.alarms.iter().enumerate();
    let alarm = alarms.find(|(at, a)| {
        watch.fail_on.is_some_and(|level| a.raised.level >= level)
            && (*at >= before || (a.cleared_ms.is_none() && lasts(&a.raised.rule)))
    });
    if let Some((_, alarm)) = alarm {
        let summary = format!("alarm: {} ({})", alarm.raised.seen, alarm.raised.rule);
        let outcome = by_hand(
            model,
            &id,
            Ended::Failed {
                exit: None,
                signal: None,
            },
            summary,
        );
        return finish(model, &id, attempt, outcome);
    }
    if u128::from(model.running_ms(&id)) < watch.length.as_millis() {
        return Vec::new();
    }
    let (ended, summary) = watched(model, watch);
    let outcome = by_hand(model, &id, ended, summary);
    finish(model, &id, attempt, outcome)
}

/// How a watch ends that no alarm ended: nobody watched where the server never answered.
fn watched(model: &Model, watch: Watch) -> (Ended, String) {
    let (length, samples) = (watch.length.as_secs(), model.monitor.peaks.samples);
    match model.monitor.link {
        Link::None => (
            Ended::Passed,
            format!("watched for {length} s without an alarm"),
        ),
        _ if samples > 0 => (
            Ended::Passed,
            format!("watched for {length} s without an alarm, {samples} samples"),
        ),
        Link::Connecting | Link::Live | Link::Lost { .. } => (
            Ended::Failed {
                exit: None,
                signal: None,
            },
            format!("the server said nothing for {length} s: nobody could watch it"),
        ),
    }
}

/// Takes in what came of an act on a session.
pub fn acted(model: &mut Model, session: &SessionRef, outcome: ActOutcome) -> Vec<Effect> {
    let (tone, text) = match &outcome {
        ActOutcome::Gone { after_ms } => (
            Tone::Good,
            format!("session {}: gone after {after_ms} ms", session.pid),
        ),
        ActOutcome::StillThere { after_ms } => (
            Tone::Danger,
            format!("session {}: still there after {after_ms} ms", session.pid),
        ),
        ActOutcome::AlreadyGone => (
            Tone::Plain,
            format!("session {} had ended before", session.pid),
        ),
        ActOutcome::Refused { why } => (Tone::Danger, format!("session {}: {why}", session.pid)),
    };
    model.say(tone, text);
    append(
        model,
        vec![Event::BackendResult {
            pid: session.pid,
            backend_start: session.backend_start.clone(),
            outcome,
        }],
    )
}

/// Takes in the end of a statement by hand.
pub fn statement(model: &mut Model, end: StatementEnd) -> Vec<Effect> {
    let tone = match end.ended {
        SqlEnd::Ok => Tone::Good,
        SqlEnd::Error => Tone::Danger,
    };
    model.say(tone, end.result.clone());
    if model.dialog.is_none() {
        answers::read(model, "SQL by hand", end.lines);
    }
    let StatementEnd {
        number,
        result,
        ended,
        duration_ms,
        ..
    } = end;
    append(
        model,
        vec![Event::ManualSqlResult {
            number,
            result,
            ended,
            duration_ms,
        }],
    )
}

/// Takes in whether the log was written.
pub fn sealed(model: &mut Model, result: Result<Vec<String>, String>) -> Vec<Effect> {
    match result {
        Ok(lines) => {
            answers::read(model, "The log is written", lines);
            Vec::new()
        }
        Err(why) => {
            model.say(Tone::Danger, why);
            model.dialog = Some(questions::sign(model));
            Vec::new()
        }
    }
}
