//! What keys do while nothing lies on top.

mod moving;
mod proceeding;
mod refused;

use crossterm::event::KeyEvent;

use crate::app::acts::moving::moved;
use crate::app::autopilot;
use crate::app::book;
use crate::app::checklist;
use crate::app::dialog::{Dialog, Intent};
use crate::app::keys::{self, Action, Scope};
use crate::app::message::Effect;
use crate::app::model::{Model, Purpose, Tone};
use crate::app::monitor;
use crate::app::questions;
use crate::app::shown;
use crate::app::update;
use crate::domain::run::decide::Command;
use crate::domain::run::event::HoldReason;
use crate::domain::run::next;
use crate::domain::run::state::{CancelState, Stand};
use crate::domain::runbook::model::{Step, StepId};

pub use proceeding::proceed;
pub use refused::refused_now;

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
