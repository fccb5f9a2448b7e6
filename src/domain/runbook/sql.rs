//! SQL taken apart just far enough: where statements, words, quotes and variables are, and how values are put in.
//!
//! Quoting is the server's: PostgreSQL's with `standard_conforming_strings = on`, its default; MySQL's and MariaDB's
//! under the session's `sql_mode`.

use std::ops::Range;

use crate::domain::ready::Family;
use crate::domain::runbook::variables::{Form, Piece, pieces};
use crate::domain::statements::{self, Effect, mysql, split};

mod expand;
mod lexer;
mod loss;
mod quote;

pub use expand::{SqlFault, expand_sql, show_sql};
pub use loss::Loss;
pub use quote::{identifier, literal, number};

/// Whose lexical rules a text of SQL follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quoting {
    /// PostgreSQL's.
    #[default]
    Postgres,
    /// MySQL's and MariaDB's.
    MySql(mysql::Mode),
}

impl Quoting {
    /// Returns the rules of a family's servers as they come: where no family is known, PostgreSQL's.
    pub fn of(family: Family) -> Self {
        match family {
            Family::Postgres | Family::Any => Self::Postgres,
            Family::MySql => Self::MySql(mysql::Mode::default()),
        }
    }
}

/// A statement or several, taken apart.
#[derive(Debug, Default)]
pub struct Script<'a> {
    /// Each statement's words, lower case, in order; empty statements are left out.
    pub statements: Vec<Statement<'a>>,
    /// Where variables stand.
    pub slots: Vec<Slot<'a>>,
    /// What is opened and not closed, with its place.
    pub unclosed: Option<(&'static str, usize)>,
}

impl Script<'_> {
    /// Whether the server takes no quoted text where `slot` stands: MySQL and MariaDB behind `LIMIT` and `OFFSET`.
    pub fn wants_number(&self, slot: &Slot<'_>) -> bool {
        let plain = matches!(
            slot.kind,
            SlotKind::Value {
                form: Form::Value,
                ..
            }
        );
        let begun = |s: &&Statement| s.at <= slot.at.start;
        let Some(statement) = self.statements.iter().rev().find(begun) else {
            return false;
        };
        if !plain || statement.quoting == Quoting::Postgres {
            return false;
        }
        let before = statement
            .text
            .trim_start()
            .get(..slot.at.start - statement.at);
        let before = before.unwrap_or_default().to_ascii_lowercase();
        // `limit 10, ${n}` counts from the first.
        let before = match before.trim_end().strip_suffix(',') {
            Some(first) => first
                .trim_end()
                .trim_end_matches(|c: char| !c.is_whitespace()),
            None => before.as_str(),
        };
        let word = before.split_whitespace().next_back().unwrap_or_default();
        before.ends_with(char::is_whitespace) && matches!(word, "limit" | "offset")
    }
}

/// One statement.
#[derive(Debug)]
pub struct Statement<'a> {
    /// Its words outside of quotes and comments, lower case.
    pub words: Vec<String>,
    /// Its first byte.
    pub at: usize,
    text: &'a str,
    quoting: Quoting,
}

/// A variable in a statement, or what looks like one.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The bytes it covers.
    pub at: Range<usize>,
    /// What it is.
    pub kind: SlotKind<'a>,
}

/// What a slot is.
#[derive(Debug, PartialEq, Eq)]
pub enum SlotKind<'a> {
    /// `${name}`, `${name:ident}` or `${name:number}` where a value may stand.
    Value {
        /// The name.
        name: &'a str,
        /// Literal, identifier or number.
        form: Form,
    },
    /// `${name}` inside quotes, where no value can safely be put.
    Quoted {
        /// The name.
        name: &'a str,
    },
    /// `$${` inside quotes, which stands for `${`.
    Escaped,
    /// A `${` that begins no variable.
    Malformed,
}

/// Takes `sql` apart.
pub fn script(sql: &str, quoting: Quoting) -> Script<'_> {
    let whole = lexer::Lexer::new(sql, quoting).run();
    let parts = match quoting {
        Quoting::Postgres => split(sql),
        Quoting::MySql(mode) => mysql::split_as(sql, mode),
    };
    let statements = parts
        .into_iter()
        .map(|part| Statement {
            words: lexer::Lexer::new(part.text, quoting).run().words,
            text: part.text,
            quoting,
            // The part is a piece of the whole; it begins where its white space ends.
            at: part.text.as_ptr().addr() - sql.as_ptr().addr()
                + (part.text.len() - part.text.trim_start().len()),
        })
        .collect();
    Script {
        statements,
        slots: whole.slots,
        unclosed: whole.unclosed,
    }
}

impl Statement<'_> {
    /// Whether it only looks: it begins with `select`, `show`, `with`, `values` or `table` (in MySQL `describe` and
    /// `explain` too), and no word in it writes or locks.
    pub fn only_looks(&self) -> bool {
        if let Quoting::MySql(_) = self.quoting {
            let frames = ["begin", "start", "commit", "rollback", "use"];
            let first = self.words.first().map_or("", String::as_str);
            return !frames.contains(&first) && mysql::effect(&self.part()) == Effect::Reads;
        }
        let first = self.words.first().map_or("", String::as_str);
        let locks = self.words.windows(2).any(|pair| {
            pair[0] == "for" && matches!(pair[1].as_str(), "update" | "share" | "no" | "key")
        });
        let writes = |word: &String| {
            matches!(
                word.as_str(),
                "insert" | "update" | "delete" | "merge" | "into"
            )
        };
        matches!(first, "select" | "show" | "with" | "values" | "table")
            && !locks
            && !self.words.iter().any(writes)
    }

    fn part(&self) -> statements::Statement<'_> {
        statements::Statement {
            text: self.text,
            start: 0,
        }
    }

    /// Returns what MySQL and MariaDB call it, where they commit with it whatever transaction is open.
    pub fn commits(&self) -> Option<String> {
        let commits = matches!(self.quoting, Quoting::MySql(_)) && mysql::commits(&self.part());
        commits.then(|| mysql::name(&self.part()))
    }

    /// Returns why MySQL's own connection cannot take it; `None`: it can, or it is another server's.
    pub fn refusal(&self) -> Option<&'static str> {
        match self.quoting {
            Quoting::Postgres => None,
            Quoting::MySql(_) => mysql::refusal(&self.part()),
        }
    }

    /// Whether PostgreSQL refuses it inside a transaction block.
    pub fn needs_no_transaction(&self) -> bool {
        if self.quoting != Quoting::Postgres {
            return false;
        }
        let word = |i: usize| self.words.get(i).map_or("", String::as_str);
        let has = |wanted: &str| self.words.iter().take(4).any(|w| w == wanted);
        match word(0) {
            "vacuum" => true,
            "create" | "drop" | "reindex" => {
                has("concurrently") || matches!(word(1), "database" | "tablespace")
            }
            "alter" => word(1) == "system" || word(1) == "database" && has("tablespace"),
            _ => false,
        }
    }
}

impl Script<'_> {
    /// Whether every statement only looks, and there is one at least.
    pub fn only_looks(&self) -> bool {
        !self.statements.is_empty() && self.statements.iter().all(Statement::only_looks)
    }
}

/// Returns the variables and escapes of a piece of `sql` that stands inside quotes.
fn inside_quotes(sql: &str, at: Range<usize>) -> Vec<Slot<'_>> {
    let mut from = at.start;
    let mut slots = Vec::new();
    for piece in pieces(&sql[at.clone()]) {
        let (length, kind) = match &piece {
            Piece::Text(text) => (text.len(), None),
            Piece::Escaped => (3, Some(SlotKind::Escaped)),
            Piece::Malformed(at) => (at.len(), Some(SlotKind::Malformed)),
            Piece::Reference(r) => (r.at.len(), Some(SlotKind::Quoted { name: r.name })),
        };
        if let Some(kind) = kind {
            slots.push(Slot {
                at: from..from + length,
                kind,
            });
        }
        from += length;
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(sql: &str, value: &str) -> String {
        expand_sql(sql, Quoting::Postgres, &|_| Some(value.to_owned()))
            .unwrap_or_else(|e| format!("! {e}"))
    }

    #[test]
    fn values_become_literals_and_identifiers() {
        assert_eq!(put("select ${a}", "x"), "select 'x'");
        assert_eq!(put("select ${a}", "it's"), "select 'it''s'");
        assert_eq!(put("select ${a}", "a\\'b"), "select E'a\\\\''b'");
        assert_eq!(
            put("table ${a:ident}.${a:ident}", "x\"y"),
            "table \"x\"\"y\".\"x\"\"y\""
        );
        assert_eq!(
            put("select ${a}", "1; drop table x --"),
            "select '1; drop table x --'"
        );
        assert_eq!(put("select 1 -- ${a}", "x"), "select 1 -- ${a}");
        assert_eq!(put("select E${a}'y'", "x"), "select E 'x' 'y'");
        assert!(put("select ${a}", "a\0").contains("NUL"));
        assert!(put("table ${a:ident}", "").contains("empty"));
    }

    #[test]
    fn a_value_is_never_put_into_quotes() {
        for sql in [
            "select '${a}'",
            "select \"${a}\"",
            "do $$ ${a} $$",
            "do $x$ '${a}' $x$",
            "select E'\\'${a}'",
        ] {
            assert!(put(sql, "x").contains("stands inside quotes"), "{sql}");
        }
        assert_eq!(put("select '$${a}'", "x"), "select '${a}'");
        assert!(put("select 'x", "x").contains("opened and not closed"));
        assert!(
            expand_sql("select ${a}", Quoting::Postgres, &|_| None)
                .unwrap_err()
                .to_string()
                .contains("no value")
        );
    }

    fn looks(sql: &str) -> bool {
        script(sql, Quoting::Postgres).only_looks()
    }

    #[test]
    fn it_is_known_which_statements_only_look() {
        assert!(looks("select 1; SHOW x; values (1); table y;"));
        assert!(looks(
            "-- delete\nselect 'insert', \"update\" /* merge /* into */ */ from t;;"
        ));
        assert!(looks("with a as (select 1) select * from a"));
        assert!(!looks(
            "with a as (delete from t returning 1) select * from a"
        ));
        assert!(!looks("select * from t for update") && !looks("select 1 into t"));
        assert!(!looks("update t set x = 1") && !looks("select 1; vacuum") && !looks(""));
    }

    #[test]
    fn statements_that_need_no_transaction_are_known() {
        let needs = |sql: &str| script(sql, Quoting::Postgres).statements[0].needs_no_transaction();
        assert!(needs("create unique index concurrently x on y (z)") && needs("vacuum full x"));
        assert!(needs("drop index concurrently x") && needs("create database x"));
        assert!(!needs("create table concurrent (x int)") && !needs("alter table x add y int"));
    }

    #[test]
    fn unclosed_things_are_found_with_their_place() {
        assert_eq!(
            script("select 'x", Quoting::Postgres).unclosed,
            Some(("a quote", 7))
        );
        assert_eq!(
            script("select \"x", Quoting::Postgres).unclosed,
            Some(("a quoted name", 7))
        );
        assert_eq!(
            script("/* /* */", Quoting::Postgres).unclosed,
            Some(("a comment", 0))
        );
        assert_eq!(
            script("do $a$ x $b$", Quoting::Postgres).unclosed,
            Some(("a dollar quote", 3))
        );
        assert_eq!(script("select $1, a$b$c", Quoting::Postgres).unclosed, None);
    }
}
