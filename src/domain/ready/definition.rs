//! What a ready check is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A ready check: a question, what its rows mean, and what to do about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `pg/long-transactions`
    pub name: &'static str,
    /// What is so when it passes.
    pub title: String,
    /// Whose servers it is for.
    pub family: Family,
    /// When it is asked.
    pub when: Vec<When>,
    /// What a row means.
    pub rows: Rows,
    /// What it may be told.
    pub parameters: Vec<Parameter>,
    /// How it is held against an earlier look.
    pub comparison: Option<Comparison>,
    /// What it needs to see everything.
    pub rights: String,
    /// Why it matters.
    pub meaning: String,
    /// What to do when it does not pass.
    pub remedy: String,
    /// The extension that counts what it shows; where it is missing nothing can be counted, which is no fault of the run.
    pub extension: Option<String>,
    /// Set for the question, where names must be written in full.
    pub search_path: Option<String>,
    /// The statements, each with the first major version it is for; the newest first.
    pub statements: Vec<(u32, String)>,
}

/// A family of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// PostgreSQL.
    #[default]
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// Any of them.
    Any,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL and MariaDB",
            Self::Any => "any server",
        })
    }
}

/// When a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the first change.
    Before,
    /// While changes are made.
    During,
    /// After the last one.
    After,
}

impl When {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

/// What a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Each is something that must not be.
    Fail,
    /// Each is something that should not be.
    Warn,
    /// Its column `verdict` says it: `ok`, `warn` or `fail`.
    ByVerdict,
    /// Nothing by itself: it is shown.
    Shown,
}

/// What a check may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Taken when nothing is given; `None`: it must be given.
    pub default: Option<String>,
    /// What it is for.
    pub about: String,
}

/// What an argument is, and so how it is written in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `90s`, `5m`
    Duration,
    /// A whole number.
    Count,
    /// A number.
    Decimal,
    /// `70%`
    Percent,
    /// `512MB`
    Size,
    /// A text.
    Text,
    /// Texts with commas between, or a YAML list.
    List,
    /// A table's name.
    Relation,
    /// A column's name.
    Column,
    /// Columns' names.
    Columns,
}

impl Kind {
    /// Every kind with its word.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("duration", Self::Duration),
        ("count", Self::Count),
        ("decimal", Self::Decimal),
        ("percent", Self::Percent),
        ("size", Self::Size),
        ("text", Self::Text),
        ("list", Self::List),
        ("relation", Self::Relation),
        ("column", Self::Column),
        ("columns", Self::Columns),
    ];

    /// Returns its word.
    pub fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(word, _)| word)
    }
}

/// How two looks are held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The columns that name a row.
    pub keys: Vec<String>,
    /// What is compared.
    pub of: Compared,
    /// What a difference means: never [`Rows::ByVerdict`].
    pub differs: Rows,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// Texts: equal or not.
    Objects,
    /// Numbers; where a column is named, only its falls beyond `may_fall` are found.
    Numbers {
        /// The column whose falls are found.
        watched: Option<String>,
    },
    /// The mean of what came since: a total by a count, both growing.
    Means {
        /// The column with the count.
        count: String,
        /// The column with the total.
        total: String,
    },
}

impl Check {
    /// Returns the statement for a server of major version `major`; `None`: it is too old.
    pub fn statement(&self, major: u32) -> Option<&str> {
        let fit = self.statements.iter().find(|(from, _)| *from <= major);
        fit.map(|(_, sql)| sql.as_str())
    }

    /// Returns the parameter called `name`.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// Returns the names of the parameters that must be given.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.parameters.iter().filter(|p| p.default.is_none());
        required.map(|p| p.name.as_str())
    }
}
