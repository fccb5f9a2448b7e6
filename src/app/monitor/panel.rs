//! The panels: which there are, what they are called, and what the operator made of each.

/// Which panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Panel {
    /// Who waits for whom.
    #[default]
    Locks,
    /// Connections by state, user, application.
    Connections,
    /// Sessions at work.
    Activity,
    /// How far long commands are.
    Progress,
    /// Replicas and slots.
    Replication,
    /// The database and the server's counters.
    Database,
    /// The largest tables.
    Tables,
    /// Statements by the time they take.
    Statements,
    /// The runbook's own values.
    Values,
    /// The migration tool's history beside its files.
    Migrations,
}

/// Every panel, in the order of its key.
pub const PANELS: [Panel; 10] = [
    Panel::Locks,
    Panel::Connections,
    Panel::Activity,
    Panel::Progress,
    Panel::Replication,
    Panel::Database,
    Panel::Tables,
    Panel::Statements,
    Panel::Values,
    Panel::Migrations,
];

impl Panel {
    /// Returns its place, counted from zero.
    pub fn place(self) -> usize {
        PANELS.iter().position(|p| *p == self).unwrap_or_default()
    }

    /// Returns the panel that stands `by` places further, round and round.
    #[must_use]
    pub fn next(self, by: usize) -> Self {
        PANELS[(self.place() + by) % PANELS.len()]
    }

    /// Returns the digit of its key: the tenth's is 0.
    pub fn digit(self) -> usize {
        (self.place() + 1) % 10
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Locks => "Locks",
            Self::Connections => "Connections",
            Self::Activity => "Activity",
            Self::Progress => "Progress",
            Self::Replication => "Replication",
            Self::Database => "Database",
            Self::Tables => "Tables",
            Self::Statements => "Statements",
            Self::Values => "Values",
            Self::Migrations => "Migrations",
        }
    }

    /// Returns its name in a few letters, where there is little room.
    pub fn short(self) -> &'static str {
        match self {
            Self::Connections => "Conns",
            Self::Replication => "Repl",
            Self::Database => "DB",
            Self::Statements => "Stmts",
            Self::Migrations => "Migr",
            Self::Locks | Self::Activity | Self::Progress | Self::Tables | Self::Values => {
                self.name()
            }
        }
    }

    /// Returns its name where there is hardly any room.
    pub fn shortest(self) -> &'static str {
        match self {
            Self::Locks => "Lock",
            Self::Connections => "Con",
            Self::Activity => "Act",
            Self::Progress => "Prog",
            Self::Replication => "Rep",
            Self::Database => "DB",
            Self::Tables => "Tab",
            Self::Statements => "Stm",
            Self::Values => "Val",
            Self::Migrations => "Mig",
        }
    }
}

/// What names a row for as long as it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// A session, by its process.
    Session(i32),
    /// Anything else, by its name.
    Named(String),
}

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// As the column is sorted first: numbers from the largest, words from A.
    #[default]
    Usual,
    /// The other way round.
    Reversed,
}

/// What the operator made of a panel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// The column that it is sorted by; `None`: as the panel comes.
    pub sort: Option<usize>,
    /// Which way.
    pub way: Way,
    /// The filter as typed; empty: everything is shown.
    pub filter: String,
    /// The row that the cursor stands on.
    pub selected: Option<RowKey>,
    /// The place of that row when the cursor came to it: where it goes on from when the row is gone.
    pub place: usize,
}
