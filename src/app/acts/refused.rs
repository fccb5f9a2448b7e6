//! Keys that would be refused now, and why.

use crate::app::acts::proceeding::wait_for;
use crate::app::acts::{at_hand, running, shown};
use crate::app::keys::Action;
use crate::app::model::{Model, Purpose, Recording};
use crate::app::monitor::{self, Link};
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::Skipping;

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
        Action::CancelSession => {
            monitor::acts::no_session(model).or_else(|| monitor::acts::no_statement(model))
        }
        Action::TerminateSession => monitor::acts::no_session(model),
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
