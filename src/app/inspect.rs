//! A closer look at one session: who it is, what it runs, holds and waits for, and who waits for it.

use crate::app::acts::{open, refused_now};
use crate::app::dialog::{Dialog, Intent};
use crate::app::keys::Action;
use crate::app::message::Effect;
use crate::app::model::{Model, Tone};
use crate::app::monitor::{Looking, Monitor};
use crate::app::questions;
use crate::domain::ready::Family;
use crate::domain::run::event::BackendAct;
use crate::domain::sample::Sample;
use crate::domain::sample::blocking::{Forest, Node};
use crate::domain::sample::detail::{SessionDetail, Standing};
use crate::domain::sample::model::Session;
use crate::domain::sample::rates::whole;
use crate::domain::sample::words::lasting;
use crate::domain::units::bytes;

/// Waiters and blockers that are told one by one.
const TOLD: usize = 6;

/// Asks again for the session that is looked at, where the last answer has come and the panels are not frozen.
pub fn again(model: &mut Model) -> Option<Effect> {
    let looked_at = model.dialog.as_ref().map(|d| &d.intent);
    let Some(Intent::Session(session)) = looked_at else {
        return None;
    };
    if model.monitor.frozen.is_some() || model.monitor.looking == Looking::Asked {
        return None;
    }
    let session = session.clone();
    model.monitor.looking = Looking::Asked;
    Some(Effect::Inspect(session))
}

/// Shows what was found of the session `pid`, in the place of what was found before.
pub fn inspected(model: &mut Model, pid: i32, found: Result<Option<SessionDetail>, String>) {
    model.monitor.looking = Looking::Nothing;
    if let Some(open) = model.dialog.take() {
        let looked_at = matches!(&open.intent, Intent::Session(s) if s.pid == pid);
        // Whoever has opened a question meanwhile keeps it.
        model.dialog = Some(if looked_at {
            renewed(model, open, found)
        } else {
            open
        });
        return;
    }
    model.dialog = Some(seen(model, pid, found));
}

/// The dialog that stands open, with what is so now; what is known no more is kept, under a word that says so.
fn renewed(
    model: &Model,
    mut open: Dialog,
    found: Result<Option<SessionDetail>, String>,
) -> Dialog {
    let Intent::Session(session) = &open.intent else {
        return open;
    };
    let same = |detail: &SessionDetail| {
        let (then, now) = (&session.backend_start, &detail.backend_start);
        then.is_empty() || now.is_empty() || then == now
    };
    match found {
        Err(_) => {}
        Ok(Some(detail)) if same(&detail) => {
            open.sentences = seen(model, session.pid, Ok(Some(detail))).sentences;
        }
        Ok(_) => {
            let ended = "It has ended. This is what was last seen of it:".to_owned();
            open.sentences.insert(0, (Tone::Warning, ended));
            open.intent = Intent::Read;
        }
    }
    open
}

/// What is said of a session.
fn seen(model: &Model, pid: i32, found: Result<Option<SessionDetail>, String>) -> Dialog {
    let picture = model.monitor.picture();
    let seen = picture.session(pid);
    let intent = seen
        .filter(|_| matches!(found, Ok(Some(_))))
        .map_or(Intent::Read, |s| Intent::Session(Monitor::reference(s)));
    let mut dialog = Dialog::new(format!("Session {pid}"), intent);
    match (seen, picture.sample) {
        (Some(session), Some(sample)) => {
            dialog.sentences = about(session, sample.family);
            dialog.sentences.extend(takes(session, sample));
            dialog.sentences.extend(ahead(session, sample));
        }
        _ if matches!(found, Ok(Some(_))) => {
            let idles = "It neither works nor waits, or is not listed.".to_owned();
            dialog.sentences.push((Tone::Quiet, idles));
        }
        _ => {}
    }
    let behind = match (seen, picture.sample) {
        (Some(session), Some(sample)) => behind(session, sample, picture.forest),
        _ => Vec::new(),
    };
    match found {
        Err(why) => dialog.sentences.push((Tone::Danger, why)),
        Ok(None) => dialog
            .sentences
            .push((Tone::Warning, "It has ended.".into())),
        Ok(Some(detail)) => {
            dialog.sentences.extend(statement(&detail));
            dialog.sentences.extend(behind);
            dialog.sentences.extend(locks(&detail));
        }
    }
    dialog
}

/// Asks whether the session that is looked at is to be acted on.
pub fn act_on(model: &mut Model, action: Action) -> Vec<Effect> {
    let intent = model.dialog.take().map(|d| d.intent);
    let Some(Intent::Session(session)) = intent else {
        return Vec::new();
    };
    // The cursor may stand elsewhere by now: only what forbids every act forbids this one.
    let act = match action {
        Action::TerminateSession => BackendAct::Terminate,
        _ => BackendAct::Cancel,
    };
    if model.purpose == crate::app::model::Purpose::Watch
        && let Some(why) = refused_now(model, action)
    {
        model.say(Tone::Warning, why);
        return Vec::new();
    }
    let dialog = questions::act(model, &session, act);
    open(model, dialog)
}

fn about(session: &Session, family: Family) -> Vec<(Tone, String)> {
    let or = |text: &str, nothing: &str| {
        if text.is_empty() {
            nothing.to_owned()
        } else {
            text.to_owned()
        }
    };
    let client = or(&session.client, "a local socket");
    let from = match (session.application.as_str(), family) {
        // Sessions of MySQL have no names of their own.
        ("", Family::MySql) => format!("from {client}"),
        ("", _) => format!("application without a name, from {client}"),
        (name, _) => format!("application {name}, from {client}"),
    };
    let mut lines = vec![
        (
            Tone::Plain,
            format!("user {}, database {}", session.user, session.database),
        ),
        (Tone::Plain, from),
    ];
    // What it waits for is told below.
    if session.lock.is_none() {
        lines.push((Tone::Plain, session.doing()));
    }
    let statement = match session.state.as_str() {
        "active" => "in its statement for",
        _ => "since its last statement began",
    };
    let since = [
        ("connected for", session.age_ms),
        ("in its transaction for", session.xact_ms),
        (statement, session.query_ms),
        ("in this state for", session.state_ms),
    ];
    let times: Vec<String> = since
        .iter()
        .filter_map(|(what, ms)| Some(format!("{what} {}", lasting((*ms)?))))
        .collect();
    lines.push((Tone::Quiet, times.join(", ")));
    if let Some(wait) = session.wait.as_ref().filter(|_| session.lock.is_none()) {
        let event = format!("waits for {}: {}", wait.kind, wait.event);
        lines.push((Tone::Quiet, event));
    }
    lines
}

/// What its process takes of the machine.
fn takes(session: &Session, sample: &Sample) -> Option<(Tone, String)> {
    let said = match (&session.taken, &sample.machine) {
        (Some(taken), _) => {
            let disk = taken.disk.map(|d| {
                let [read, written] = [d.read, d.written].map(|n| bytes(whole(n)));
                format!("reads {read}/s and writes {written}/s on disk")
            });
            let untold = (taken.cpu.is_some() && disk.is_none()).then(|| {
                "what it reads and writes is told only to its own user and root".to_owned()
            });
            let parts = [
                taken
                    .cpu
                    .map(|part| format!("{:.0} % of a processor", part * 100.0)),
                taken
                    .memory
                    .map(|n| format!("{} of memory of its own", bytes(n))),
                disk.or(untold),
            ];
            format!(
                "takes {}",
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            )
        }
        // Who idles or waits for a lock takes nothing.
        (None, Some(_)) => return None,
        (None, None) if sample.family == Family::MySql => return None,
        (None, None) => {
            "what its process takes is known only on the server's own machine".to_owned()
        }
    };
    Some((Tone::Quiet, said))
}

/// What it waits for, and who stands in its way.
fn ahead(session: &Session, sample: &Sample) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    if let Some(lock) = &session.lock {
        let waited = lock.wait_ms.map(|ms| format!(" {}", lasting(ms)));
        let place = match lock.of {
            0 | 1 => String::new(),
            of => format!(", {} of {of} that want the same", lock.place),
        };
        lines.push((
            Tone::Warning,
            format!(
                "waits{} for {} on {}{place}",
                waited.unwrap_or_default(),
                lock.mode,
                lock.object
            ),
        ));
    }
    let who = |pid: i32| {
        sample
            .session(pid)
            .map_or_else(|| format!("pid {pid}"), Session::words)
    };
    for blocker in session.hard.iter().take(TOLD) {
        let whom = match (blocker.pid, blocker.prepared.as_slice()) {
            (0, xids) => {
                let named = sample.prepared().iter().find(|p| xids.contains(&p.xid));
                named.map_or_else(
                    || "a prepared transaction".to_owned(),
                    |p| format!("{}; {} ends it", p.words(), p.ending()),
                )
            }
            (pid, _) => who(pid),
        };
        let modes = &blocker.modes;
        lines.push((
            Tone::Warning,
            format!("held up by {whom}; it holds {modes}"),
        ));
    }
    let more = session.hard.len().saturating_sub(TOLD);
    if more > 0 {
        lines.push((Tone::Warning, format!("and by {more} more")));
    }
    if let Some(soft) = session.soft {
        lines.push((
            Tone::Warning,
            format!("stands in the queue behind {}", who(soft)),
        ));
    }
    if session.lock.is_some() && session.hard.is_empty() && session.soft.is_none() {
        lines.extend(perhaps(session, sample));
    }
    lines
}

/// Who may hold what it waits for, where the server does not tell.
fn perhaps(session: &Session, sample: &Sample) -> Vec<(Tone, String)> {
    let suspects = session.suspects.iter().filter_map(|p| sample.session(*p));
    let mut suspects = suspects.map(|s| (Tone::Quiet, format!("    {}", s.words())));
    let Some(first) = suspects.next() else {
        return Vec::new();
    };
    let said = "this server does not tell who holds it; it may be".to_owned();
    [(Tone::Warning, said), first]
        .into_iter()
        .chain(suspects.take(TOLD))
        .collect()
}

/// Who waits for it.
fn behind(session: &Session, sample: &Sample, forest: &Forest) -> Vec<(Tone, String)> {
    let waits =
        |s: &&Session| s.hard.iter().any(|b| b.pid == session.pid) || s.soft == Some(session.pid);
    let waiters: Vec<&Session> = sample.sessions.iter().filter(waits).collect();
    let all = usize::try_from(session.n_waiters)
        .unwrap_or(0)
        .max(waiters.len());
    if all == 0 {
        return Vec::new();
    }
    let head = if all == 1 {
        "1 session waits directly for it".to_owned()
    } else {
        format!("{all} sessions wait directly for it")
    };
    let its = |n: &&Node| n.session(sample).is_some_and(|s| s.pid == session.pid);
    let rows = forest.rows();
    let behind = rows.iter().map(|(_, node)| *node).find(its);
    let behind = behind.and_then(|n| usize::try_from(n.behind).ok());
    let more = match behind.map_or(0, |n| n.saturating_sub(all)) {
        0 => String::new(),
        n => format!(", {n} more behind these"),
    };
    let mut lines = vec![(Tone::Danger, format!("{head}{more}:"))];
    for waiter in waiters.iter().take(TOLD) {
        let lock = waiter.lock.as_ref();
        let on = lock.map_or(String::new(), |l| {
            format!(" for {} on {}", l.mode, l.object)
        });
        lines.push((Tone::Plain, format!("    {}{on}", waiter.words())));
    }
    let more = all.saturating_sub(waiters.len().min(TOLD));
    if more > 0 {
        lines.push((Tone::Quiet, format!("    and {more} more")));
    }
    lines
}

fn statement(detail: &SessionDetail) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    if !detail.backend_start.is_empty() {
        lines.push((Tone::Quiet, format!("began {}", detail.backend_start)));
    }
    lines.push((Tone::Plain, String::new()));
    if detail.query.is_empty() {
        lines.push((
            Tone::Quiet,
            "Its statement is hidden from this role, or there is none.".into(),
        ));
    }
    lines.extend(detail.query.iter().map(|line| (Tone::Plain, line.clone())));
    lines.push((Tone::Plain, String::new()));
    lines
}

fn locks(detail: &SessionDetail) -> Vec<(Tone, String)> {
    let told = detail.locks.iter().map(|lock| {
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
    });
    told.collect()
}
