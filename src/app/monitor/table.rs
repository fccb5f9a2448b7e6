//! A panel as a table: typed cells that can be sorted, filtered, and drawn in their unit.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::app::monitor::filter::Filter;
use crate::app::monitor::panel::{Arrangement, RowKey, Way};
use crate::domain::sample::metric::Grade;
use crate::domain::sample::rates::number;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its headline; filters name it so too.
    pub title: &'static str,
    /// Cells at most.
    pub most: usize,
    /// The width of the panel from which it is shown.
    pub from: usize,
    /// What stands in it.
    pub kind: Kind,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words: at the left, from A.
    Words,
    /// Numbers, times, sizes: at the right, from the largest.
    Amounts,
}

impl Column {
    /// Returns a column of words.
    pub const fn words(title: &'static str, most: usize, from: usize) -> Self {
        Self {
            title,
            most,
            from,
            kind: Kind::Words,
        }
    }

    /// Returns a column of numbers, times or sizes.
    pub const fn amounts(title: &'static str, most: usize, from: usize) -> Self {
        Self {
            title,
            most,
            from,
            kind: Kind::Amounts,
        }
    }
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// A number that names something: a process.
    Number(i32),
    /// Things.
    Count(u64),
    /// Milliseconds.
    Time(u64),
    /// Milliseconds, and parts of one.
    Span(f64),
    /// Bytes.
    Bytes(u64),
    /// Bytes more or less than before.
    Grown(f64),
    /// Things a second.
    PerSecond(f64),
    /// Bytes a second, more or less.
    BytesPerSecond(f64),
    /// Bytes a second that go by.
    Flow(f64),
    /// A part of a whole, 0 to 1.
    Part(f64),
    /// A part of a whole, 0 to 1, drawn as a bar.
    Bar(f64),
    /// The last values, drawn as a sparkline.
    Line(Vec<Option<f64>>),
    /// Not known.
    Nothing,
}

impl<'a> Value<'a> {
    /// Returns words.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Returns an amount where it is known.
    pub fn known<T>(value: Option<T>, of: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Nothing, of)
    }

    fn amount(&self) -> Option<f64> {
        Some(match self {
            Self::Number(n) => f64::from(*n),
            Self::Count(n) | Self::Time(n) | Self::Bytes(n) => number(*n),
            Self::Grown(n)
            | Self::Span(n)
            | Self::PerSecond(n)
            | Self::BytesPerSecond(n)
            | Self::Flow(n)
            | Self::Part(n)
            | Self::Bar(n) => *n,
            Self::Line(line) => line.last().copied().flatten()?,
            Self::Text(_) | Self::Nothing => return None,
        })
    }

    /// What filters look at.
    fn words(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(n) => Cow::Owned(n.to_string()),
            Self::Count(n) => Cow::Owned(n.to_string()),
            _ => Cow::Borrowed(""),
        }
    }
}

/// How much weight a cell's text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// As its row.
    #[default]
    Plain,
    /// It can wait.
    Quiet,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell<'a> {
    /// What it holds.
    pub value: Value<'a>,
    /// How bad that is.
    pub grade: Grade,
    /// How much weight it has.
    pub weight: Weight,
}

impl<'a> From<Value<'a>> for Cell<'a> {
    fn from(value: Value<'a>) -> Self {
        Self {
            value,
            grade: Grade::Calm,
            weight: Weight::Plain,
        }
    }
}

impl Cell<'_> {
    /// Says how bad it is.
    #[must_use]
    pub fn graded(mut self, grade: Grade) -> Self {
        self.grade = grade;
        self
    }

    /// Gives it less weight.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.weight = Weight::Quiet;
        self
    }
}

/// Whose a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Whose {
    /// A stranger's.
    #[default]
    Stranger,
    /// The running step's.
    Ours,
    /// The monitor's own.
    Monitor,
}

/// One row; its cells stand in the order of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// What names it.
    pub key: RowKey,
    /// Whose it is.
    pub whose: Whose,
    /// Its cells.
    pub cells: Vec<Cell<'a>>,
    /// Rows of a higher rank stand below all of a lower one, however they are sorted.
    pub rank: u8,
}

impl<'a> Row<'a> {
    /// Returns a stranger's row.
    pub fn new(key: RowKey, cells: Vec<Cell<'a>>) -> Self {
        Self {
            key,
            whose: Whose::Stranger,
            cells,
            rank: 0,
        }
    }
}

/// Where the last column stands when a panel is too narrow for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Last {
    /// In its row, cut.
    #[default]
    Cut,
    /// Below its row, on a line of its own: few rows, and what it says must be read whole.
    Below,
}

/// A panel as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<'a> {
    /// The columns.
    pub columns: &'static [Column],
    /// The rows that pass the filter, sorted.
    pub rows: Vec<Row<'a>>,
    /// Rows before the filter.
    pub all: usize,
    /// The column that they are sorted by.
    pub sort: usize,
    /// Which way.
    pub way: Way,
    /// What is said where there is no row: what is missing, and why.
    pub empty: String,
    /// Where the last column stands when there is too little room.
    pub last: Last,
}

impl<'a> Table<'a> {
    /// Puts the last column below its row where there is too little room for it.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.last = Last::Below;
        self
    }

    /// Returns `rows`, sorted and filtered as the operator made it; `first` is the column that they come sorted by.
    pub fn arranged(
        columns: &'static [Column],
        rows: Vec<Row<'a>>,
        first: usize,
        wanted: &Arrangement,
        empty: String,
    ) -> Self {
        let all = rows.len();
        let filter = Filter::read(&wanted.filter);
        let sort = wanted.sort.unwrap_or(first).min(columns.len() - 1);
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| passes(&filter, columns, row))
            .collect();
        rows.sort_by(|a, b| {
            let order = order(&a.cells[sort].value, &b.cells[sort].value, wanted.way);
            a.rank
                .cmp(&b.rank)
                .then(order)
                .then_with(|| a.key.cmp(&b.key))
        });
        let empty = if all > 0 {
            format!("none of {all} rows passes the filter: esc clears it")
        } else {
            empty
        };
        Self {
            columns,
            rows,
            all,
            sort,
            way: wanted.way,
            empty,
            last: Last::Cut,
        }
    }
}

fn passes(filter: &Filter, columns: &[Column], row: &Row) -> bool {
    if filter.is_empty() {
        return true;
    }
    let words: Vec<Cow<str>> = row.cells.iter().map(|c| c.value.words()).collect();
    let fields: Vec<(&str, &str)> = columns
        .iter()
        .zip(&words)
        .map(|(column, text)| (column.title, text.as_ref()))
        .collect();
    filter.passes(&fields)
}

/// Amounts from the largest, words from A; what is not known stands last either way.
fn order(a: &Value, b: &Value, way: Way) -> Ordering {
    let turned = |order: Ordering| match way {
        Way::Usual => order,
        Way::Reversed => order.reverse(),
    };
    match (a, b) {
        (Value::Nothing, Value::Nothing) => Ordering::Equal,
        (Value::Nothing, _) => Ordering::Greater,
        (_, Value::Nothing) => Ordering::Less,
        (Value::Text(a), Value::Text(b)) => match (a.is_empty(), b.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => turned(a.to_lowercase().cmp(&b.to_lowercase())),
        },
        (a, b) => {
            let (a, b) = (
                a.amount().unwrap_or_default(),
                b.amount().unwrap_or_default(),
            );
            turned(b.total_cmp(&a))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::words("name", 9, 0), Column::amounts("size", 9, 0)];

    fn names(wanted: &Arrangement) -> String {
        let rows = [("b", Some(3)), ("A", None), ("c", Some(20)), ("", Some(1))];
        let rows = rows.iter().map(|(name, size)| {
            let cells = vec![
                Value::text(*name).into(),
                Value::known(*size, Value::Bytes).into(),
            ];
            Row::new(RowKey::Named((*name).to_owned()), cells)
        });
        let table = Table::arranged(COLUMNS, rows.collect(), 1, wanted, "none".into());
        let named = |row: &Row| match &row.key {
            RowKey::Named(name) if name.is_empty() => "-".to_owned(),
            RowKey::Named(name) => name.clone(),
            RowKey::Session(pid) => pid.to_string(),
        };
        table.rows.iter().map(named).collect()
    }

    #[test]
    fn amounts_come_from_the_largest_words_from_a_and_the_unknown_last() {
        let by = |sort, way| {
            names(&Arrangement {
                sort,
                way,
                ..Arrangement::default()
            })
        };
        assert_eq!(by(None, Way::Usual), "cb-A");
        assert_eq!(by(Some(1), Way::Reversed), "-bcA");
        assert_eq!(by(Some(0), Way::Usual), "Abc-");
        assert_eq!(by(Some(0), Way::Reversed), "cbA-");
    }

    #[test]
    fn a_filter_leaves_out_and_says_so_when_nothing_is_left() {
        let wanted = |filter: &str| Arrangement {
            filter: filter.into(),
            ..Arrangement::default()
        };
        assert_eq!(names(&wanted("name:b")), "b");
        let table = Table::arranged(
            COLUMNS,
            vec![Row::new(
                RowKey::Session(1),
                vec![Value::text("x").into(), Value::Nothing.into()],
            )],
            0,
            &wanted("nobody"),
            String::new(),
        );
        assert!(table.rows.is_empty());
        assert!(table.empty.contains("none of 1 rows passes"));
    }
}
