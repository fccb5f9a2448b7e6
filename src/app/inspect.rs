//! A closer look at one session: who it is, what it runs, holds and waits for.

use crate::app::dialog::{Dialog, Intent};
use crate::app::model::{Model, Tone};
use crate::domain::sample::detail::{SessionDetail, Standing};
use crate::domain::sample::model::Session;
use crate::domain::sample::words::lasting;

/// Shows what was found of the session `pid`.
pub fn inspected(model: &mut Model, pid: i32, found: Result<Option<SessionDetail>, String>) {
    if model.dialog.is_some() {
        return; // whoever has opened a question meanwhile keeps it
    }
    let mut dialog = Dialog::new(format!("Session {pid}"), Intent::Read);
    let seen = model.monitor.sample.as_ref().and_then(|s| s.session(pid));
    if let Some(session) = seen {
        dialog.sentences = about(session);
    }
    match found {
        Err(why) => dialog.sentences.push((Tone::Danger, why)),
        Ok(None) => dialog
            .sentences
            .push((Tone::Warning, "It has ended.".into())),
        Ok(Some(detail)) => dialog.sentences.extend(within(&detail)),
    }
    model.dialog = Some(dialog);
}

fn about(session: &Session) -> Vec<(Tone, String)> {
    let client = if session.client.is_empty() {
        "a local socket"
    } else {
        &session.client
    };
    let application = if session.application.is_empty() {
        "without a name"
    } else {
        &session.application
    };
    let mut lines = vec![
        (
            Tone::Plain,
            format!("user {}, database {}", session.user, session.database),
        ),
        (
            Tone::Plain,
            format!("application {application}, from {client}"),
        ),
        (Tone::Plain, session.doing()),
    ];
    let since = [
        ("connected for", session.age_ms),
        ("in its transaction for", session.xact_ms),
        ("in its statement for", session.query_ms),
    ];
    let times: Vec<String> = since
        .iter()
        .filter_map(|(what, ms)| Some(format!("{what} {}", lasting((*ms)?))))
        .collect();
    lines.push((Tone::Quiet, times.join(", ")));
    if let Some(lock) = &session.lock {
        let waited = lock.wait_ms.map(lasting).unwrap_or_default();
        lines.push((
            Tone::Warning,
            format!("waits {waited} for {} on {}", lock.mode, lock.object),
        ));
    }
    for blocker in &session.hard {
        lines.push((
            Tone::Warning,
            format!(
                "held up by pid {}, which holds {}",
                blocker.pid, blocker.modes
            ),
        ));
    }
    if let Some(soft) = session.soft {
        lines.push((
            Tone::Warning,
            format!("stands behind pid {soft} in the queue"),
        ));
    }
    if session.n_waiters > 0 {
        lines.push((
            Tone::Danger,
            format!("{} wait directly for it", session.n_waiters),
        ));
    }
    lines
}

fn within(detail: &SessionDetail) -> Vec<(Tone, String)> {
    let mut lines = vec![
        (Tone::Quiet, format!("began {}", detail.backend_start)),
        (Tone::Plain, String::new()),
    ];
    if detail.query.is_empty() {
        lines.push((
            Tone::Quiet,
            "Its statement is hidden from this role, or there is none.".into(),
        ));
    }
    lines.extend(detail.query.iter().map(|line| (Tone::Plain, line.clone())));
    lines.push((Tone::Plain, String::new()));
    lines.extend(detail.locks.iter().map(|lock| {
        let many = if lock.n > 1 {
            format!(" ×{}", lock.n)
        } else {
            String::new()
        };
        match lock.standing {
            Standing::Wanted => (
                Tone::Warning,
                format!("wants {} on {}{many}", lock.mode, lock.object),
            ),
            Standing::Held => (
                Tone::Plain,
                format!("holds {} on {}{many}", lock.mode, lock.object),
            ),
        }
    }));
    lines
}
