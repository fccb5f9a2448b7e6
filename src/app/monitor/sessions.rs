//! Sessions as rows: what the Activity panel lists, and what is said of a session everywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::model::Model;
use crate::app::monitor::panel::RowKey;
use crate::app::monitor::table::{Cell, Column, Row, Table, Value, Whose};
use crate::app::monitor::{Idle, Panel, grade_of};
use crate::domain::sample::blocking::Who;
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::{Ours, Sample, Session, Wait};
use crate::domain::sample::words::InTheWay;

const COLUMNS: &[Column] = &[
    Column::amounts("pid", 7, 0),
    Column::words("user", 10, 84),
    Column::words("application", 16, 0),
    Column::words("database", 10, 110),
    Column::words("client", 15, 120),
    Column::words("doing", 22, 0),
    Column::amounts("xact", 8, 62),
    Column::amounts("for", 8, 0),
    Column::words("statement", usize::MAX, 0),
];
/// How long its statement has run.
const FIRST: usize = 7;

/// Returns the Activity panel.
pub fn table(model: &Model) -> Table<'_> {
    let Some(sample) = model.monitor.picture().sample else {
        let wanted = model.monitor.arranged(Panel::Activity);
        return Table::arranged(COLUMNS, Vec::new(), FIRST, wanted, String::new());
    };
    // One that is idle and in somebody's way is worth its row at all times.
    let works = |s: &Session| s.state != "idle" || s.n_waiters > 0;
    let folded = Folded::of(model);
    let wanted = |(at, s): &(usize, &Session)| {
        (model.monitor.idle == Idle::Shown || works(s)) && !folded.away.contains(at)
    };
    let sessions = sample.sessions.iter().enumerate().filter(wanted);
    let more = |at: usize| folded.into.iter().find(|(first, _)| *first == at);
    let rows = sessions
        .map(|(at, s)| row(model, sample, s, more(at).map_or(0, |(_, more)| *more)))
        .collect();
    let empty = "nobody works, waits or holds a transaction open".to_owned();
    let arrangement = model.monitor.arranged(Panel::Activity);
    Table::arranged(COLUMNS, rows, FIRST, arrangement, empty)
}

/// Waiters that have no row of their own: a storm would bury those who work.
#[derive(Default)]
struct Folded {
    /// Places in the sample of those who are folded away.
    away: BTreeSet<usize>,
    /// Places of those who stand for others, and for how many.
    into: Vec<(usize, u32)>,
}

impl Folded {
    /// As the lock tree folds them. Whoever filters looks for single ones, and the row under the cursor stays.
    fn of(model: &Model) -> Self {
        let arrangement = model.monitor.arranged(Panel::Activity);
        let picture = model.monitor.picture();
        let mut folded = Self::default();
        let Some(sample) = picture.sample.filter(|_| arrangement.filter.is_empty()) else {
            return folded;
        };
        for (_, node) in picture.forest.rows() {
            let Who::Session(first) = node.who else {
                continue;
            };
            let listed = node.alike.iter().copied();
            let selected = |at: &usize| {
                let session = sample.sessions.get(*at);
                session.map(|s| RowKey::Session(s.pid)) == arrangement.selected
            };
            let (stays, away): (Vec<usize>, Vec<usize>) = listed.partition(selected);
            let more = node
                .folded
                .saturating_sub(u32::try_from(stays.len()).unwrap_or_default());
            if more > 0 {
                folded.into.push((first, more));
            }
            folded.away.extend(away);
        }
        folded
    }
}

/// Returns what is to be known of waiters that have no row.
pub fn folded(model: &Model) -> Option<String> {
    let sample = model.monitor.picture().sample?;
    if model.monitor.arranged(Panel::Activity).filter.is_empty() {
        let folded = Folded::of(model);
        return (!folded.into.is_empty())
            .then(|| "+N: so many more wait alike; a filter lists each".to_owned());
    }
    let waiting = sample.sessions.iter().filter_map(|s| s.lock.as_ref());
    let queues: BTreeMap<&str, (u32, u32)> = waiting.fold(BTreeMap::new(), |mut queues, lock| {
        let (of, listed) = queues.entry(lock.group.as_str()).or_default();
        *of = lock.of.max(*of);
        *listed += 1;
        queues
    });
    let unlisted = queues
        .values()
        .map(|(of, listed)| of.saturating_sub(*listed));
    match unlisted.sum::<u32>() {
        0 => None,
        n => Some(format!(
            "{n} further back in the queues are only counted, and not filtered"
        )),
    }
}

fn row<'a>(model: &Model, sample: &Sample, session: &'a Session, more: u32) -> Row<'a> {
    let statement = match (session.leader, session.query.as_str()) {
        // Its statement stands in its leader's row.
        (Some(leader), _) => {
            Cell::from(Value::text(format!("parallel worker of {leader}"))).quiet()
        }
        (None, "") => Cell::from(Value::text(session.doing())).quiet(),
        (None, query) => Value::text(query).into(),
    };
    let xact = Value::known(session.xact_ms, Value::Time);
    let lasted = Value::known(session.query_ms.or(session.state_ms), Value::Time);
    Row {
        key: RowKey::Session(session.pid),
        whose: whose(session),
        rank: rank(session),
        cells: vec![
            Value::Number(session.pid).into(),
            Value::text(session.user.as_str()).into(),
            Value::text(name(model, session)).into(),
            Cell::from(Value::text(session.database.as_str())).quiet(),
            Cell::from(Value::text(session.client.as_str())).quiet(),
            doing(sample, session, more),
            match session.leader {
                Some(_) => Cell::from(xact).quiet(),
                None => Cell::from(xact).graded(grade_of("longest_transaction", session.xact_ms)),
            },
            lasted.into(),
            statement,
        ],
    }
}

/// Returns whose row a session's is.
pub fn whose(session: &Session) -> Whose {
    match session.ours {
        Ours::Step { .. } | Ours::Probable { .. } => Whose::Ours,
        Ours::Monitor => Whose::Monitor,
        Ours::No => Whose::Stranger,
    }
}

/// Returns what a session is called on a panel: our own by its step.
pub fn name(model: &Model, session: &Session) -> String {
    let number = |id| {
        model
            .book
            .step(id)
            .map_or_else(|| "our step".to_owned(), |s| format!("step {}", s.number))
    };
    match &session.ours {
        Ours::Step { step, .. } => number(step),
        Ours::Probable { step, .. } => format!("{}?", number(step)),
        Ours::Monitor => "holdpoint".to_owned(),
        Ours::No => session.name().to_owned(),
    }
}

/// What runs as long as the server does stands below what somebody began; who does nothing stands last.
fn rank(session: &Session) -> u8 {
    match (session.kind.as_str(), session.state.as_str()) {
        (_, "idle") => 2,
        ("walsender", _) => 1,
        _ => 0,
    }
}

/// What a session does: behind whom it waits, and how many more do alike; else its state.
fn doing<'a>(sample: &Sample, session: &'a Session, more: u32) -> Cell<'a> {
    let said = |text: &'static str, grade: Grade| Cell::from(Value::text(text)).graded(grade);
    if let Some(lock) = &session.lock {
        let whom = match sample.in_the_way(session) {
            Some(InTheWay::Session(pid)) => format!("behind {pid}"),
            Some(InTheWay::Prepared) => "behind prepared".to_owned(),
            None => "Lock".to_owned(),
        };
        let more = match more {
            0 => String::new(),
            n => format!(" +{n}"),
        };
        return Cell::from(Value::text(whom + &more))
            .graded(grade_of("longest_wait", lock.wait_ms));
    }
    if session.is_idle_in_transaction() {
        return said("in xact", grade_of("idle_in_transaction", session.state_ms));
    }
    match &session.wait {
        Some(wait) if wait.kind == "Lock" => said("Lock", Grade::Look),
        Some(wait) if session.state != "idle" => Cell::from(Value::text(wait_words(wait))).quiet(),
        _ if session.state.is_empty() => Cell::from(Value::text("hidden")).quiet(),
        _ => Cell::from(Value::text(session.state.as_str())).quiet(),
    }
}

/// MySQL and MariaDB tell what a session is at in words of their own, which need no kind before them.
fn wait_words(wait: &Wait) -> String {
    match wait.kind.as_str() {
        "State" => wait.event.clone(),
        kind => format!("{kind}:{}", wait.event),
    }
}

/// Returns what filters look at in a session, wherever it has a row.
pub fn fields<'a>(session: &'a Session, name: &'a str, pid: &'a str) -> [(&'a str, &'a str); 8] {
    let object = session.lock.as_ref().map_or("", |l| l.object.as_str());
    [
        ("pid", pid),
        ("user", &session.user),
        ("application", name),
        ("database", &session.database),
        ("client", &session.client),
        ("doing", &session.state),
        ("object", object),
        ("statement", &session.query),
    ]
}
