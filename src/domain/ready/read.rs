//! A file of SQL with a header becomes a check.

use crate::domain::ready::definition::{
    Check, Compared, Comparison, Family, Kind, Parameter, Rows, When,
};

/// The oldest PostgreSQL that is asked.
const OLDEST_POSTGRES: u32 = 12;

/// Reads the check called `name`; the error is a sentence.
pub(super) fn check(name: &'static str, text: &str) -> Result<Check, String> {
    let (header, body) = parted(text);
    let one = |key: &str| {
        let found = header.iter().find(|(k, _)| *k == key);
        found.map(|(_, value)| (*value).to_owned())
    };
    let needed = |key: &str| one(key).ok_or_else(|| format!("no `{key}`"));
    let family = match name.split('/').next() {
        Some("pg") => Family::Postgres,
        Some("my") => Family::MySql,
        Some("migrations") => Family::Any,
        _ => return Err("neither pg/ nor my/ nor migrations/".to_owned()),
    };
    let with = header.iter().filter(|(key, _)| *key == "with");
    Ok(Check {
        name,
        family,
        title: needed("title")?,
        when: needed("when")?
            .split(", ")
            .map(when)
            .collect::<Result<_, _>>()?,
        rows: rows(&needed("rows")?)?,
        parameters: with
            .map(|(_, text)| parameter(text))
            .collect::<Result<_, _>>()?,
        comparison: one("compares")
            .map(|text| comparison(&text, one("watches"), one("differs")))
            .transpose()?,
        rights: needed("rights")?,
        meaning: needed("means")?,
        remedy: needed("remedy")?,
        extension: one("extension"),
        search_path: one("search_path"),
        statements: statements(&body, family)?,
    })
}

/// Parts the header (`-- key: value`) from what follows it.
fn parted(text: &str) -> (Vec<(&str, &str)>, String) {
    let mut header = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(entry) = lines
        .peek()
        .and_then(|line| line.strip_prefix("-- ")?.split_once(": "))
    {
        header.push(entry);
        lines.next();
    }
    (header, lines.collect::<Vec<_>>().join("\n"))
}

/// `-- from 14` begins the statement for that version and later ones; without any there is one for all.
fn statements(body: &str, family: Family) -> Result<Vec<(u32, String)>, String> {
    let oldest = match family {
        Family::Postgres => OLDEST_POSTGRES,
        Family::MySql | Family::Any => 0,
    };
    let mut found: Vec<(u32, String)> = Vec::new();
    for line in body.lines() {
        if let Some(version) = line.strip_prefix("-- from ") {
            let version = version.parse().map_err(|_| format!("`{line}`"))?;
            found.push((version, String::new()));
            continue;
        }
        if found.is_empty() {
            found.push((oldest, String::new()));
        }
        if let Some((_, sql)) = found.last_mut() {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    let falls = found.windows(2).all(|two| two[0].0 > two[1].0);
    // What is for any server is no single question.
    if family == Family::Any && found.is_empty() {
        return Ok(found);
    }
    if found.is_empty() || !falls || found.iter().any(|(_, sql)| sql.trim().is_empty()) {
        return Err("statements: the newest first, none empty".to_owned());
    }
    Ok(found)
}

fn when(word: &str) -> Result<When, String> {
    let found = When::ALL.into_iter().find(|when| when.word() == word);
    found.ok_or_else(|| format!("`{word}` is no time"))
}

fn rows(text: &str) -> Result<Rows, String> {
    match text {
        "fail" => Ok(Rows::Fail),
        "warn" => Ok(Rows::Warn),
        "by verdict" => Ok(Rows::ByVerdict),
        "shown" => Ok(Rows::Shown),
        _ => Err(format!("`{text}` is no meaning of rows")),
    }
}

/// `longer_than duration = 1m; older ones are a warning`
fn parameter(text: &str) -> Result<Parameter, String> {
    let bad = || format!("`{text}` is no parameter");
    let (said, about) = text.split_once("; ").ok_or_else(bad)?;
    let (said, default) = match said.split_once(" =") {
        Some((said, default)) => (said, Some(default.trim().to_owned())),
        None => (said, None),
    };
    let (name, kind) = said.split_once(' ').ok_or_else(bad)?;
    let kind = Kind::WORDS.iter().find(|(word, _)| *word == kind.trim());
    Ok(Parameter {
        name: name.to_owned(),
        kind: kind.ok_or_else(bad)?.1,
        default,
        about: about.to_owned(),
    })
}

/// `objects by kind, name` · `numbers by relation` · `means by role, query of calls, total_ms`
fn comparison(
    text: &str,
    watched: Option<String>,
    differs: Option<String>,
) -> Result<Comparison, String> {
    let bad = || format!("`{text}` is no comparison");
    let (what, by) = text.split_once(" by ").ok_or_else(bad)?;
    let (keys, of) = by.split_once(" of ").unwrap_or((by, ""));
    let of = match (what, of.split_once(", ")) {
        ("objects", None) => Compared::Objects,
        ("numbers", None) => Compared::Numbers { watched },
        ("means", Some((count, total))) => Compared::Means {
            count: count.to_owned(),
            total: total.to_owned(),
        },
        _ => return Err(bad()),
    };
    Ok(Comparison {
        keys: keys.split(", ").map(str::to_owned).collect(),
        of,
        differs: differs.map_or(Ok(Rows::Shown), |text| rows(&text))?,
    })
}
