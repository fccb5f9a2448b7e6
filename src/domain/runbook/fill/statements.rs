//! Placeholders in statements: they become literals or names.

use crate::domain::runbook::fill::{Fills, Unfilled, at_start, refused};
use crate::domain::runbook::sql::{self, Quoting};
use crate::domain::statements::mysql;

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
