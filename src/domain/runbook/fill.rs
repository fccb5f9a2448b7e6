//! `fill`: an author's placeholders, as `<host>`, give way to parameters without a byte of the block being edited.
//!
//! In a script each becomes the shell's own variable, quoted for the place where it stands, so that no value can become
//! code; in SQL it becomes `${name}` or `${name:ident}`. Where neither is safe the step is refused.

use crate::domain::runbook::sql::{self, Quoting};
use crate::domain::statements::mysql;

/// Why a placeholder cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{placeholder}` stands {place}, where no value can safely be put")]
pub struct Unfilled {
    /// The placeholder as written.
    pub placeholder: String,
    /// Where it stands.
    pub place: &'static str,
}

/// Placeholders and the names of the parameters that stand for them.
pub type Fills = [(String, String)];

/// Whose quoting a script follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// sh, bash, zsh.
    Posix,
    /// PowerShell.
    Power,
    /// Any other: nothing can be filled in.
    Unknown,
}

impl Dialect {
    /// Returns whose quoting the shell `words` follows; none is the default shell.
    pub fn of(words: &[String]) -> Self {
        let name = words
            .first()
            .map(|w| w.rsplit('/').next().unwrap_or_default());
        match name {
            None | Some("bash" | "sh" | "zsh" | "dash" | "ksh" | "ash") => Self::Posix,
            Some("pwsh" | "powershell") => Self::Power,
            Some(_) => Self::Unknown,
        }
    }
}

/// Returns the placeholder that `text` begins with, and its name; the longest where several do.
fn at_start<'a>(text: &str, fills: &'a Fills) -> Option<&'a (String, String)> {
    fills
        .iter()
        .filter(|(placeholder, _)| {
            !placeholder.is_empty() && text.starts_with(placeholder.as_str())
        })
        .max_by_key(|(placeholder, _)| placeholder.len())
}

fn refused(placeholder: &str, place: &'static str) -> Unfilled {
    Unfilled {
        placeholder: placeholder.to_owned(),
        place,
    }
}

/// Where a script's reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Outside of quotes; how many `(` are open in it.
    Bare(usize),
    Double,
    Single,
    Backtick,
}

/// Puts variables in the place of placeholders in a script.
///
/// # Errors
/// One stands where a variable would not be expanded, or a value could become code.
pub fn shell(script: &str, dialect: Dialect, fills: &Fills) -> Result<String, Unfilled> {
    match dialect {
        Dialect::Posix => Posix::new(script, fills).run(),
        Dialect::Power => power(script, fills),
        Dialect::Unknown => match fills.iter().find(|(p, _)| script.contains(p.as_str())) {
            Some((placeholder, _)) => Err(refused(placeholder, "in a script of an unknown shell")),
            None => Ok(script.to_owned()),
        },
    }
}

struct Posix<'a> {
    script: &'a str,
    fills: &'a Fills,
    at: usize,
    modes: Vec<Mode>,
    /// Delimiters of heredocs that begin behind this line, and whether variables are expanded in them.
    documents: Vec<(String, bool)>,
    filled: String,
}

impl<'a> Posix<'a> {
    fn new(script: &'a str, fills: &'a Fills) -> Self {
        Self {
            script,
            fills,
            at: 0,
            modes: vec![Mode::Bare(0)],
            documents: Vec::new(),
            filled: String::with_capacity(script.len() + 64),
        }
    }

    fn run(mut self) -> Result<String, Unfilled> {
        while let Some(c) = self.script[self.at..].chars().next() {
            self.step(c)?;
        }
        Ok(self.filled)
    }

    fn mode(&self) -> Mode {
        self.modes.last().copied().unwrap_or(Mode::Bare(0))
    }

    fn copy(&mut self, length: usize) {
        let end = (self.at + length).min(self.script.len());
        let end = self.script.ceil_char_boundary(end);
        self.filled.push_str(&self.script[self.at..end]);
        self.at = end;
    }

    fn step(&mut self, c: char) -> Result<(), Unfilled> {
        let rest = &self.script[self.at..];
        if let Some((placeholder, name)) = at_start(rest, self.fills) {
            self.put(placeholder, name)?;
            return Ok(());
        }
        match (self.mode(), c) {
            (Mode::Single, '\'') => self.leave(),
            (Mode::Single, _) => self.copy(c.len_utf8()),
            (_, '\\') => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                self.copy(1 + next);
            }
            (Mode::Bare(_), '\'') => self.enter(Mode::Single, 1),
            (Mode::Bare(_), '"') => self.enter(Mode::Double, 1),
            (Mode::Double, '"') => self.leave(),
            (Mode::Backtick, '`') => self.leave(),
            (_, '`') => self.enter(Mode::Backtick, 1),
            (_, '$') if rest.starts_with("$(") => self.enter(Mode::Bare(0), 2),
            (_, '$') if rest.starts_with("${") => self.expansion()?,
            (Mode::Bare(depth), '(') => self.depth(depth + 1),
            (Mode::Bare(0), ')') if self.modes.len() > 1 => self.leave(),
            (Mode::Bare(depth), ')') => self.depth(depth.saturating_sub(1)),
            (Mode::Bare(_), '#') if self.begins_word() => self.comment(),
            (Mode::Bare(_), '<') if rest.starts_with("<<") && !rest.starts_with("<<<") => {
                self.heredoc();
            }
            (Mode::Bare(_), '\n') if !self.documents.is_empty() => {
                self.copy(1);
                self.bodies()?;
            }
            _ => self.copy(c.len_utf8()),
        }
        Ok(())
    }

    fn enter(&mut self, mode: Mode, length: usize) {
        self.copy(length);
        self.modes.push(mode);
    }

    fn leave(&mut self) {
        self.copy(1);
        if self.modes.len() > 1 {
            self.modes.pop();
        }
    }

    fn depth(&mut self, depth: usize) {
        self.copy(1);
        if let Some(mode) = self.modes.last_mut() {
            *mode = Mode::Bare(depth);
        }
    }

    fn begins_word(&self) -> bool {
        self.script[..self.at]
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || c == ';')
    }

    /// A comment stays as it is.
    fn comment(&mut self) {
        let rest = &self.script[self.at..];
        self.copy(rest.find('\n').unwrap_or(rest.len()));
    }

    /// `${…}` is the script's own.
    fn expansion(&mut self) -> Result<(), Unfilled> {
        let rest = &self.script[self.at..];
        let length = rest.find(['}', '\n']).map_or(rest.len(), |i| i + 1);
        let found = self
            .fills
            .iter()
            .find(|(p, _)| rest[..length].contains(p.as_str()));
        if let Some((placeholder, _)) = found {
            return Err(refused(placeholder, "inside `${…}`"));
        }
        self.copy(length);
        Ok(())
    }

    fn put(&mut self, placeholder: &str, name: &str) -> Result<(), Unfilled> {
        let before = self.script[..self.at].chars().next_back();
        if before == Some('$') {
            return Err(refused(placeholder, "behind a `$`"));
        }
        let text = match self.mode() {
            Mode::Bare(_) => format!("\"${{{name}}}\""),
            Mode::Double => format!("${{{name}}}"),
            Mode::Single => format!("'\"${{{name}}}\"'"),
            Mode::Backtick => return Err(refused(placeholder, "between backticks")),
        };
        self.filled.push_str(&text);
        self.at += placeholder.len();
        Ok(())
    }

    /// Notes the delimiter of a heredoc: `<<EOF`, `<<-'EOF'`.
    fn heredoc(&mut self) {
        let rest = &self.script[self.at + 2..];
        let trimmed = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let quoted = trimmed.starts_with(['\'', '"', '\\']);
        let word: String = trimmed
            .trim_start_matches(['\'', '"', '\\'])
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let skipped = rest.len() - trimmed.len();
        let quotes = usize::from(quoted);
        let closing = trimmed
            .get(quotes + word.len()..)
            .is_some_and(|t| t.starts_with(['\'', '"']));
        if word.is_empty() {
            self.copy(2);
            return;
        }
        self.copy(2 + skipped + quotes + word.len() + usize::from(closing));
        self.documents.push((word, !quoted));
    }

    /// Goes through the bodies of the heredocs that begin here.
    fn bodies(&mut self) -> Result<(), Unfilled> {
        for (delimiter, expands) in std::mem::take(&mut self.documents) {
            while self.at < self.script.len() {
                let rest = &self.script[self.at..];
                let length = rest.find('\n').map_or(rest.len(), |i| i + 1);
                let line = &rest[..length];
                if line.trim() == delimiter {
                    self.copy(length);
                    break;
                }
                self.body_line(line, expands)?;
            }
        }
        Ok(())
    }

    fn body_line(&mut self, line: &str, expands: bool) -> Result<(), Unfilled> {
        let end = self.at + line.len();
        while self.at < end {
            let rest = &self.script[self.at..end];
            if let Some((placeholder, name)) = at_start(rest, self.fills) {
                if !expands || self.script[..self.at].ends_with(['$', '\\', '`']) {
                    return Err(refused(placeholder, "in a heredoc that is taken literally"));
                }
                self.filled.push_str(&format!("${{{name}}}"));
                self.at += placeholder.len();
            } else {
                self.copy(rest.chars().next().map_or(1, char::len_utf8));
            }
        }
        Ok(())
    }
}

/// As [`shell`], for PowerShell: nothing is put between single quotes.
fn power(script: &str, fills: &Fills) -> Result<String, Unfilled> {
    let mut filled = String::with_capacity(script.len());
    let mut quote = None;
    let mut at = 0;
    while let Some(c) = script[at..].chars().next() {
        if let Some((placeholder, name)) = at_start(&script[at..], fills) {
            if quote == Some('\'') || script.contains("@'") || script[..at].ends_with(['$', '`']) {
                return Err(refused(placeholder, "between single quotes"));
            }
            filled.push_str(&format!("${{env:{name}}}"));
            at += placeholder.len();
            continue;
        }
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        filled.push(c);
        at += c.len_utf8();
    }
    Ok(filled)
}

/// Words of SQL behind which a name stands.
const BEFORE_NAMES: &[&str] = &[
    "from",
    "into",
    "update",
    "table",
    "join",
    "index",
    "database",
    "schema",
    "view",
    "column",
    "user",
    "role",
    "sequence",
    "owner",
    "function",
    "trigger",
    "constraint",
    "select",
    "by",
    "on",
    "only",
    "exists",
    "tablespace",
    "extension",
    "publication",
    "subscription",
    "use",
    "add",
    "rename",
    "references",
    "vacuum",
    "analyze",
    "reindex",
    "truncate",
    "distinct",
];

/// Puts `${name}` in the place of placeholders in SQL.
///
/// # Errors
/// One stands inside a longer quotation, or touches a word.
pub fn statements(text: &str, quoting: Quoting, fills: &Fills) -> Result<String, Unfilled> {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some((placeholder, name)) = at_start(rest, fills) {
            let behind = text[at + placeholder.len()..].chars().next();
            let before = text[..at].chars().next_back();
            let glued = |c: Option<char>| {
                c.is_some_and(|c| {
                    c.is_alphanumeric() || matches!(c, '_' | '$' | '\'' | '"' | '-' | '%')
                })
            };
            if glued(before) || glued(behind) {
                return Err(refused(placeholder, "against a word"));
            }
            let is_name = before == Some('.')
                || behind == Some('.')
                || BEFORE_NAMES.contains(&word_before(&text[..at]).as_str());
            let form = if is_name { ":ident" } else { "" };
            filled.push_str(&format!("${{{name}{form}}}"));
            at += placeholder.len();
            continue;
        }
        let mysql = matches!(quoting, Quoting::MySql(_));
        let comment = match quoting {
            Quoting::Postgres => rest.starts_with("--").then(|| line_of(rest)),
            Quoting::MySql(_) => mysql::comment(rest),
        };
        let length = if let Some(length) = comment {
            length
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |i| i + 2)
        } else if matches!(c, '\'' | '"' | '`') {
            at = quoted(text, at, quoting, fills, &mut filled)?;
            continue;
        } else if let Some(tag) = dollar_tag(rest).filter(|_| !mysql) {
            let end = rest[tag..]
                .find(&rest[..tag])
                .map_or(rest.len(), |i| i + 2 * tag);
            if let Some((placeholder, _)) =
                fills.iter().find(|(p, _)| rest[..end].contains(p.as_str()))
            {
                return Err(refused(placeholder, "inside a dollar quote"));
            }
            end
        } else {
            c.len_utf8()
        };
        filled.push_str(&rest[..length]);
        at += length;
    }
    Ok(filled)
}

/// Copies what stands in quotes; a placeholder may only be all of it.
fn quoted(
    text: &str,
    at: usize,
    quoting: Quoting,
    fills: &Fills,
    filled: &mut String,
) -> Result<usize, Unfilled> {
    let rest = &text[at..];
    let quote = rest.chars().next().unwrap_or('\'');
    let (is_name, end) = match quoting {
        Quoting::Postgres => (quote != '\'', None),
        Quoting::MySql(mode) => (
            quote == '`' || quote == '"' && mode.ansi_quotes,
            Some(mysql::quoted(rest, quote, mode.escapes(quote))),
        ),
    };
    let end = end.unwrap_or_else(|| rest[1..].find(quote).map_or(rest.len(), |i| i + 2));
    let inner = &rest[1..end.max(2).min(rest.len())
        - usize::from(end > 1 && rest[..end].len() > 1 && rest[..end].ends_with(quote))];
    if let Some((_, name)) = fills.iter().find(|(p, _)| p == inner) {
        let form = if is_name { ":ident" } else { "" };
        filled.push_str(&format!("${{{name}{form}}}"));
        return Ok(at + end);
    }
    if let Some((placeholder, _)) = fills.iter().find(|(p, _)| inner.contains(p.as_str())) {
        return Err(refused(placeholder, "inside a longer quotation"));
    }
    filled.push_str(&rest[..end]);
    Ok(at + end)
}

fn line_of(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn dollar_tag(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('$')?;
    let length = inner.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (inner[length..].starts_with('$') && !inner.starts_with(|c: char| c.is_ascii_digit()))
        .then_some(length + 2)
}

fn word_before(text: &str) -> String {
    let text = text.trim_end();
    let start = text
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |i| {
            i + text[i..].chars().next().map_or(1, char::len_utf8)
        });
    text[start..].to_lowercase()
}

/// Whether holdpoint's own connection takes `text` as it is: closed quotes, statements, nothing of psql's.
pub fn is_plain_sql(text: &str, quoting: Quoting) -> bool {
    let script = sql::script(text, quoting);
    script.unclosed.is_none()
        && !script.statements.is_empty()
        && script.statements.iter().all(|statement| {
            let has = |word: &str| statement.words.iter().any(|w| w == word);
            let first = statement.words.first().map_or("", String::as_str);
            !text[statement.at..].starts_with('\\')
                && statement.refusal().is_none()
                && !(first == "copy" && (has("stdin") || has("stdout")))
                && first != "listen"
        })
        && script
            .slots
            .iter()
            .all(|slot| matches!(slot.kind, sql::SlotKind::Value { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fills() -> Vec<(String, String)> {
        [("<host>", "host"), ("<id>", "id"), ("YOUR_DB", "your_db")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into()
    }

    #[test]
    fn a_placeholder_becomes_a_quoted_variable_wherever_it_stands() {
        for (script, wanted) in [
            ("ssh <host> uptime", "ssh \"${host}\" uptime"),
            (
                "echo \"on <host>\" '<id>'",
                "echo \"on ${host}\" ''\"${id}\"''",
            ),
            (
                "a=$(dig \"<host>\") # <host>\n",
                "a=$(dig \"${host}\") # <host>\n",
            ),
            (
                "psql user@<host>/YOUR_DB",
                "psql user@\"${host}\"/\"${your_db}\"",
            ),
            (
                "cat <<EOF\n<host>\nEOF\necho <id>",
                "cat <<EOF\n${host}\nEOF\necho \"${id}\"",
            ),
            (
                "echo \"$(echo ')' <id>)\" <id>",
                "echo \"$(echo ')' \"${id}\")\" \"${id}\"",
            ),
        ] {
            assert_eq!(
                shell(script, Dialect::Posix, &fills()).unwrap(),
                wanted,
                "{script}"
            );
        }
        for script in [
            "cat <<'EOF'\n<host>\nEOF",
            "echo `<host>`",
            "echo ${x:-<host>}",
            "echo $<host>",
        ] {
            assert!(shell(script, Dialect::Posix, &fills()).is_err(), "{script}");
        }
        assert_eq!(
            shell("Get-Item <host>", Dialect::Power, &fills()).unwrap(),
            "Get-Item ${env:host}"
        );
        assert!(shell("x '<host>'", Dialect::Power, &fills()).is_err());
        assert!(shell("x <host>", Dialect::Unknown, &fills()).is_err());
    }

    #[test]
    fn in_sql_it_becomes_a_literal_or_a_name() {
        for (text, wanted) in [
            (
                "select * from <host> where id = <id>",
                "select * from ${host:ident} where id = ${id}",
            ),
            (
                "select '<id>', \"<host>\" -- <id>",
                "select ${id}, ${host:ident} -- <id>",
            ),
            (
                "grant all on a.<host> to b",
                "grant all on a.${host:ident} to b",
            ),
        ] {
            assert_eq!(
                statements(text, Quoting::Postgres, &fills()).unwrap(),
                wanted,
                "{text}"
            );
        }
        let mysql = Quoting::of(crate::domain::ready::Family::MySql);
        for (text, wanted) in [
            (
                "select \"<id>\", `<host>` # <id>",
                "select ${id}, ${host:ident} # <id>",
            ),
            ("select 'it\\'s', '<id>'", "select 'it\\'s', ${id}"),
            (
                "update <host> set a = <id>",
                "update ${host:ident} set a = ${id}",
            ),
        ] {
            assert_eq!(statements(text, mysql, &fills()).unwrap(), wanted, "{text}");
        }
        assert!(statements("select 'it\\' <id>'", mysql, &fills()).is_err());
        for text in ["select '%<id>%'", "select idx_<id>", "do $$ <id> $$"] {
            assert!(
                statements(text, Quoting::Postgres, &fills()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn sql_that_needs_psql_is_known() {
        assert!(is_plain_sql("select 1; select 2", Quoting::Postgres));
        for text in [
            "\\d x",
            "-- only",
            "select 'x",
            "copy a from stdin",
            "select '${x}'",
        ] {
            assert!(!is_plain_sql(text, Quoting::Postgres), "{text}");
        }
    }
}
