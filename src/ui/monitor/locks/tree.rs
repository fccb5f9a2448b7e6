//! The rows of the tree: who, what somebody wants or holds, for how long.

use ratatui::style::Style;

use crate::app::model::Model;
use crate::app::monitor::grade_of;
use crate::app::monitor::locks::{key, roots};
use crate::app::monitor::panel::RowKey;
use crate::app::monitor::sessions::name;
use crate::domain::sample::Sample;
use crate::domain::sample::blocking::{By, Node, Who};
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::Session;
use crate::ui::monitor::session_style;
use crate::ui::theme::Theme;

/// One row of the tree, before it is laid out.
pub(super) struct Row {
    pub key: RowKey,
    pub trunk: String,
    pub name: (String, Style),
    pub says: (String, Style),
    /// Its statement, for screens that are wide enough.
    pub statement: String,
    pub ms: Option<u64>,
    pub grade: Grade,
}

/// Where a row hangs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    BehindUs,
    Behind,
}

/// Returns the rows that pass the filter, each root before what hangs on it.
pub(super) fn rows(model: &Model, theme: &Theme, sample: &Sample) -> Vec<Row> {
    let mut rows = Vec::new();
    let tree = Tree {
        model,
        theme,
        sample,
    };
    for root in roots(model).iter() {
        tree.branch(root, "", Place::Root, &mut rows);
    }
    rows
}

/// What is needed to lay the tree out.
struct Tree<'a> {
    model: &'a Model,
    theme: &'a Theme,
    sample: &'a Sample,
}

impl Tree<'_> {
    fn branch(&self, node: &Node, before: &str, place: Place, rows: &mut Vec<Row>) {
        let [fork, last, pass, blank] = self.theme.glyphs.tree;
        rows.push(self.row(node, before, place));
        // The row's own branch becomes the trunk that its children hang on.
        let passing = before.strip_suffix(fork).map(|b| format!("{b}{pass}"));
        let ended = || before.strip_suffix(last).map(|b| format!("{b}{blank}"));
        let trunk = passing.or_else(ended).unwrap_or_default();
        let ours = node
            .session(self.sample)
            .is_some_and(|s| s.step().is_some());
        let below = if ours || place == Place::BehindUs {
            Place::BehindUs
        } else {
            Place::Behind
        };
        for (i, child) in node.children.iter().enumerate() {
            let fork = if i + 1 == node.children.len() {
                last
            } else {
                fork
            };
            self.branch(child, &format!("{trunk}{fork}"), below, rows);
        }
    }

    fn row(&self, node: &Node, before: &str, place: Place) -> Row {
        let session = node.session(self.sample);
        let (ms, metric) = match (place, session) {
            (Place::Behind | Place::BehindUs, Some(s)) => (
                s.lock.as_ref().and_then(|l| l.wait_ms).or(s.query_ms),
                "longest_wait",
            ),
            (_, Some(s)) if s.is_idle_in_transaction() => (s.state_ms, "idle_in_transaction"),
            (_, Some(s)) => (s.xact_ms.or(s.query_ms), "longest_transaction"),
            (_, None) => (
                node.prepared(self.sample).map(|p| p.age_ms),
                "longest_transaction",
            ),
        };
        let grade = match place {
            // Whoever waits behind our step is a reason to act at once.
            Place::BehindUs => Grade::Stop,
            Place::Root => grade_of(metric, ms).max(Grade::Look),
            Place::Behind => grade_of(metric, ms),
        };
        Row {
            key: key(node, self.sample),
            trunk: if place == Place::Root {
                format!("{} ", self.theme.glyphs.open)
            } else {
                before.to_owned()
            },
            name: self.name(node, session),
            says: self.says(node, session),
            statement: session.map_or_else(String::new, |s| s.query.clone()),
            ms,
            grade,
        }
    }

    fn name(&self, node: &Node, session: Option<&Session>) -> (String, Style) {
        let folded = if node.folded == 0 {
            String::new()
        } else {
            format!(" +{}", node.folded)
        };
        match (session, &node.who) {
            (Some(s), _) => {
                let ours = if s.step().is_some() {
                    format!(" {}", self.theme.glyphs.ours)
                } else {
                    String::new()
                };
                let text = format!("{}{folded} {}{ours}", s.pid, name(self.model, s));
                (text, session_style(self.theme, s))
            }
            (None, Who::Gone(pid)) => (format!("{pid} ended"), self.theme.quiet),
            (None, Who::Untold(_)) => ("not told".to_owned(), self.theme.quiet),
            (None, _) => ("prepared".to_owned(), self.theme.plain),
        }
    }

    fn says(&self, node: &Node, session: Option<&Session>) -> (String, Style) {
        if let Some(prepared) = node.prepared(self.sample) {
            return (
                format!("{}: {}", prepared.gid, prepared.ending()),
                self.theme.plain,
            );
        }
        let Some(session) = session else {
            let told = match node.who {
                Who::Untold(waiter) => self.perhaps(waiter),
                Who::Session(_) | Who::Prepared(_) | Who::PreparedUnknown | Who::Gone(_) => None,
            };
            let told = told.unwrap_or_else(|| node.words(self.sample));
            return (told, self.theme.quiet);
        };
        let Some(link) = &node.waits else {
            return (
                format!("{}{}", root_words(session), holds(node, self.sample)),
                self.theme.plain,
            );
        };
        let by = match link.by {
            By::Holder => "",
            By::Queue => "queued: ",
            By::Circle => "deadlock: ",
        };
        let what = verb(session);
        let arrow = self.theme.glyphs.arrow;
        let wanted = session
            .lock
            .as_ref()
            .map(|l| format!(" {arrow} {} ({})", plain_name(&l.object), short(&l.mode)));
        let alike = if node.folded == 0 {
            String::new()
        } else {
            format!(", {} alike", node.folded + 1)
        };
        let others = match link.others.len() {
            0 => String::new(),
            n => format!(", {n} more blockers"),
        };
        (
            format!("{by}{what}{}{alike}{others}", wanted.unwrap_or_default()),
            self.theme.plain,
        )
    }

    /// Those who may hold what `waiter` waits for, where the server does not tell.
    fn perhaps(&self, waiter: usize) -> Option<String> {
        let waiter = self.sample.sessions.get(waiter)?;
        let suspects = waiter
            .suspects
            .iter()
            .filter_map(|p| self.sample.session(*p));
        let said = |s: &Session| format!("{} {} {}", s.pid, name(self.model, s), root_words(s));
        let said: Vec<String> = suspects.map(said).collect();
        (!said.is_empty()).then(|| format!("perhaps {}", said.join(", ")))
    }
}

/// What a root does: how long stands in a column of its own.
fn root_words(session: &Session) -> String {
    if session.kind == "autovacuum worker" {
        return session.doing();
    }
    if session.is_idle_in_transaction() {
        return session.state.replace("transaction", "xact");
    }
    match (session.state.as_str(), session.query.as_str()) {
        ("", _) => session.doing(),
        (state, "") => state.to_owned(),
        (_, _) => session.verb(3),
    }
}

/// The modes that somebody holds and on what, as those who wait for it see them.
fn holds(node: &Node, sample: &Sample) -> String {
    let mut modes: Vec<&str> = Vec::new();
    let mut objects: Vec<&str> = Vec::new();
    let mut ends = "";
    for child in &node.children {
        let held = child.waits.as_ref().map_or("", |link| link.held.as_str());
        let lock = child.session(sample).and_then(|s| s.lock.as_ref());
        // Every transaction holds itself: what is waited for is that it ends.
        if lock.is_some_and(|l| l.object.starts_with("the end of ")) {
            ends = ", must end first";
            continue;
        }
        for mode in held.split(',').map(|m| short(m.trim())) {
            if !mode.is_empty() && !modes.contains(&mode) {
                modes.push(mode);
            }
        }
        let object = lock.map(|l| l.object.as_str()).filter(|_| !held.is_empty());
        objects.extend(object.filter(|o| !objects.contains(o)));
    }
    let on = match objects.as_slice() {
        [] => String::new(),
        [object] => format!(" on {}", plain_name(object)),
        [first, more @ ..] => format!(" on {} and {} more", plain_name(first), more.len()),
    };
    if modes.is_empty() {
        ends.to_owned()
    } else {
        format!(", holds {}{on}{ends}", modes.join(", "))
    }
}

/// The statement's first words: the object stands behind them anyway.
fn verb(session: &Session) -> String {
    let first = session.verb(1).to_uppercase();
    match first.as_str() {
        "" => "statement hidden".to_owned(),
        "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY" => first,
        _ => session.verb(2),
    }
}

/// The schema that everybody has need not be said, nor the number of the transaction that changed a row.
fn plain_name(object: &str) -> String {
    let row = object.split_once(" (transaction ").map(|(row, _)| row);
    row.unwrap_or(object).replace("public.", "")
}

fn short(mode: &str) -> &str {
    mode.strip_suffix("Lock").unwrap_or(mode)
}
