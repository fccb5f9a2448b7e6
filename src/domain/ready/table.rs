//! Rows as they came, and as they are printed.

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr as _;

use crate::domain::tame;

/// Cells wider than this are cut where they are printed.
const WIDEST: usize = 120;

/// What a question brought.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table {
    /// The names of the columns; none where there is no row.
    pub columns: Vec<String>,
    /// The rows; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Returns where the column called `name` stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Returns the lines that show at most `most` rows: the names of the columns, the rows, what was left out.
    pub fn lines(&self, most: usize) -> Vec<String> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let shown = self.rows.iter().take(most);
        let mut cells = vec![self.columns.iter().map(|name| cell(name)).collect()];
        cells.extend(shown.map(|row| {
            let texts = row.iter().map(|text| text.as_deref().unwrap_or_default());
            texts.map(cell).collect::<Vec<_>>()
        }));
        let mut lines = aligned(&cells);
        if let Some(left @ 1..) = self.rows.len().checked_sub(most) {
            lines.push(format!("… and {left} more"));
        }
        lines
    }
}

fn cell(text: &str) -> String {
    let text = tame::line(text);
    if text.width() <= WIDEST {
        return text;
    }
    let mut cut: String = text.chars().take(WIDEST - 1).collect();
    cut.push('…');
    cut
}

/// Returns the rows with each column as wide as its widest cell.
fn aligned(cells: &[Vec<String>]) -> Vec<String> {
    let columns = cells.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        let widths = cells.iter().filter_map(|row| row.get(at));
        widths.map(|text| text.width()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            line.push_str(text);
            line.push_str(&" ".repeat(width - text.width() + 2));
        }
        line.trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}
