//! Statements after which data is gone for good, as far as their words tell.

use crate::domain::runbook::sql::Statement;

/// What a statement destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// What held rows is dropped: `a table`, `a column`.
    Dropped(&'static str),
    /// `TRUNCATE`.
    Emptied,
    /// `DELETE` of every row.
    Deleted,
    /// `UPDATE` of every row.
    Overwritten,
}

impl Loss {
    /// Returns what it does to the data, to be read behind "this".
    pub fn says(self) -> String {
        match self {
            Self::Dropped(what) => format!("drops {what} with all that is in it"),
            Self::Emptied => "empties a whole table".to_owned(),
            Self::Deleted => "deletes every row: it has no `where`".to_owned(),
            Self::Overwritten => "overwrites every row: it has no `where`".to_owned(),
        }
    }
}

/// What holds rows and can be dropped, as it is written and as it is told.
const HOLDERS: [(&str, &str); 4] = [
    ("table", "a table"),
    ("schema", "a schema"),
    ("database", "a database"),
    ("owned", "everything that a role owns"),
];
/// What `ALTER TABLE … DROP` takes away without a value being lost.
const RULES: [&str; 10] = [
    "constraint",
    "default",
    "not",
    "expression",
    "identity",
    "index",
    "key",
    "primary",
    "foreign",
    "check",
];

impl Statement<'_> {
    /// Returns what it destroys; `None` where its words tell of nothing.
    pub fn loss(&self) -> Option<Loss> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let bounded = words.iter().any(|w| matches!(*w, "where" | "limit"));
        match words.as_slice() {
            ["drop", rest @ ..] => holder(rest),
            ["alter", rest @ ..] if rest.contains(&"table") => part(rest),
            ["truncate", ..] => Some(Loss::Emptied),
            ["delete", ..] if !bounded => Some(Loss::Deleted),
            ["update", ..] if !bounded => Some(Loss::Overwritten),
            _ => None,
        }
    }
}

fn holder(after_drop: &[&str]) -> Option<Loss> {
    let what = after_drop.iter().find(|w| **w != "temporary")?;
    let held = HOLDERS.iter().find(|(word, _)| word == what)?;
    Some(Loss::Dropped(held.1))
}

fn part(words: &[&str]) -> Option<Loss> {
    let after_drop = |(i, _): (usize, &&str)| words.get(i + 1).copied();
    let drops = words.iter().enumerate().filter(|(_, w)| **w == "drop");
    drops.map(after_drop).find_map(|dropped| match dropped {
        Some(rule) if RULES.contains(&rule) => None,
        Some("partition") => Some(Loss::Dropped("a partition")),
        // A quoted name is no word.
        Some(_) | None => Some(Loss::Dropped("a column")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::sql::{Quoting, script};

    fn loss(sql: &str) -> Option<Loss> {
        script(sql, Quoting::Postgres).statements[0].loss()
    }

    #[test]
    fn what_loses_rows_or_values_is_told() {
        for (sql, lost) in [
            ("drop table if exists a", Loss::Dropped("a table")),
            ("DROP TABLE \"A\" CASCADE", Loss::Dropped("a table")),
            ("drop schema s cascade", Loss::Dropped("a schema")),
            ("/* old */ drop database d", Loss::Dropped("a database")),
            ("alter table a drop column b", Loss::Dropped("a column")),
            ("alter table a drop \"b\"", Loss::Dropped("a column")),
            ("alter table a add c int, drop b", Loss::Dropped("a column")),
            (
                "alter table a drop constraint k, drop column if exists b",
                Loss::Dropped("a column"),
            ),
            (
                "alter table a drop partition p1",
                Loss::Dropped("a partition"),
            ),
            ("truncate a, b", Loss::Emptied),
            ("delete from a", Loss::Deleted),
            ("delete from a using b", Loss::Deleted),
            ("update a set b = 'where'", Loss::Overwritten),
        ] {
            assert_eq!(loss(sql), Some(lost), "{sql}");
        }
    }

    #[test]
    fn what_can_be_made_again_or_has_a_bound_is_no_loss() {
        for sql in [
            "drop index concurrently i",
            "drop view v",
            "drop function f()",
            "alter table a drop constraint k",
            "alter table a alter column b drop not null, alter c drop default",
            "alter table a add column dropped text",
            "alter sequence s restart",
            "delete from a where id = 1",
            "delete from a limit 10",
            "update a set b = 1 where id = 2",
            "select 'drop table a'",
            "insert into a values (1)",
        ] {
            assert_eq!(loss(sql), None, "{sql}");
        }
    }
}
