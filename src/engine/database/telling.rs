//! What statements bring, told line by line while it comes: in the same words for every family of servers.

use sqlx::{Column, Row};

use crate::engine::database::seen::SqlSeen;

/// Tells rows and results, and keeps what counts of them.
pub(super) struct Telling<'a> {
    out: &'a mut (dyn FnMut(&str) + Send),
    /// Rows of one statement that are written at most.
    cap: u64,
    /// Rows of the statement that came so far.
    rows: u64,
    /// What was seen so far.
    pub seen: SqlSeen,
}

impl<'a> Telling<'a> {
    pub fn new(out: &'a mut (dyn FnMut(&str) + Send), cap: u64) -> Self {
        Self {
            out,
            cap,
            rows: 0,
            seen: SqlSeen::default(),
        }
    }

    /// Tells a row; `text` reads one of its columns.
    pub fn row<R: Row>(&mut self, row: &R, text: fn(&R, usize) -> Option<String>) {
        let before = self.rows;
        self.rows += 1;
        if before == 0 {
            self.seen.first_value = text(row, 0);
            let names: Vec<&str> = row.columns().iter().map(Column::name).collect();
            self.text(&names.join(" | "));
        }
        if before < self.cap {
            let cells = (0..row.len()).map(|at| text(row, at).unwrap_or_default());
            self.text(&cells.collect::<Vec<_>>().join(" | "));
        } else if before == self.cap {
            let cap = self.cap;
            self.text(&format!(
                "… more than {cap} rows: the rest is counted, not written"
            ));
        }
    }

    /// Tells how a statement ended: whether one of its kind returns rows, whether it counts those that it touches, and
    /// how many it touched.
    pub fn done(&mut self, name: &str, returns_rows: bool, counts: bool, touched: u64) {
        let rows = std::mem::take(&mut self.rows);
        let returns = rows > 0 || returns_rows;
        self.seen.rows = if returns { rows } else { touched };
        if returns && rows == 0 {
            self.seen.first_value = None;
        }
        let count = match self.seen.rows {
            1 => "1 row".to_owned(),
            n => format!("{n} rows"),
        };
        self.seen.tag = match (returns, counts || touched > 0) {
            (true, _) => format!("{name}: {count}"),
            (false, true) => format!("{name}: {count} touched"),
            (false, false) => format!("{name}: done"),
        };
        self.seen.statements += 1;
        let tag = format!("({})", self.seen.tag);
        self.text(&tag);
    }

    /// Tells a text of one or more lines.
    pub fn text(&mut self, text: &str) {
        for line in text.split('\n') {
            self.line(line.trim_end_matches('\r'));
        }
    }

    /// Tells a line as it is.
    pub fn line(&mut self, line: &str) {
        (self.out)(line);
    }
}
