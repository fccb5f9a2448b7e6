//! What went wrong with a database, in the operator's words.

use thiserror::Error;

/// Why a server could not be reached or asked. Displayed it is one sentence; it holds no password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{said}")]
pub struct DatabaseError {
    /// What kind of trouble.
    pub kind: Trouble,
    /// One sentence: what, and where.
    pub said: String,
    /// What to do now; empty: nothing is known.
    pub hint: String,
}

/// A kind of trouble with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection string cannot be read.
    BadAddress,
    /// Nothing listens there, or the host is not known.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// User or password was refused, or the user may not do it.
    Denied,
    /// There is no such database.
    NoDatabase,
    /// It takes no more connections at the moment.
    Busy,
    /// Encryption could not be agreed upon.
    Tls,
    /// Something listens there, and it is no server of this family.
    NotThisServer,
    /// The connection broke.
    Lost,
    /// The server said no to a statement.
    Refused,
}

/// Why statements ended: the server's own account of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Error)]
#[error("{message}")]
pub struct SqlError {
    /// SQLSTATE; empty: the server could not be asked.
    pub code: String,
    /// The number that MySQL and MariaDB give beside it.
    pub number: Option<u16>,
    /// What it said.
    pub message: String,
    /// More of it.
    pub detail: Option<String>,
    /// What it advises.
    pub hint: Option<String>,
    /// Where in the text, in characters counted from one.
    pub position: Option<usize>,
    /// What it was doing, for errors inside functions.
    pub context: Option<String>,
}

impl From<DatabaseError> for SqlError {
    /// The server could not be asked.
    fn from(error: DatabaseError) -> Self {
        Self {
            message: error.said,
            hint: Some(error.hint).filter(|hint| !hint.is_empty()),
            ..Self::default()
        }
    }
}

impl SqlError {
    /// Returns a refusal of ours: the server is not asked.
    pub fn ours(why: &str) -> Self {
        Self {
            message: why.to_owned(),
            ..Self::default()
        }
    }

    /// Whether a table that was asked for is not there.
    pub fn is_missing_table(&self) -> bool {
        ["42P01", "42S02"].contains(&self.code.as_str())
    }

    /// Adds to its detail.
    #[must_use]
    pub fn with_detail(mut self, said: &str) -> Self {
        self.detail = Some(match self.detail {
            Some(detail) => format!("{detail}; {said}"),
            None => said.to_owned(),
        });
        self
    }

    /// Returns it as `psql` prints it: message, then detail, hint, line and context, one line each.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let code = match (self.number, self.code.as_str()) {
            (Some(number), code) => format!(" ({number} {code})"),
            (None, "") => String::new(),
            (None, code) => format!(" ({code})"),
        };
        let mut lines = vec![format!("ERROR: {}{code}", self.message)];
        if let Some((number, line, column)) = self.position.and_then(|at| line_at(text, at)) {
            let label = format!("LINE {number}: ");
            let indent = label.chars().count() + column;
            lines.push(format!("{label}{line}"));
            lines.push(format!("{}^", " ".repeat(indent)));
        }
        let more = [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("CONTEXT", &self.context),
        ];
        for (label, said) in more {
            if let Some(said) = said {
                lines.push(format!("{label}: {said}"));
            }
        }
        lines
    }
}

/// Returns number, text and column (in characters from zero) of the line that holds character `at`, counted from one.
fn line_at(text: &str, at: usize) -> Option<(usize, &str, usize)> {
    let mut left = at.checked_sub(1)?;
    for (number, line) in text.split('\n').enumerate() {
        let length = line.chars().count();
        if left <= length {
            return Some((number + 1, line, left));
        }
        left -= length + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_points_at_its_place() {
        let error = SqlError {
            code: "42P01".into(),
            message: "relation \"ä\" does not exist".into(),
            position: Some(16),
            hint: Some("look again".into()),
            ..SqlError::default()
        };
        assert_eq!(
            error.lines("select 1,\nfrom ä x"),
            [
                "ERROR: relation \"ä\" does not exist (42P01)",
                "LINE 2: from ä x",
                "             ^",
                "HINT: look again",
            ]
        );
    }
}
