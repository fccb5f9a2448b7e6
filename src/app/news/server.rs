//! What the server says: samples, alarms, answers to what was done on it.

use crate::app::dialog::SessionRef;
use crate::app::message::Effect;
use crate::app::model::{Identified, Model, Purpose, Tone};
use crate::app::monitor::{Link, Monitor};
use crate::app::news::wishes;
use crate::app::step;
use crate::app::update::append;
use crate::app::{answers, inspect};
use crate::domain::run::event::{
    ActOutcome, AlarmRaised, BackendAct, Event, HoldReason, SqlEnd, TargetSeen, asked_by_alarm,
};
use crate::domain::runbook::model::{AlarmAction, ServerRole, StepId};
use crate::domain::sample::alarm::{AlarmChange, Seen};
use crate::domain::sample::identity;
use crate::domain::sample::news::MonitorNews;
use crate::domain::sample::timeline::{Line, Running, Why};
use crate::domain::signal::StatementEnd;

/// Takes in news of the monitored server.
pub fn monitor(model: &mut Model, news: MonitorNews) -> Vec<Effect> {
    match news {
        MonitorNews::Identity(seen) | MonitorNews::Back(seen) => {
            // What the panel needs that is open from the start: nobody has gone to it.
            let mut effects = vec![wishes(model)];
            effects.extend(identified(model, seen));
            effects
        }
        MonitorNews::Sampled(sample) => {
            let now = model.now.mono_ms;
            let role = sample.server.as_ref().and_then(|s| s.role);
            model.monitor.take(sample, now);
            let mut effects = kept(model);
            model.lost_ms = None;
            if model.identified == Identified::Lost {
                // A new connection says who it is before it says anything else: this is the one that was identified.
                model.identified = Identified::Yes;
            }
            effects.extend(role.map_or_else(Vec::new, |role| turned(model, role)));
            effects.extend(judged(model, 0));
            effects.extend(inspect::again(model));
            effects
        }
        MonitorNews::Lost { why, for_ms } => {
            let was_live = matches!(model.monitor.link, Link::Live | Link::Connecting);
            if was_live {
                model.say(Tone::Danger, format!("the server does not answer: {why}"));
            }
            model.monitor.history.gap(model.now.wall_ms);
            let first = was_live && model.identified == Identified::Yes;
            model.monitor.link = Link::Lost { why: why.clone() };
            model.lost_ms.get_or_insert(model.now.mono_ms);
            if model.identified == Identified::Yes {
                model.identified = Identified::Lost;
            }
            let mut effects = if first && !model.run.is_over() {
                append(model, vec![Event::TargetLost { why }])
            } else {
                Vec::new()
            };
            let now = model.now.wall_ms;
            let lines = model.monitor.recorder.gap(now, Why::Unreachable);
            effects.extend(keep(model, lines));
            effects.extend(judged(model, for_ms));
            effects
        }
    }
}

/// Keeps what the newest sample completes of the run's timeline.
fn kept(model: &mut Model) -> Vec<Effect> {
    let running = model.run.running().map(|(step, attempt)| Running {
        step: step.clone(),
        attempt,
    });
    let running: Vec<Running> = running.collect();
    let Monitor {
        sample, recorder, ..
    } = &mut model.monitor;
    let lines = sample
        .as_ref()
        .map(|sample| recorder.take(sample, &running, model.now.wall_ms));
    keep(model, lines.unwrap_or_default())
}

/// Only a run that is driven from here keeps anything.
pub(super) fn keep(model: &Model, lines: Vec<Line>) -> Vec<Effect> {
    if lines.is_empty() || model.purpose != Purpose::Drive {
        return Vec::new();
    }
    vec![Effect::Keep(lines)]
}

/// A standby is promoted, or a primary stepped down, while the connection to it stands.
fn turned(model: &mut Model, role: ServerRole) -> Vec<Effect> {
    let role = role.to_string();
    if model.purpose == Purpose::Monitor || model.role_seen.is_empty() || model.role_seen == role {
        return Vec::new();
    }
    match model.run.target.clone() {
        Some(before) => identified(model, TargetSeen { role, ..before }),
        None => Vec::new(),
    }
}

fn identified(model: &mut Model, mut seen: TargetSeen) -> Vec<Effect> {
    model.monitor.link = Link::Live;
    model.lost_ms = None;
    model.role_seen.clone_from(&seen.role);
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
    if model.run.is_over() {
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
pub(super) fn changed(before: &TargetSeen, now: &TargetSeen) -> Vec<String> {
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
    if model.run.is_over() {
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
                let reason = asked_by_alarm(&rule.text);
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

/// Takes in what came of an act on a session.
pub fn acted(
    model: &mut Model,
    session: &SessionRef,
    act: BackendAct,
    outcome: ActOutcome,
) -> Vec<Effect> {
    let what = match act {
        BackendAct::Cancel => format!("session {}: its statement was", session.pid),
        BackendAct::Terminate => format!("session {} was", session.pid),
    };
    let (tone, text) = match &outcome {
        ActOutcome::Gone { after_ms } => (Tone::Good, format!("{what} gone after {after_ms} ms")),
        ActOutcome::StillThere { after_ms } => (
            Tone::Danger,
            format!("{what} still there after {after_ms} ms"),
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
