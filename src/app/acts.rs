//! What keys do while nothing lies on top.

use crossterm::event::KeyEvent;

use crate::app::autopilot;
use crate::app::book;
use crate::app::checklist;
use crate::app::dialog::{Dialog, Intent};
use crate::app::keys::{self, Action, Scope};
use crate::app::message::Effect;
use crate::app::model::{Identified, Model, Pane, Purpose, Recording, Tone, Zoom};
use crate::app::monitor::acts::Cleared;
use crate::app::monitor::{self, Link};
use crate::app::questions;
use crate::app::shown;
use crate::app::update;
use crate::domain::run::decide::Command;
use crate::domain::run::event::{Event, HoldReason};
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::{CancelState, Route, Stand};
use crate::domain::runbook::model::{Place, Skipping, Step, StepId};

/// Rows that a page moves by.
const PAGE: isize = 10;
/// Rows that a key moves the step's text by.
const STEP_ROWS: isize = 3;

/// Takes a key in.
pub fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if model.scope() == Scope::Filter {
        return monitor::acts::filter_key(model, key);
    }
    let Some(action) = keys::lookup(model.scope(), key) else {
        return Vec::new();
    };
    model.notice = None;
    if let Some(why) = refused_now(model, action) {
        model.say(Tone::Warning, why);
        return Vec::new();
    }
    act(model, action)
}

/// Returns why `action` would be refused now; `None`: it would not. Keys that would are greyed.
pub fn refused_now(model: &Model, action: Action) -> Option<String> {
    let drives = matches!(
        action,
        Action::Proceed
            | Action::CancelStep
            | Action::Skip
            | Action::Verify
            | Action::Note
            | Action::Rollback
            | Action::Pause
            | Action::Console
            | Action::Close
    );
    if drives && model.purpose != Purpose::Drive {
        return Some(match model.purpose {
            Purpose::Watch => "this screen only watches: the run is driven elsewhere".into(),
            Purpose::Monitor | Purpose::Drive => {
                "there is no run here: this screen only monitors".into()
            }
        });
    }
    if drives && model.run.is_over() && action != Action::Proceed {
        return Some("the run is closed: its record no longer changes".into());
    }
    if drives
        && action != Action::CancelStep
        && let Recording::Refused { why } = &model.recording
    {
        return Some(format!(
            "the record cannot be written ({why}): nothing is done until it can"
        ));
    }
    refused_by_state(model, action)
}

fn refused_by_state(model: &Model, action: Action) -> Option<String> {
    match action {
        Action::Proceed => match next::next(&model.book, &model.run, model.now.wall_ms) {
            Next::Wait(Wait::Running(id)) => Some(wait_for(model, &id)),
            _ => None,
        },
        Action::CancelStep if running(model).is_none() => Some("no step is running".into()),
        Action::Rollback if model.book.rollback.is_empty() => {
            Some("this runbook has no way back".into())
        }
        Action::Verify if shown(model).is_none_or(|s| s.verify.is_none()) => {
            Some("the shown step has no verify question".into())
        }
        Action::Skip => match at_hand(model) {
            None => Some("there is no step at hand".into()),
            Some(step) if *model.run.stand(&step.id) == Stand::Running => {
                Some("the step is running: cancel it first, with x".into())
            }
            Some(step) if step.skipping == Skipping::Forbidden => {
                Some("the step is critical: it may not be skipped; do it, or go back".into())
            }
            Some(_) => None,
        },
        Action::Console if model.monitor.link == Link::None => {
            Some("the run has no database to send a statement to".into())
        }
        Action::Book if model.purpose == Purpose::Monitor => {
            Some("there is no runbook here: this screen only monitors".into())
        }
        Action::Blocker if model.monitor.forest.roots.is_empty() => {
            Some("nobody blocks anybody".into())
        }
        Action::CancelSession | Action::TerminateSession if model.purpose == Purpose::Watch => {
            Some("this screen only watches: the run is driven elsewhere".into())
        }
        Action::CancelSession | Action::TerminateSession => monitor::acts::no_session(model),
        Action::Sort | Action::Reverse if monitor::table(model, model.monitor.panel).is_none() => {
            let name = model.monitor.panel.name();
            Some(format!("{name} has an order of its own"))
        }
        Action::Filter if model.monitor.panel == monitor::panel::Panel::Database => {
            Some("Database has no rows to filter".into())
        }
        Action::Freeze if model.monitor.sample.is_none() => {
            Some("there is nothing to stop at: no sample has come yet".into())
        }
        _ => None,
    }
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Proceed => proceed(model),
        Action::CancelStep => running(model)
            .map(|s| questions::cancel(model, &s))
            .map_or_else(Vec::new, |d| open(model, d)),
        Action::Skip => at_hand(model)
            .map(|s| questions::skip(&s))
            .map_or_else(Vec::new, |d| open(model, d)),
        Action::Verify => shown(model).map_or_else(Vec::new, |s| verify(model, &s)),
        Action::Note => {
            let dialog = questions::note(shown(model).as_ref());
            open(model, dialog)
        }
        Action::Rollback => {
            let dialog = questions::rollback_menu(model);
            open(model, dialog)
        }
        Action::Pause => pause(model),
        Action::Console => {
            let dialog = questions::console(model);
            open(model, dialog)
        }
        Action::Close => {
            let dialog = questions::close(model);
            open(model, dialog)
        }
        Action::Leave => {
            let dialog = questions::leave(model);
            if model.purpose == Purpose::Drive && !model.run.is_over() {
                open(model, dialog)
            } else {
                vec![Effect::Quit(update::leaving(model))]
            }
        }
        Action::Book => {
            let text = book::text(model, shown(model).as_ref());
            open(model, Dialog::new("The runbook", Intent::Text(text)))
        }
        Action::Help => open(model, Dialog::new("Keys", Intent::Help)),
        Action::Redraw => vec![Effect::Redraw],
        #[expect(
            clippy::panic,
            reason = "the end-to-end tests look at what a panic leaves behind"
        )]
        Action::Crash => panic!("crashed on purpose"),
        Action::Blocker
        | Action::Sort
        | Action::Reverse
        | Action::Filter
        | Action::Freeze
        | Action::Quicker
        | Action::Slower
        | Action::Idle
        | Action::Inspect
        | Action::CancelSession
        | Action::TerminateSession
        | Action::NextPanel
        | Action::PreviousPanel
        | Action::Panel(_) => monitor::acts::act(model, action),
        // Alone on the screen, the panels are what the keyboard goes round.
        Action::NextPane if model.purpose == Purpose::Monitor => {
            monitor::acts::act(model, Action::NextPanel)
        }
        Action::PreviousPane if model.purpose == Purpose::Monitor => {
            monitor::acts::act(model, Action::PreviousPanel)
        }
        other => {
            moved(model, other);
            Vec::new()
        }
    }
}

/// Puts `dialog` on top.
pub fn open(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    model.dialog = Some(dialog);
    Vec::new()
}

/// Returns the step that is shown.
pub fn shown(model: &Model) -> Option<Step> {
    checklist::shown(&model.book, &model.run, &model.checklist)
        .and_then(|id| model.book.step(id))
        .cloned()
}

fn at_hand(model: &Model) -> Option<Step> {
    let chosen = shown(model).filter(|s| next::may_be_next(&model.book, &model.run, &s.id));
    if chosen.is_some() {
        return chosen;
    }
    next::current(&model.book, &model.run)
        .and_then(|id| model.book.step(id))
        .cloned()
}

/// The running step that x stops: the shown one, else the first that does not run beside the others.
fn running(model: &Model) -> Option<Step> {
    let stoppable = |id: &StepId| {
        model
            .run
            .record(id)
            .is_some_and(|r| matches!(r.stand, Stand::Running | Stand::InDoubt))
            && model.cancel_of(id) == CancelState::NotAsked
    };
    let shown = shown(model).filter(|s| stoppable(&s.id));
    shown.or_else(|| {
        let mut steps = model
            .run
            .running()
            .filter(|(id, _)| stoppable(id))
            .filter_map(|(id, _)| model.book.step(id));
        let beside = steps.find(|s| s.background.is_none()).cloned();
        beside.or_else(|| at_hand(model).filter(|s| stoppable(&s.id)))
    })
}

/// Enter: whatever the run waits for is put to the operator as a question.
pub fn proceed(model: &mut Model) -> Vec<Effect> {
    if model.pending > 0 {
        // What Enter means may be another thing a moment later.
        model.say(
            Tone::Quiet,
            "the last entry is being saved: press Enter again",
        );
        return Vec::new();
    }
    if model.run.is_over() {
        let dialog = questions::sign(model);
        return open(model, dialog);
    }
    let next = next_up(model);
    model.checklist.selected = None;
    let dialog = match next {
        Next::Finished => Some(questions::close(model)),
        Next::Start(id) if !autopilot::may_start(model, &id) => {
            if model.identified == Identified::Lost {
                model.book.step(&id).map(|s| questions::start(model, s))
            } else {
                model.say(Tone::Warning, autopilot::UNIDENTIFIED);
                None
            }
        }
        Next::Wait(Wait::Failure(id)) => return after_failure(model, &id),
        Next::Start(_) | Next::Accept(_) | Next::PathEnded(_) => None,
        Next::Wait(wait) => waiting(model, wait),
    };
    dialog.map_or_else(Vec::new, |d| open(model, d))
}

/// What comes next; later duties may be done in any order, so there it is that of the step under the cursor.
fn next_up(model: &Model) -> Next {
    let now = model.now.wall_ms;
    let chosen = (model.checklist.selected.as_ref()).filter(|_| model.run.route == Route::Later);
    let chosen = chosen.filter(|id| next::may_be_next(&model.book, &model.run, id));
    match chosen.and_then(|id| model.book.step(id)) {
        Some(step) => next::next_of(&model.book, &model.run, step, now),
        None => next::next(&model.book, &model.run, now),
    }
}

/// A person is at it: nothing is tried again behind their back, after a crash neither.
fn after_failure(model: &mut Model, id: &StepId) -> Vec<Effect> {
    let Some(step) = model.book.step(id).cloned() else {
        return Vec::new();
    };
    model.dialog = Some(questions::after_failure(model, &step));
    if model.retry.take().is_none() {
        return Vec::new();
    }
    let attempt = model.run.record(id).map_or(0, |r| r.attempts);
    let step = id.clone();
    update::append(model, vec![Event::RetryStopped { step, attempt }])
}

fn waiting(model: &mut Model, wait: Wait) -> Option<Dialog> {
    let book = std::sync::Arc::clone(&model.book);
    let step = |id: &StepId| book.step(id);
    match wait {
        Wait::Running(id) => {
            let text = wait_for(model, &id);
            model.say(Tone::Plain, text);
            None
        }
        Wait::Person(id) => Some(questions::for_person(model, step(&id)?)),
        Wait::Key(id, _) => Some(questions::start(model, step(&id)?)),
        Wait::ChooseItem(heads) => Some(questions::choose_item(model, &heads)),
        Wait::Failure(id) => Some(questions::after_failure(model, step(&id)?)),
        Wait::Doubt(id) => Some(questions::after_doubt(model, step(&id)?)),
        Wait::Clock(id, at) => {
            let title = step(&id).map(|s| s.title.clone()).unwrap_or_default();
            let left = (at - model.now.wall_ms) / 1000;
            model.say(
                Tone::Warning,
                format!("“{title}” does not start before its time: {left} s to go"),
            );
            None
        }
        Wait::Held(why) => Some(questions::release(model, &why)),
        Wait::Closed => None,
    }
}

fn wait_for(model: &Model, id: &StepId) -> String {
    let title = model
        .book
        .step(id)
        .map(|s| s.title.as_str())
        .unwrap_or_default();
    format!("“{title}” is running: wait for its end, or cancel it with x")
}

fn pause(model: &mut Model) -> Vec<Effect> {
    match model.run.hold.clone() {
        None => update::command(
            model,
            Command::Hold {
                why: HoldReason::Operator,
            },
        ),
        // Letting go starts steps: no stray key does that, whoever asked for the hold.
        Some(why) => {
            let dialog = questions::release(model, &why);
            open(model, dialog)
        }
    }
}

/// Asks the `verify` question of `step`; not of a server that has not said who it is.
pub fn verify(model: &mut Model, step: &Step) -> Vec<Effect> {
    if !autopilot::may_touch_target(model) {
        model.say(Tone::Warning, autopilot::UNIDENTIFIED);
        return Vec::new();
    }
    model.say(
        Tone::Active,
        format!("asking whether “{}” took effect …", step.title),
    );
    vec![Effect::Probe {
        step: step.id.clone(),
    }]
}

fn moved(model: &mut Model, action: Action) {
    match action {
        Action::Back
            if model.focus == Pane::Monitor
                && monitor::acts::clear_filter(model) == Cleared::Filter => {}
        Action::Back => {
            model.zoom = Zoom::Shared;
            if model.purpose != Purpose::Monitor {
                model.focus = Pane::Checklist;
            }
        }
        Action::NextPane => model.focus = next_pane(model, 1),
        Action::PreviousPane => model.focus = next_pane(model, 2),
        Action::Zoom => {
            model.zoom = match model.zoom {
                Zoom::Shared => Zoom::Full,
                Zoom::Full => Zoom::Shared,
            };
        }
        Action::Follow => {
            if model.purpose != Purpose::Monitor {
                model.focus = Pane::Checklist;
            }
            model.checklist.selected = None;
            model.output.above_end = 0;
        }
        Action::StepUp => shown::move_step(model, -STEP_ROWS),
        Action::StepDown => shown::move_step(model, STEP_ROWS),
        Action::Up => move_by(model, -1),
        Action::Down => move_by(model, 1),
        Action::PageUp => move_by(model, -PAGE),
        Action::PageDown => move_by(model, PAGE),
        Action::Home => move_by(model, -1_000_000),
        Action::End => move_by(model, 1_000_000),
        _ => {}
    }
}

fn next_pane(model: &Model, by: usize) -> Pane {
    let panes = [Pane::Checklist, Pane::Output, Pane::Monitor];
    let at = panes.iter().position(|p| *p == model.focus).unwrap_or(0);
    panes[(at + by) % panes.len()]
}

fn move_by(model: &mut Model, rows: isize) {
    match model.focus {
        Pane::Checklist => move_in_checklist(model, rows),
        // Where nothing was printed, the step's own text is all there is.
        Pane::Output if model.output.name.is_empty() => shown::move_step(model, rows),
        Pane::Output => model.output.scroll(-rows),
        Pane::Monitor => monitor::acts::move_by(model, rows),
    }
}

/// The cursor goes over every step of the way, in shut phases too, so that each can be looked at.
fn move_in_checklist(model: &mut Model, rows: isize) {
    let entered = |place| match place {
        Place::Phase(_) => model.run.route != Route::Later || model.book.is_later(place),
        Place::Path(_) if model.run.route == Route::Later => false,
        Place::Path(at) => model
            .book
            .rollback
            .get(at)
            .is_some_and(|p| model.run.rollbacks.iter().any(|r| r.path == p.name)),
    };
    let all: Vec<&StepId> = model
        .book
        .steps
        .iter()
        .filter(|s| entered(s.place))
        .map(|s| &s.id)
        .collect();
    let shown = checklist::shown(&model.book, &model.run, &model.checklist);
    let at = shown
        .and_then(|id| all.iter().position(|other| *other == id))
        .unwrap_or(0);
    let to = at
        .saturating_add_signed(rows)
        .min(all.len().saturating_sub(1));
    model.checklist.selected = all.get(to).map(|id| (*id).clone());
}
