//! What a check is told: read by its kind, and written into its statement as literals and names.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::domain::ready::definition::{Check, Family, Kind, Parameter};
use crate::domain::runbook::near;
use crate::domain::runbook::sql::{self, Quoting};
use crate::domain::units;

/// Why an argument cannot be taken. Displayed it is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{said}")]
pub struct ArgumentFault {
    /// The argument.
    pub name: String,
    /// What is wrong.
    pub said: String,
    /// What to do; may be empty.
    pub hint: String,
}

/// Returns what is wrong with arguments of which some values, those with `${…}`, are not known yet.
pub fn faults(check: &Check, given: &BTreeMap<String, String>) -> Vec<ArgumentFault> {
    let unknown = |name: &String| given.get(name).is_some_and(|value| value.contains("${"));
    let mut faults = match Arguments::new(check, given) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    };
    faults.retain(|fault| check.parameter(&fault.name).is_none() || !unknown(&fault.name));
    faults
}

/// The arguments of one check, complete and readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments<'c> {
    check: &'c Check,
    values: BTreeMap<&'c str, String>,
}

impl<'c> Arguments<'c> {
    /// Takes what was `given` and the defaults of the rest.
    ///
    /// # Errors
    /// Everything that is wrong: an unknown name, one that is missing, a value that is not of its kind.
    pub fn new(
        check: &'c Check,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<ArgumentFault>> {
        let mut faults = unknown(check, given);
        let mut values = BTreeMap::new();
        for parameter in &check.parameters {
            let value = given.get(&parameter.name).or(parameter.default.as_ref());
            match value {
                Some(value) => match readable(parameter, value, check.family) {
                    Ok(()) => drop(values.insert(parameter.name.as_str(), value.clone())),
                    Err(fault) => faults.push(fault),
                },
                None => faults.push(missing(check, parameter)),
            }
        }
        if faults.is_empty() {
            Ok(Self { check, values })
        } else {
            Err(faults)
        }
    }

    /// Returns `name = value` for each argument that is not its default.
    pub fn told(&self) -> Vec<String> {
        let own = self.check.parameters.iter().filter_map(|p| {
            let value = self.values.get(p.name.as_str())?;
            (Some(value) != p.default.as_ref()).then(|| format!("{} = {value}", p.name))
        });
        own.collect()
    }

    /// Returns a text as it was given; empty: there is no such argument.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.as_str())
    }

    /// Returns the name of a table as `family` quotes it; `None`: none was given.
    pub fn relation(&self, name: &str, family: Family) -> Option<String> {
        let value = self.values.get(name).filter(|value| !value.is_empty())?;
        written(Kind::Relation, value, family).ok()
    }

    /// Returns the texts of a list; none where there is no such argument.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.values.get(name).map_or_else(Vec::new, |v| items(v))
    }

    /// Returns a number, a share or a count as a number; `None`: there is no such argument.
    pub fn number(&self, name: &str) -> Option<f64> {
        let kind = self.check.parameter(name)?.kind;
        let value = self.values.get(name)?;
        plain(kind, value).ok()?.parse().ok()
    }

    /// Puts the arguments into `sql`: `${name}` as its kind is written, `${name:text}` as a literal.
    pub fn put_into(&self, sql: &str) -> String {
        let mut text = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some((before, behind)) = rest.split_once("${") {
            text.push_str(before);
            let Some((slot, after)) = behind.split_once('}') else {
                break;
            };
            let (name, as_text) = match slot.split_once(':') {
                Some((name, _)) => (name, true),
                None => (slot, false),
            };
            text.push_str(&self.written(name, as_text).unwrap_or_default());
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn written(&self, name: &str, as_text: bool) -> Option<String> {
        let parameter = self.check.parameter(name)?;
        let written = written(parameter.kind, self.values.get(name)?, self.check.family);
        let written = written.ok()?;
        Some(if as_text {
            literal(&written, self.check.family)
        } else {
            written
        })
    }
}

fn unknown(check: &Check, given: &BTreeMap<String, String>) -> Vec<ArgumentFault> {
    let names = || check.parameters.iter().map(|p| p.name.as_str());
    let strange = given.keys().filter(|name| check.parameter(name).is_none());
    let fault = |name: &String| ArgumentFault {
        name: name.clone(),
        said: format!("{} has no `{name}`", check.name),
        hint: match near::hint(name, "it has", names()) {
            Some(hint) => hint,
            None if check.parameters.is_empty() => "it takes nothing".to_owned(),
            None => format!("`holdpoint checks {}` explains it", check.name),
        },
    };
    strange.map(fault).collect()
}

fn missing(check: &Check, parameter: &Parameter) -> ArgumentFault {
    ArgumentFault {
        name: parameter.name.clone(),
        said: format!("{} needs `{}`", check.name, parameter.name),
        hint: format!(
            "`{}`: {}, {}",
            parameter.name,
            parameter.kind.word(),
            parameter.about
        ),
    }
}

fn readable(parameter: &Parameter, value: &str, family: Family) -> Result<(), ArgumentFault> {
    let fault = |hint: String| ArgumentFault {
        name: parameter.name.clone(),
        said: format!("`{}` is a {}", parameter.name, parameter.kind.word()),
        hint,
    };
    if value.is_empty() && parameter.default.as_deref() == Some("") {
        return Ok(());
    }
    let empty = items(value).is_empty() && parameter.kind == Kind::List;
    if empty && parameter.default.as_deref() != Some("") {
        return Err(fault("name one at least".to_owned()));
    }
    written(parameter.kind, value, family)
        .map(drop)
        .map_err(fault)
}

/// Returns `value` as it is written in a statement; the error says how to write it.
fn written(kind: Kind, value: &str, family: Family) -> Result<String, String> {
    match kind {
        Kind::Duration | Kind::Count | Kind::Decimal | Kind::Percent | Kind::Size => {
            plain(kind, value)
        }
        Kind::Text => no_nul(value).map(|()| literal(value, family)),
        Kind::List => {
            no_nul(value)?;
            let all: Vec<String> = items(value).iter().map(|t| literal(t, family)).collect();
            Ok(if all.is_empty() {
                "null".to_owned()
            } else {
                all.join(", ")
            })
        }
        Kind::Relation => names(value, '.', family).map(|parts| parts.join(".")),
        Kind::Column => match names(value, ',', family)?.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err("one column is expected".to_owned()),
        },
        Kind::Columns => names(value, ',', family).map(|parts| parts.join(", ")),
    }
}

/// Returns a measure as a bare number: seconds, bytes, a share of one.
fn plain(kind: Kind, value: &str) -> Result<String, String> {
    let value = value.trim();
    let number = |text: &str, what: &str| match text.parse::<f64>() {
        Ok(n) if n.is_finite() && n >= 0.0 => Ok(n),
        Ok(_) | Err(_) => Err(what.to_owned()),
    };
    match kind {
        Kind::Duration => {
            let length = units::duration(value).map_err(|e| e.hint)?;
            Ok(format!("{}", length.as_secs_f64()))
        }
        Kind::Size => Ok(units::size(value).map_err(|e| e.hint)?.to_string()),
        Kind::Count => match value.parse::<u64>() {
            Ok(n) => Ok(n.to_string()),
            Err(_) => Err("write a whole number".to_owned()),
        },
        Kind::Percent => {
            let hint = "write a share as 70%";
            let share = value.strip_suffix('%').ok_or(hint)?.trim();
            Ok(format!("{}", number(share, hint)? / 100.0))
        }
        Kind::Decimal => Ok(format!("{}", number(value, "write a number")?)),
        Kind::Text | Kind::List | Kind::Relation | Kind::Column | Kind::Columns => {
            Err("it is no number".to_owned())
        }
    }
}

fn items(list: &str) -> Vec<&str> {
    let items = list.split([',', '\n']).map(str::trim);
    items.filter(|item| !item.is_empty()).collect()
}

fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("it holds a NUL, which no server can store".to_owned());
    }
    Ok(())
}

/// Quotes a text; PostgreSQL's way is that of `standard_conforming_strings = on`, its default.
fn literal(text: &str, family: Family) -> String {
    let plain = || format!("'{}'", text.replace('\'', "''"));
    match family {
        Family::Postgres | Family::Any => plain(),
        Family::MySql => sql::literal(text, Quoting::of(family)).unwrap_or_else(|_| plain()),
    }
}

/// Reads names with `between` between them, written as in SQL: one in quotes is taken as it is, another is folded.
fn names(text: &str, between: char, family: Family) -> Result<Vec<String>, String> {
    no_nul(text)?;
    let quote = match family {
        Family::Postgres | Family::Any => '"',
        Family::MySql => '`',
    };
    let quoted = |name: &str| format!("{quote}{name}{quote}");
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, behind) = if let Some(inner) = rest.strip_prefix(quote) {
            let (name, behind) = until_quote(inner, quote)
                .ok_or_else(|| format!("`{text}` opens a {quote} and does not close it"))?;
            (quoted(name), behind)
        } else {
            let end = rest.find(between).unwrap_or(rest.len());
            let name = rest[..end].trim();
            if name.is_empty() || name.contains(quote) {
                return Err(format!("`{text}` is no name: write schema.table or column"));
            }
            let name = match family {
                Family::Postgres | Family::Any => name.to_lowercase(),
                Family::MySql => name.to_owned(),
            };
            (quoted(&name), &rest[end..])
        };
        found.push(name);
        match behind.trim_start().strip_prefix(between) {
            Some(more) => rest = more.trim_start(),
            None if behind.trim().is_empty() => return Ok(found),
            None => {
                return Err(format!(
                    "`{text}` is no name: `{between}` goes between names"
                ));
            }
        }
    }
}

/// Returns what stands before the closing quote (doubled ones left as they are) and what stands behind it.
fn until_quote(text: &str, quote: char) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(quote)?;
        let behind = &text[at + quote.len_utf8()..];
        if !behind.starts_with(quote) {
            return Some((&text[..at], behind));
        }
        from = at + 2 * quote.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(kind: Kind, value: &str) -> Result<String, String> {
        written(kind, value, Family::Postgres)
    }

    #[test]
    fn each_kind_is_written_in_its_way() {
        for (kind, value, expected) in [
            (Kind::Duration, "5m", "300"),
            (Kind::Duration, "500ms", "0.5"),
            (Kind::Percent, "70%", "0.7"),
            (Kind::Size, "1GB", "1000000000"),
            (Kind::Count, "12", "12"),
            (Kind::Text, "it's", "'it''s'"),
            (Kind::List, "a, b\nc", "'a', 'b', 'c'"),
            (Kind::List, "", "null"),
            (Kind::Relation, "public.Orders", "\"public\".\"orders\""),
            (Kind::Relation, "s.\"A.\"\"b\"", "\"s\".\"A.\"\"b\""),
            (Kind::Columns, "a, \"B\"", "\"a\", \"B\""),
        ] {
            assert_eq!(put(kind, value).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn nothing_but_a_value_of_its_kind_gets_through() {
        for (kind, value) in [
            (Kind::Duration, "5"),
            (Kind::Count, "1 or true"),
            (Kind::Count, "-1"),
            (Kind::Percent, "0.7"),
            (Kind::Percent, "NaN%"),
            (Kind::Decimal, "inf"),
            (Kind::Column, "a, b"),
            (Kind::Relation, "a\"; drop table b"),
            (Kind::Relation, "\"a\" b"),
            (Kind::Relation, ""),
            (Kind::Text, "\0"),
        ] {
            assert!(put(kind, value).is_err(), "{value} went through");
        }
        assert_eq!(
            written(Kind::Text, "\\' or 1=1 -- ", Family::MySql).unwrap(),
            "_utf8mb4 x'5C27206F7220313D31202D2D20'"
        );
    }

    #[test]
    fn what_is_unknown_missing_or_unreadable_is_said_at_once() {
        let check = crate::domain::ready::find("pg/null-rows").unwrap();
        let given = [("tabel".to_owned(), "t".to_owned())].into();
        let faults = Arguments::new(check, &given).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "pg/null-rows has no `tabel`",
                "pg/null-rows needs `table`",
                "pg/null-rows needs `column`"
            ]
        );
        assert!(faults[0].hint.contains("did you mean `table`?"));
    }

    #[test]
    fn every_default_is_of_its_kind_and_every_slot_has_a_parameter() {
        for check in crate::domain::ready::all() {
            let fill = |p: &Parameter| (p.name.clone(), "x".to_owned());
            let required = check.parameters.iter().filter(|p| p.default.is_none());
            let given = required.map(fill).collect();
            let arguments = Arguments::new(check, &given).unwrap();
            for (_, sql) in &check.statements {
                for slot in sql.split("${").skip(1) {
                    let slot = slot.split('}').next().unwrap();
                    let name = slot.split(':').next().unwrap();
                    assert!(check.parameter(name).is_some(), "{}: {name}", check.name);
                }
                assert!(!arguments.put_into(sql).contains("${"), "{}", check.name);
            }
        }
    }
}
