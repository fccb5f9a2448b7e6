//! What keys do on the monitor panels.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::acts::open;
use crate::app::keys::{self, Action, Scope};
use crate::app::message::Effect;
use crate::app::model::{Model, Pane, Purpose, Tone};
use crate::app::monitor::panel::{PANELS, Panel, RowKey, Way};
use crate::app::monitor::{Idle, Monitor, Typing, clients, listed, table};
use crate::app::{news, questions};
use crate::domain::run::event::BackendAct;
use crate::domain::units;

/// The times between two samples that can be asked for.
const STEPS_MS: [u64; 8] = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/// What a filter may hold.
const SYNTAX: &str = "all words must match, -word must not; user: app: db: client: doing: pid:";
/// Characters of a filter at most.
const LONGEST: usize = 200;

/// Does what `action` means on the panels.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Panel(number) => {
            if let Some(panel) = PANELS.get(usize::from(number).saturating_sub(1)) {
                return go_to(model, *panel);
            }
        }
        Action::NextPanel => return go_to(model, model.monitor.panel.next(1)),
        Action::PreviousPanel => return go_to(model, model.monitor.panel.next(PANELS.len() - 1)),
        Action::Blocker => {
            let effects = go_to(model, Panel::Locks);
            model.monitor.arrange().filter.clear();
            model.monitor.arrange().selected = listed(model, Panel::Locks).into_iter().next();
            return effects;
        }
        Action::Sort => sort(model),
        Action::Reverse => {
            let arrangement = model.monitor.arrange();
            arrangement.way = match arrangement.way {
                Way::Usual => Way::Reversed,
                Way::Reversed => Way::Usual,
            };
        }
        Action::Filter => {
            model.monitor.typing = Typing::Filter;
            model.say(Tone::Quiet, SYNTAX);
        }
        Action::Freeze => match model.monitor.frozen.take() {
            Some(_) => model.say(Tone::Plain, "the panels go on"),
            None => model.monitor.freeze(),
        },
        Action::Quicker => return pace(model, -1),
        Action::Slower => return pace(model, 1),
        Action::Idle => return idle(model),
        Action::Inspect => return inspect(model),
        Action::CancelSession => return act_on(model, BackendAct::Cancel),
        Action::TerminateSession => return act_on(model, BackendAct::Terminate),
        _ => {}
    }
    Vec::new()
}

/// Shows `panel`, and asks for what it needs.
fn go_to(model: &mut Model, panel: Panel) -> Vec<Effect> {
    model.monitor.panel = panel;
    model.focus = Pane::Monitor;
    vec![news::wishes(model)]
}

/// The next column; its usual way first.
fn sort(model: &mut Model) {
    let Some((sort, columns)) =
        table(model, model.monitor.panel).map(|t| (t.sort, t.columns.len()))
    else {
        return;
    };
    let arrangement = model.monitor.arrange();
    arrangement.sort = Some((sort + 1) % columns);
    arrangement.way = Way::Usual;
}

/// Returns the time between two samples that is asked for.
pub fn every(model: &Model) -> Duration {
    model.monitor.every.unwrap_or(model.book.monitor.every)
}

fn pace(model: &mut Model, by: isize) -> Vec<Effect> {
    let now = u64::try_from(every(model).as_millis()).unwrap_or(u64::MAX);
    let wanted = if by < 0 {
        STEPS_MS.iter().rev().find(|ms| **ms < now)
    } else {
        STEPS_MS.iter().find(|ms| **ms > now)
    };
    let Some(ms) = wanted else {
        model.say(Tone::Plain, "it goes no further");
        return Vec::new();
    };
    let every = Duration::from_millis(*ms);
    model.monitor.every = Some(every);
    let words = units::words(every);
    model.say(
        Tone::Plain,
        format!("a look every {words} while something happens, else half as often"),
    );
    vec![news::wishes(model)]
}

fn idle(model: &mut Model) -> Vec<Effect> {
    model.monitor.idle = match model.monitor.idle {
        Idle::Counted => Idle::Shown,
        Idle::Shown => Idle::Counted,
    };
    let said = match model.monitor.idle {
        Idle::Counted => "idle sessions are counted, not listed",
        Idle::Shown => "idle sessions are listed below the others in Activity",
    };
    model.say(Tone::Plain, said);
    vec![news::wishes(model)]
}

fn inspect(model: &mut Model) -> Vec<Effect> {
    if let Some(session) = model.monitor.selected_session().map(Monitor::reference) {
        return vec![Effect::Inspect(session)];
    }
    let client = match (
        &model.monitor.arranged(model.monitor.panel).selected,
        model.monitor.panel,
    ) {
        (Some(key), Panel::Connections) => clients::sessions_of(model, key),
        _ => None,
    };
    if let Some(filter) = client {
        let effects = go_to(model, Panel::Activity);
        model.monitor.idle = Idle::Shown;
        model.monitor.arrange().filter = filter;
        return effects;
    }
    // Without anything to look at, Enter means what it means everywhere.
    if model.purpose == Purpose::Drive {
        return crate::app::acts::proceed(model);
    }
    Vec::new()
}

fn act_on(model: &mut Model, act: BackendAct) -> Vec<Effect> {
    let Some(session) = model.monitor.selected_session().map(Monitor::reference) else {
        return Vec::new();
    };
    // Folded away or filtered out meanwhile: nobody acts on a row that is not seen.
    if !listed(model, model.monitor.panel).contains(&RowKey::Session(session.pid)) {
        let pid = session.pid;
        model.say(
            Tone::Warning,
            format!("session {pid} has no row here any more: move to one with the arrow keys"),
        );
        return Vec::new();
    }
    let dialog = questions::act(model, &session, act);
    open(model, dialog)
}

/// Moves the cursor by `rows`, down when positive.
pub fn move_by(model: &mut Model, rows: isize) {
    let listed = listed(model, model.monitor.panel);
    let arrangement = model.monitor.arrange();
    let selected = arrangement.selected.as_ref();
    let at = selected.and_then(|key| listed.iter().position(|k| k == key));
    let last = listed.len().saturating_sub(1);
    let to = match (at, selected) {
        (Some(at), _) => at.saturating_add_signed(rows).min(last),
        // The row is gone: what stood below it stands in its place.
        (None, Some(_)) if rows == 1 => arrangement.place.min(last),
        (None, Some(_)) => arrangement.place.saturating_add_signed(rows).min(last),
        (None, None) if rows > 1_000 => last,
        (None, None) => 0,
    };
    arrangement.place = to;
    arrangement.selected = listed.into_iter().nth(to);
}

/// Takes a key in while the keyboard is at the filter.
pub fn filter_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    match keys::lookup(Scope::Filter, key) {
        Some(Action::KeepFilter) => model.monitor.typing = Typing::Nothing,
        Some(Action::ClearFilter) => {
            model.monitor.typing = Typing::Nothing;
            model.monitor.arrange().filter.clear();
        }
        Some(Action::Up) => move_by(model, -1),
        Some(Action::Down) => move_by(model, 1),
        _ => type_key(model, key),
    }
    Vec::new()
}

fn type_key(model: &mut Model, key: KeyEvent) {
    let filter = &mut model.monitor.arrange().filter;
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Backspace => {
            filter.pop();
        }
        KeyCode::Char('u') if ctrl => filter.clear(),
        KeyCode::Char('w') if ctrl => {
            let kept = filter.trim_end().rfind(' ').map_or(0, |at| at + 1);
            filter.truncate(kept);
        }
        KeyCode::Char(c) if !ctrl => push(filter, c),
        _ => {}
    }
}

/// Takes pasted text in while the keyboard is at the filter.
pub fn filter_paste(model: &mut Model, text: &str) {
    let filter = &mut model.monitor.arrange().filter;
    for c in text.chars() {
        push(filter, if c.is_whitespace() { ' ' } else { c });
    }
}

fn push(filter: &mut String, c: char) {
    let before = filter.chars().next_back();
    if !crate::domain::tame::is_hidden(before, c)
        && !c.is_control()
        && filter.chars().count() < LONGEST
    {
        filter.push(c);
    }
}

/// Returns why nothing is to be done with the selected row; `None`: something is.
pub fn no_session(model: &Model) -> Option<String> {
    if model.monitor.selected_session().is_some() {
        return None;
    }
    let selected = &model.monitor.arranged(model.monitor.panel).selected;
    Some(match selected {
        Some(RowKey::Session(pid)) => format!("session {pid} has ended, or is not listed"),
        Some(RowKey::Named(_)) => "this row is no session".to_owned(),
        None => "no session is selected: move to one with the arrow keys; f goes back to the step"
            .to_owned(),
    })
}

/// Returns why there is nothing to cancel in the selected session; `None`: there is.
pub fn no_statement(model: &Model) -> Option<String> {
    let session = model.monitor.selected_session()?;
    let idles = session.state.starts_with("idle");
    idles.then(|| {
        format!(
            "session {} has no statement to cancel: it is {}; t ends it",
            session.pid, session.state
        )
    })
}

/// Esc: takes the filter away first; returns whether there was one.
pub fn clear_filter(model: &mut Model) -> Cleared {
    let filter = &mut model.monitor.arrange().filter;
    if filter.is_empty() {
        Cleared::Nothing
    } else {
        filter.clear();
        Cleared::Filter
    }
}

/// What Esc has taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// Nothing.
    Nothing,
    /// A filter.
    Filter,
}
