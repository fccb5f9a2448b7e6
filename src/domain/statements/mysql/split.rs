//! Where a statement ends, and what its words are: outside of quotes and comments.

use crate::domain::statements::Statement;

/// What opens the body of a stored program, in which semicolons end nothing.
const PROGRAMS: &[&str] = &["procedure", "function", "trigger", "event", "package"];

/// What of a session's `sql_mode` changes where quotes end. The default is the servers' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mode {
    /// `NO_BACKSLASH_ESCAPES`: a backslash in quotes is a character as any other.
    pub plain_backslash: bool,
    /// `ANSI_QUOTES`: what stands in double quotes is a name.
    pub ansi_quotes: bool,
}

impl Mode {
    /// Reads the value of `@@sql_mode`.
    pub fn read(sql_mode: &str) -> Self {
        let has = |flag: &str| sql_mode.split(',').any(|f| f.eq_ignore_ascii_case(flag));
        Self {
            plain_backslash: has("NO_BACKSLASH_ESCAPES"),
            ansi_quotes: has("ANSI_QUOTES"),
        }
    }

    /// Whether a backslash takes the next character along inside of `quote`.
    pub(in crate::domain) fn escapes(self, quote: char) -> bool {
        match quote {
            '\'' => !self.plain_backslash,
            '"' => !self.plain_backslash && !self.ansi_quotes,
            _ => false,
        }
    }
}

/// As [`split_as`], under the servers' own `sql_mode`.
pub fn split(text: &str) -> Vec<Statement<'_>> {
    split_as(text, Mode::default())
}

/// Splits `text` as the `mysql` program does: at semicolons, or at what `DELIMITER` named, outside of quotes and
/// comments; leaves empty ones out. The body of a stored program stays whole without `DELIMITER` too.
pub fn split_as(text: &str, mode: Mode) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut delimiter = ";";
    let (mut from, mut at) = (0, 0);
    let mut body = Body::default();
    while at < text.len() {
        let rest = &text[at..];
        let begins = !starts_within_word(text, at) && code(&text[from..at]).is_empty();
        if let Some((named, length)) = delimiter_command(rest).filter(|_| begins) {
            delimiter = named;
            at += length;
            from = at;
            continue;
        }
        if rest.starts_with(delimiter) && (delimiter != ";" || body.depth == 0) {
            push(&mut found, text, from, at);
            at += delimiter.len();
            from = at;
            body = Body::default();
            continue;
        }
        if let Some(length) = opaque(rest, mode) {
            at += length;
            continue;
        }
        let word = word_at(rest);
        if !word.is_empty() {
            body.meets(word, &rest[word.len()..]);
        }
        at += word
            .len()
            .max(rest.chars().next().map_or(1, char::len_utf8));
    }
    push(&mut found, text, from, text.len());
    found
}

/// How deep in the body of a stored program we are.
#[derive(Default)]
struct Body {
    depth: usize,
    words: usize,
    creates: bool,
    program: bool,
    /// The word before was `end`.
    ended: bool,
}

impl Body {
    fn meets(&mut self, word: &str, after: &str) {
        let word = word.to_ascii_lowercase();
        self.words += 1;
        if self.words == 1 {
            self.creates = word == "create";
            self.program = word == "begin" && next_word(after) == "not"; // MariaDB's `begin not atomic`
        }
        self.program |= self.creates && PROGRAMS.contains(&word.as_str());
        if !self.program {
            return;
        }
        match word.as_str() {
            "begin" => self.depth += 1,
            "case" if self.depth > 0 && !self.ended => self.depth += 1,
            "end" => match next_word(after).as_str() {
                "if" | "loop" | "repeat" | "while" => {}
                _ => self.depth = self.depth.saturating_sub(1),
            },
            _ => {}
        }
        self.ended = word == "end";
    }
}

fn starts_within_word(text: &str, at: usize) -> bool {
    text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Reads `DELIMITER //` at the beginning of `rest`; returns what it names and its whole length.
fn delimiter_command(rest: &str) -> Option<(&str, usize)> {
    let word = rest.get(..9)?;
    if !word.eq_ignore_ascii_case("delimiter") || !rest[9..].starts_with([' ', '\t']) {
        return None;
    }
    let end = rest.find('\n').unwrap_or(rest.len());
    let named = rest[9..end].split_whitespace().next()?;
    Some((named, end))
}

fn push<'a>(found: &mut Vec<Statement<'a>>, text: &'a str, from: usize, to: usize) {
    let statement = &text[from..to];
    if !code(statement).is_empty() {
        found.push(Statement {
            text: statement,
            start: text[..from].chars().count(),
        });
    }
}

/// Returns the length of the quote or comment that begins `rest`.
fn opaque(rest: &str, mode: Mode) -> Option<usize> {
    match rest.chars().next()? {
        quote @ ('\'' | '"' | '`') => Some(quoted(rest, quote, mode.escapes(quote))),
        _ => comment(rest),
    }
}

/// Returns the length of what is quoted at the beginning of `rest`, its quotes counted.
pub(in crate::domain) fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => {
                chars.next();
            }
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of the comment that begins `rest`: `#`, `-- ` (with a blank) and `/* */`, which do not nest.
pub(in crate::domain) fn comment(rest: &str) -> Option<usize> {
    let line = || Some(rest.find('\n').unwrap_or(rest.len()));
    if rest.starts_with('#') {
        return line();
    }
    if let Some(after) = rest.strip_prefix("--") {
        return match after.chars().next() {
            Some(c) if !c.is_whitespace() && !c.is_control() => None,
            _ => line(),
        };
    }
    rest.starts_with("/*").then(|| {
        let end = rest[2..].find("*/").map(|i| i + 4);
        end.unwrap_or(rest.len())
    })
}

fn word_at(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    &rest[..end.unwrap_or(rest.len())]
}

fn next_word(text: &str) -> String {
    word_at(code(text)).to_ascii_lowercase()
}

/// Returns `text` from its first word on: without blanks, parentheses, and comments that are not executed
/// (`/*!40101 set … */` is).
pub(super) fn code(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        let executed = text.strip_prefix("/*!").or(text.strip_prefix("/*M!"));
        if let Some(inner) = executed {
            return inner.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
        }
        match comment(text) {
            Some(length) => text = &text[length..],
            None => return text,
        }
    }
}

/// Returns the words of `statement` outside of quotes and comments, in lower case.
pub(super) fn words(statement: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code(statement);
    while let Some(c) = rest.chars().next() {
        // What the server executes counts, though other servers take it for a comment.
        if let Some(inner) = rest.strip_prefix("/*!").or(rest.strip_prefix("/*M!")) {
            rest = inner.trim_start_matches(|c: char| c.is_ascii_digit());
            continue;
        }
        if let Some(length) = opaque(rest, Mode::default()) {
            rest = &rest[length..];
            continue;
        }
        let word = word_at(rest);
        if !word.is_empty() {
            found.push(word.to_ascii_lowercase());
        }
        rest = &rest[word.len().max(c.len_utf8())..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let found = split(text);
        found.iter().map(|s| s.text.trim().to_owned()).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_means_it() {
        for (text, expected) in [
            ("select 1; select 2;", vec!["select 1", "select 2"]),
            (
                "select ';', \";\", `;`; x",
                vec!["select ';', \";\", `;`", "x"],
            ),
            (r"select 'a\';b'; x", vec![r"select 'a\';b'", "x"]),
            (r"select `a\`; x", vec![r"select `a\`", "x"]),
            ("select 'it''s;'; x", vec!["select 'it''s;'", "x"]),
            ("select 1 # ;\n; x", vec!["select 1 # ;", "x"]),
            ("select 1 -- ;\n; x", vec!["select 1 -- ;", "x"]),
            ("select 5--1; x", vec!["select 5--1", "x"]),
            ("/* ; /* ; */ x; y", vec!["/* ; /* ; */ x", "y"]),
            (
                "/*!40101 set a = 1 */; y",
                vec!["/*!40101 set a = 1 */", "y"],
            ),
            (";; # nothing\n ;", vec![]),
            ("select 'ä'; select 'ö'", vec!["select 'ä'", "select 'ö'"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_delimiter_holds_until_the_next_one() {
        let text = "delimiter //\ncreate procedure p() begin select 1; end//\nDELIMITER ;\ncall p(); select 'delimiter $$'";
        assert_eq!(
            parts(text),
            [
                "create procedure p() begin select 1; end",
                "call p()",
                "select 'delimiter $$'"
            ]
        );
    }

    #[test]
    fn a_stored_program_stays_whole_without_a_delimiter() {
        for body in [
            "create trigger t before insert on a for each row begin if new.a = 1 then set new.b = 2; end if; end",
            "create procedure p() begin case 1 when 1 then select 1; end case; select 2; end",
            "create function f() returns int begin declare a int; set a = case when 1 then 2 end; return a; end",
            "create procedure p() begin begin select 1; end; while 1 do select 2; end while; end",
        ] {
            assert_eq!(parts(&format!("{body}; x")), [body, "x"], "{body}");
        }
        let one_line = "create trigger t before insert on a for each row set new.b = 1";
        assert_eq!(parts(&format!("{one_line}; x")), [one_line, "x"]);
        assert_eq!(
            parts("begin; update t set a=1; commit"),
            ["begin", "update t set a=1", "commit"]
        );
    }
}
