//! Values put into statements, quoted by the rules of the server that they go to.

use crate::domain::runbook::sql::quote::{identifier, literal, number};
use crate::domain::runbook::sql::{Form, Quoting, SlotKind, script};

/// Why values cannot be put into a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlFault {
    /// Nothing gave it a value.
    #[error("`${{{name}}}` has no value: nothing gave it one before this")]
    Missing {
        /// The variable.
        name: String,
    },
    /// It stands inside quotes.
    #[error("`${{{name}}}` stands inside quotes: leave them out, the value brings its own")]
    Quoted {
        /// The variable.
        name: String,
    },
    /// The value cannot be written in SQL.
    #[error("the value of `${{{name}}}` {why}")]
    Unfit {
        /// The variable.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A quote or comment is opened and not closed.
    #[error("{what} is opened and not closed")]
    Unclosed {
        /// What.
        what: &'static str,
    },
    /// What the text itself changes decides where its quotes end.
    #[error(
        "it sets sql_mode, and holds a backslash and `${{…}}`: where a quote ends cannot be told, so no value can safely be put in"
    )]
    Mode,
}

/// Puts the values of `lookup` into `sql`: `${name}` as a quoted literal, `${name:ident}` as a quoted identifier,
/// `${name:number}` as a number.
///
/// # Errors
/// A variable without a value or where none can safely be put; what is not closed.
pub fn expand_sql(
    sql: &str,
    quoting: Quoting,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, SqlFault> {
    put(sql, quoting, &|name, form| {
        quoted(name, form, quoting, lookup).map(Some)
    })
}

/// Returns `sql` as it will be sent, for people and the record: what has no value yet, or may not be shown, stands as
/// written, and so does all of it where no value can safely be put.
pub fn show_sql(sql: &str, quoting: Quoting, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let shown = put(sql, quoting, &|name, form| match lookup(name) {
        Some(_) => quoted(name, form, quoting, lookup).map(Some),
        None => Ok(None),
    });
    shown.unwrap_or_else(|_| sql.to_owned())
}

/// What stands in a variable's place; `None`: it stays as it is written.
type Fill<'a> = dyn Fn(&str, Form) -> Result<Option<String>, SqlFault> + 'a;

/// Puts what `fill` gives for each variable into `sql`.
fn put(sql: &str, quoting: Quoting, fill: &Fill<'_>) -> Result<String, SqlFault> {
    let script = script(sql, quoting);
    if let Some((what, _)) = script.unclosed {
        return Err(SqlFault::Unclosed { what });
    }
    let sets_mode = || sql.contains('\\') && sql.to_ascii_lowercase().contains("sql_mode");
    if matches!(quoting, Quoting::MySql(_)) && !script.slots.is_empty() && sets_mode() {
        return Err(SqlFault::Mode);
    }
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for slot in &script.slots {
        text.push_str(&sql[done..slot.at.start]);
        match slot.kind {
            SlotKind::Value { name, form } => {
                let written = || sql[slot.at.clone()].to_owned();
                let quoted = fill(name, form)?.unwrap_or_else(written);
                // A quote right before or behind would become one with ours.
                let glued = |c: char| {
                    c.is_alphanumeric() || matches!(c, '_' | '$' | '&' | '\'' | '"' | '`')
                };
                let before = if text.ends_with(glued) { " " } else { "" };
                let behind = if sql[slot.at.end..].starts_with(glued) {
                    " "
                } else {
                    ""
                };
                text.extend([before, &quoted, behind]);
            }
            SlotKind::Quoted { name } => {
                return Err(SqlFault::Quoted {
                    name: name.to_owned(),
                });
            }
            SlotKind::Escaped => text.push_str("${"),
            SlotKind::Malformed => text.push_str(&sql[slot.at.clone()]),
        }
        done = slot.at.end;
    }
    text.push_str(&sql[done..]);
    Ok(text)
}

/// Returns the quoted value of the variable `name`.
fn quoted(
    name: &str,
    form: Form,
    quoting: Quoting,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, SqlFault> {
    let name = || name.to_owned();
    let value = lookup(&name()).ok_or_else(|| SqlFault::Missing { name: name() })?;
    let quoted = match form {
        Form::Value => literal(&value, quoting),
        Form::Ident => identifier(&value, quoting),
        Form::Number => number(&value),
    };
    quoted.map_err(|why| SqlFault::Unfit { name: name(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ready::Family;

    const SQL: &str = "update ${t:ident} set note = ${note}, who = ${who}";

    fn known(name: &str) -> Option<String> {
        match name {
            "t" => Some("odd\"one".into()),
            "note" => Some(r"it's \ there".into()),
            _ => None,
        }
    }

    #[test]
    fn what_is_shown_is_what_is_sent_as_far_as_it_is_known() {
        let all = |name: &str| known(name).or_else(|| Some("me".into()));
        for family in [Family::Postgres, Family::MySql] {
            let quoting = Quoting::of(family);
            let shown = show_sql(SQL, quoting, &known);
            assert!(shown.ends_with("who = ${who}"), "{shown}");
            let sent = expand_sql(SQL, quoting, &all).unwrap();
            assert_eq!(shown.replace("${who}", "'me'"), sent);
        }
        let shown = show_sql(SQL, Quoting::Postgres, &known);
        assert!(shown.contains(r#"update "odd""one" set"#), "{shown}");
        assert!(shown.contains(r"E'it''s \\ there'"), "{shown}");
    }

    #[test]
    fn where_no_value_can_safely_be_put_all_of_it_stands_as_written() {
        for sql in ["select '${t}'", "select ${note}, 'open"] {
            assert_eq!(show_sql(sql, Quoting::Postgres, &known), sql);
        }
    }
}
