//! The lexical rules of PostgreSQL, and of MySQL and MariaDB, as far as quotes, comments and words need them.

use crate::domain::runbook::sql::{Quoting, Slot, SlotKind, inside_quotes};
use crate::domain::runbook::variables::{Piece, pieces};
use crate::domain::statements::mysql::{self, Mode};

/// Reads a text of SQL once from front to back.
pub(super) struct Lexer<'a> {
    sql: &'a str,
    quoting: Quoting,
    at: usize,
    read: Read<'a>,
}

/// What is in a text of SQL.
#[derive(Default)]
pub(super) struct Read<'a> {
    /// Its words outside of quotes and comments, lower case.
    pub words: Vec<String>,
    /// Where variables stand.
    pub slots: Vec<Slot<'a>>,
    /// What is opened and not closed, with its place.
    pub unclosed: Option<(&'static str, usize)>,
}

impl<'a> Lexer<'a> {
    pub fn new(sql: &'a str, quoting: Quoting) -> Self {
        Self {
            sql,
            quoting,
            at: 0,
            read: Read::default(),
        }
    }

    pub fn run(mut self) -> Read<'a> {
        while let Some(c) = self.rest().chars().next() {
            self.step(c);
        }
        self.read
    }

    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    fn step(&mut self, c: char) {
        let rest = self.rest();
        if c.is_whitespace() {
            self.at += c.len_utf8();
        } else if let Quoting::MySql(mode) = self.quoting {
            self.mysql(c, rest, mode);
        } else if rest.starts_with("--") {
            self.at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            self.comment();
        } else {
            self.token(c, rest);
        }
    }

    /// One token of MySQL; what it has like PostgreSQL is left to [`Self::token`].
    fn mysql(&mut self, c: char, rest: &'a str, mode: Mode) {
        match c {
            '/' if rest.starts_with("/*") => self.mysql_comment(rest),
            '\'' => self.quoted(c, mode.escapes(c).into(), "a quote"),
            '"' => self.quoted(c, mode.escapes(c).into(), "a quote"),
            '`' => self.quoted(c, Backslash::Plain, "a quoted name"),
            '$' if !rest.starts_with("${") => self.at += 1,
            _ => match mysql::comment(rest) {
                Some(length) => self.at += length,
                None => self.token(c, rest),
            },
        }
    }

    /// A comment that the server executes holds no value either: `/*!40101 … */`.
    fn mysql_comment(&mut self, rest: &'a str) {
        let start = self.at;
        let end = rest[2..].find("*/");
        if rest.starts_with("/*!") || rest.starts_with("/*M!") || end.is_none() {
            self.at += 2;
            self.close(start, end, 2, "a comment");
        } else {
            self.at += end.map_or(rest.len(), |i| i + 4);
        }
    }

    fn token(&mut self, c: char, rest: &'a str) {
        if rest.starts_with("${") {
            self.variable();
        } else if c == '$' {
            self.dollar();
        } else if c == '\'' {
            self.quoted('\'', Backslash::Plain, "a quote");
        } else if c == '"' {
            self.quoted('"', Backslash::Plain, "a quoted name");
        } else if c.is_alphabetic() || c == '_' {
            self.word();
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_');
            self.at += end.unwrap_or(rest.len());
        } else {
            self.at += c.len_utf8();
        }
    }

    fn word(&mut self) {
        let rest = self.rest();
        // `$` belongs to a word, unless it begins a variable.
        let end = rest
            .char_indices()
            .find(|(i, c)| {
                !(c.is_alphanumeric() || *c == '_' || *c == '$' && !rest[*i..].starts_with("${"))
            })
            .map_or(rest.len(), |(i, _)| i);
        let word = rest[..end].to_lowercase();
        self.at += end;
        if word == "e" && self.quoting == Quoting::Postgres && self.rest().starts_with('\'') {
            self.quoted('\'', Backslash::Escapes, "a quote");
        } else {
            self.read.words.push(word);
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else if let Some(c) = rest.chars().next() {
                self.at += c.len_utf8();
            } else {
                self.read.unclosed.get_or_insert(("a comment", start));
                return;
            }
        }
    }

    fn quoted(&mut self, quote: char, backslash: Backslash, what: &'static str) {
        let start = self.at;
        self.at += 1;
        let mut chars = self.rest().char_indices().peekable();
        let mut end = None;
        while let Some((i, c)) = chars.next() {
            if c == '\\' && backslash == Backslash::Escapes {
                chars.next();
            } else if c == quote {
                if chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                } else {
                    end = Some(i);
                    break;
                }
            }
        }
        self.close(start, end, 1, what);
    }

    /// Takes a dollar quote, or a `$` that is none (`$1`).
    fn dollar(&mut self) {
        let start = self.at;
        let rest = &self.rest()[1..];
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let tag = length.filter(|n| {
            rest[*n..].starts_with('$') && !rest.starts_with(|c: char| c.is_ascii_digit())
        });
        let Some(length) = tag else {
            self.at += 1;
            return;
        };
        let delimiter = &self.sql[start..start + length + 2];
        self.at += delimiter.len();
        let end = self.rest().find(delimiter);
        self.close(start, end, delimiter.len(), "a dollar quote");
    }

    /// Notes what stands inside quotes that end `end` bytes on, and goes behind them.
    fn close(&mut self, start: usize, end: Option<usize>, length: usize, what: &'static str) {
        let inner = self.at..self.at + end.unwrap_or(self.rest().len());
        self.at = inner.end;
        self.read.slots.extend(inside_quotes(self.sql, inner));
        match end {
            Some(_) => self.at += length,
            None => {
                self.read.unclosed.get_or_insert((what, start));
            }
        }
    }

    fn variable(&mut self) {
        let start = self.at;
        // One line is enough: a variable never goes over its end.
        let line = self.rest().split('\n').next().unwrap_or_default();
        let end = line.find('}').map_or(line.len(), |i| i + 1);
        let kind = match pieces(&line[..end]).into_iter().next() {
            Some(Piece::Reference(reference)) => {
                self.at += end;
                SlotKind::Value {
                    name: reference.name,
                    form: reference.form,
                }
            }
            Some(Piece::Malformed(at)) => {
                self.at += at.len();
                SlotKind::Malformed
            }
            Some(Piece::Text(_) | Piece::Escaped) | None => {
                self.at += 2;
                SlotKind::Malformed
            }
        };
        self.read.slots.push(Slot {
            at: start..self.at,
            kind,
        });
    }
}

/// What a backslash does inside quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// Nothing.
    Plain,
    /// It takes the next character.
    Escapes,
}

impl From<bool> for Backslash {
    fn from(escapes: bool) -> Self {
        if escapes { Self::Escapes } else { Self::Plain }
    }
}
