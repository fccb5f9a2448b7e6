//! Sessions as rows: what the Activity panel lists, and what is said of a session everywhere.

use crate::app::model::Model;
use crate::app::monitor::folded::Folded;
use crate::app::monitor::panel::RowKey;
use crate::app::monitor::table::{Cell, Column, Row, Table, Value, Whose};
use crate::app::monitor::{Idle, Panel, grade_of};
use crate::domain::sample::machine::Taken;
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::{Ours, Sample, Session, Wait};
use crate::domain::sample::words::InTheWay;

/// Who it is and what it does, before the figures of the machine.
const SESSION: [Column; 8] = [
    Column::amounts("pid", 7, 0),
    Column::words("user", 10, 84),
    Column::words("application", 16, 0),
    Column::words("database", 10, 110),
    Column::words("client", 15, 120),
    Column::words("doing", 22, 0),
    Column::amounts("xact", 8, 62),
    Column::amounts("for", 8, 0),
];
const FIGURES: [Column; 4] = [
    Column::amounts("cpu", 5, 92),
    Column::amounts("memory", 7, 130),
    Column::amounts("read", 9, 140),
    Column::amounts("written", 9, 140),
];
const STATEMENT: Column = Column::words("statement", usize::MAX, 0);

const COLUMNS: &[Column] = &columns_of::<9>();
/// On the server's own machine.
const WITH_PROCESSES: &[Column] = &columns_of::<11>();
/// Where it is told, too, what they read and write.
const WITH_DISKS: &[Column] = &columns_of::<13>();

/// The columns of a list of `N`: a session's, as many figures as that leaves room for, its statement.
const fn columns_of<const N: usize>() -> [Column; N] {
    let mut columns = [STATEMENT; N];
    let mut at = 0;
    while at + 1 < N {
        columns[at] = if at < SESSION.len() {
            SESSION[at]
        } else {
            FIGURES[at - SESSION.len()]
        };
        at += 1;
    }
    columns
}

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
    let columns = columns(sample);
    let listing = Listing {
        model,
        sample,
        // As many as there are columns for.
        figures: columns.len() - COLUMNS.len(),
    };
    let rows = sessions
        .map(|(at, s)| listing.row(s, folded.behind(at)))
        .collect();
    let empty = "nobody works, waits or holds a transaction open".to_owned();
    let arrangement = model.monitor.arranged(Panel::Activity);
    Table::arranged(columns, rows, FIRST, arrangement, empty)
}

/// What is needed to tell sessions as rows.
struct Listing<'m> {
    model: &'m Model,
    sample: &'m Sample,
    /// How many figures of the machine are told.
    figures: usize,
}

impl Listing<'_> {
    /// Returns the row of one that stands for so many `more`.
    fn row<'a>(&self, session: &'a Session, more: u32) -> Row<'a> {
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
        let mut cells = vec![
            Value::Number(session.pid).into(),
            Value::text(session.user.as_str()).into(),
            Value::text(name(self.model, session)).into(),
            Cell::from(Value::text(session.database.as_str())).quiet(),
            Cell::from(Value::text(session.client.as_str())).quiet(),
            doing(self.sample, session, more),
            match session.leader {
                Some(_) => Cell::from(xact).quiet(),
                None => Cell::from(xact).graded(grade_of("longest_transaction", session.xact_ms)),
            },
            lasted.into(),
        ];
        cells.extend(taken(session.taken.as_ref()).into_iter().take(self.figures));
        cells.push(statement);
        Row {
            key: RowKey::Session(session.pid),
            whose: whose(session),
            rank: rank(session),
            cells,
        }
    }
}

/// Nothing stands in columns that nobody tells anything for.
fn columns(sample: &Sample) -> &'static [Column] {
    match &sample.machine {
        None => COLUMNS,
        Some(machine) if !machine.tells_disks => WITH_PROCESSES,
        Some(_) => WITH_DISKS,
    }
}

/// What its process takes of the machine.
fn taken<'a>(taken: Option<&Taken>) -> [Cell<'a>; 4] {
    let disk = taken.and_then(|t| t.disk);
    [
        Value::known(taken.and_then(|t| t.cpu), Value::Part).into(),
        Cell::from(Value::known(taken.and_then(|t| t.memory), Value::Bytes)).quiet(),
        Cell::from(Value::known(disk.map(|d| d.read), Value::Flow)).quiet(),
        Cell::from(Value::known(disk.map(|d| d.written), Value::Flow)).quiet(),
    ]
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

/// Who only waits, and is in nobody's way, stands below who works; then what runs as long as the server does; who does
/// nothing stands last.
fn rank(session: &Session) -> u8 {
    let only_waits = session.lock.is_some() && session.n_waiters == 0;
    match (session.kind.as_str(), session.state.as_str()) {
        (_, "idle") => 3,
        ("walsender", _) => 2,
        _ if only_waits && session.ours == Ours::No => 1,
        _ => 0,
    }
}

/// What a session does: behind whom it waits, and how many do alike; else its state.
fn doing<'a>(sample: &Sample, session: &'a Session, more: u32) -> Cell<'a> {
    let said = |text: &'static str, grade: Grade| Cell::from(Value::text(text)).graded(grade);
    if let Some(lock) = &session.lock {
        let whom = match sample.in_the_way(session) {
            Some(InTheWay::Session(pid)) => format!("behind {pid}"),
            Some(InTheWay::Prepared) => "behind prepared".to_owned(),
            None => "Lock".to_owned(),
        };
        // The number comes first: where the column is narrow its end is cut.
        let said = match more {
            0 => whom,
            n => format!("{} {whom}", n + 1),
        };
        return Cell::from(Value::text(said)).graded(grade_of("longest_wait", lock.wait_ms));
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
