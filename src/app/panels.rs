//! What keys do on the monitor panels, and what alarms bring about.

mod acting;
mod alarms;

use crossterm::event::KeyCode;

use crate::app::desk::Desk;
use crate::app::dialog::Intent;
use crate::app::message::{Effect, Msg};
use crate::app::model::{Pane, Purpose};
use crate::app::monitor::panel::{Panel, RowKey, Way};
use crate::domain::run::event::{BackendAct, Event, HoldReason, TargetSeen};
use crate::domain::run::fixture::{book, letters};
use crate::domain::run::state::{CancelState, Stand};
use crate::domain::runbook::model::StepId;
use crate::domain::sample::detail::SessionDetail;
use crate::domain::sample::model::{Blocker, ClientTally, Counts, LockWait, Sample, Session};
use crate::domain::sample::news::{Extra, MonitorNews, Wishes};
use crate::domain::signal::AttemptNews;

fn session(pid: i32, user: &str, state: &str, ms: u64) -> Session {
    Session {
        pid,
        kind: "client backend".into(),
        user: user.into(),
        application: format!("app of {user}"),
        state: state.into(),
        query: format!("select {pid}"),
        query_ms: Some(ms),
        backend_start: format!("start of {pid}"),
        ..Session::default()
    }
}

fn sample(blocked: u32) -> Sample {
    let mut waiter = session(3, "dana", "active", 100);
    waiter.hard = vec![Blocker {
        pid: 1,
        modes: "ShareLock".into(),
        prepared: Vec::new(),
    }];
    waiter.lock = Some(LockWait {
        mode: "AccessExclusiveLock".into(),
        object: "public.t".into(),
        wait_ms: Some(100),
        of: 1,
        ..LockWait::default()
    });
    Sample {
        sessions: vec![
            session(1, "cron", "idle in transaction", 900),
            session(2, "api", "active", 500),
            waiter,
            session(4, "api", "idle", 90_000),
        ],
        counts: Counts {
            blocked,
            by_client: vec![ClientTally {
                user: "api".into(),
                database: "billing".into(),
                application: "app of api".into(),
                n: 2,
                active: 1,
            }],
            ..Counts::default()
        },
        ..Sample::default()
    }
}

fn told(desk: &mut Desk, sample: Sample) {
    desk.tell(Msg::Monitor(MonitorNews::Sampled(Box::new(sample))));
}

fn at_panels() -> Desk {
    let mut desk = Desk::new(letters("m"), "prod");
    told(&mut desk, sample(1));
    desk.press(KeyCode::Char('3'));
    desk
}

fn pids(desk: &Desk) -> Vec<i32> {
    let rows = crate::app::monitor::listed(&desk.model, desk.model.monitor.panel);
    let pid = |key: &RowKey| match key {
        RowKey::Session(pid) => *pid,
        RowKey::Named(_) => 0,
    };
    rows.iter().map(pid).collect()
}

fn typed(desk: &mut Desk, text: &str) {
    for c in text.chars() {
        desk.press(KeyCode::Char(c));
    }
}

fn wished(desk: &Desk) -> Wishes {
    let wishes = desk.effects.iter().rev().find_map(|e| match e {
        Effect::Wish(wishes) => Some(wishes.clone()),
        _ => None,
    });
    wishes.unwrap()
}

#[test]
fn rows_are_sorted_by_the_next_column_and_the_other_way_round() {
    let mut desk = at_panels();
    assert_eq!(pids(&desk), [1, 2, 3]);
    desk.press(KeyCode::Char('O'));
    // Who only waits stands below those who work.
    assert_eq!(pids(&desk), [2, 1, 3]);
    // statement, pid, user
    for _ in 0..3 {
        desk.press(KeyCode::Char('o'));
    }
    assert_eq!(pids(&desk), [2, 1, 3]);
    assert_eq!(desk.model.monitor.arranged(Panel::Activity).way, Way::Usual);
    desk.press(KeyCode::Char('1'));
    desk.press(KeyCode::Char('o'));
    let said = desk.model.notice.as_ref().map(|n| n.text.clone());
    assert_eq!(said.as_deref(), Some("Locks has an order of its own"));
}

#[test]
fn the_cursor_goes_on_from_where_its_row_was() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    assert_eq!(
        desk.model.monitor.selected_session().map(|s| s.pid),
        Some(2)
    );
    let mut without = sample(1);
    without.sessions.retain(|s| s.pid != 2);
    told(&mut desk, without.clone());
    assert_eq!(desk.model.monitor.selected_session(), None);
    desk.press(KeyCode::Char('c'));
    assert!(
        desk.model.dialog.is_none(),
        "nobody stands in for the one that is gone"
    );
    desk.press(KeyCode::Down);
    assert_eq!(
        desk.model.monitor.selected_session().map(|s| s.pid),
        Some(3)
    );
    without.sessions.retain(|s| s.pid != 3);
    told(&mut desk, without);
    desk.press(KeyCode::Up);
    assert_eq!(
        desk.model.monitor.selected_session().map(|s| s.pid),
        Some(1)
    );
}

#[test]
fn what_is_typed_into_a_filter_is_no_key() {
    let mut desk = at_panels();
    desk.press(KeyCode::Char('/'));
    typed(&mut desk, "dana x");
    desk.press(KeyCode::Backspace);
    desk.press(KeyCode::Backspace);
    assert!(
        desk.model.dialog.is_none(),
        "x stops no step while it is typed"
    );
    assert_eq!(pids(&desk), [3]);
    desk.tell(Msg::Paste("\u{1b}[31m\n\u{202e}".into()));
    assert_eq!(
        desk.model.monitor.arranged(Panel::Activity).filter,
        "dana[31m "
    );
    desk.press(KeyCode::Esc);
    assert_eq!(pids(&desk), [1, 2, 3]);
    desk.press(KeyCode::Char('/'));
    typed(&mut desk, "api");
    desk.press(KeyCode::Enter);
    assert_eq!(pids(&desk), [2]);
    desk.press(KeyCode::Esc);
    assert_eq!((pids(&desk).len(), desk.model.focus), (3, Pane::Monitor));
    desk.press(KeyCode::Esc);
    assert_eq!(desk.model.focus, Pane::Checklist);
}

#[test]
fn the_sessions_of_a_step_are_looked_for_by_the_user_that_was_given() {
    let step = "{step: s, run: 'true', sessions: {user: 'm_${target}'}}";
    let book = book(&format!("phases: [{{phase: a, steps: [{step}]}}]\n"));
    let mut desk = Desk::new(book, "staging");
    desk.press(KeyCode::Null);
    let steps = wished(&desk).steps;
    let user = steps[0].sessions.as_ref().and_then(|s| s.user.clone());
    assert_eq!(user.as_deref(), Some("m_staging"));
}

#[test]
fn what_is_shown_from_the_start_is_asked_for() {
    let mut desk = Desk::new(letters("m"), "prod");
    desk.effects.clear();
    desk.tell(Msg::Monitor(MonitorNews::Identity(TargetSeen::default())));
    assert_eq!(wished(&desk).processes, Extra::Asked);
}

#[test]
fn only_what_is_shown_is_asked_for() {
    let mut desk = at_panels();
    assert_eq!(wished(&desk).tables, Extra::Unasked);
    assert_eq!(wished(&desk).processes, Extra::Asked);
    desk.press(KeyCode::Char('7'));
    assert_eq!(wished(&desk).tables, Extra::Asked);
    desk.press(KeyCode::Right);
    let wishes = wished(&desk);
    assert_eq!(wishes.processes, Extra::Unasked);
    assert_eq!(
        (wishes.tables, wishes.statements),
        (Extra::Unasked, Extra::Asked)
    );
    desk.press(KeyCode::Char('i'));
    assert_eq!(wished(&desk).idle, Extra::Asked);
    desk.press(KeyCode::Char('-'));
    desk.press(KeyCode::Char('-'));
    assert_eq!(wished(&desk).every.map(|e| e.as_millis()), Some(5_000));
    desk.press(KeyCode::Char('+'));
    assert_eq!(wished(&desk).every.map(|e| e.as_millis()), Some(2_000));
}

#[test]
fn idle_sessions_are_listed_on_demand_and_below_the_others() {
    let mut desk = at_panels();
    desk.press(KeyCode::Char('i'));
    assert_eq!(pids(&desk), [1, 2, 3, 4]);
}

#[test]
fn enter_on_a_client_lists_its_sessions() {
    let mut desk = at_panels();
    desk.press(KeyCode::Char('2'));
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.model.monitor.panel, Panel::Activity);
    let filter = &desk.model.monitor.arranged(Panel::Activity).filter;
    assert_eq!(
        filter,
        "user:api database:billing application:\"app of api\""
    );
}
