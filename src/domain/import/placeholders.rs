//! What an author left open in a block: `<host>`, `{{ host }}`, `YOUR_HOST`, `____`, `X.Y.Z`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::ids;
use crate::domain::import::mask::pattern;
use crate::domain::runbook::variables::is_value_name;

pattern!(ANGLE, r"<([A-Za-z\p{L}][\p{L}\p{N} _./'-]{0,50})>");
pattern!(BRACES, r"\$?\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}");
pattern!(
    YOURS,
    r"\b(YOUR[_-][A-Z0-9][A-Z0-9_-]*|your[-_][a-z0-9][a-z0-9_-]*|MY_[A-Z0-9_]+_HERE|CHANGE_?ME|REPLACE_?ME|TODO_[A-Z_]+)\b"
);
pattern!(BLANK, r"_{3,}");
pattern!(
    VERSION,
    r"\b[vV]?(X\.Y(?:\.Z)?|x\.y(?:\.z)?)\b|\bYYYY[-_.]?MM[-_.]?DD\b"
);
pattern!(SQL_VARIABLE, r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}");

/// Where placeholders are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A script.
    Shell,
    /// Statements.
    Sql,
}

/// Returns the placeholders of a block, in order, each once.
pub fn found(text: &str, language: Language) -> Vec<String> {
    let mut at: BTreeMap<usize, String> = BTreeMap::new();
    let mut note = |start: usize, placeholder: &str| {
        at.insert(start, placeholder.to_owned());
    };
    for found in ANGLE.captures_iter(text) {
        let (Some(whole), Some(inner)) = (found.get(0), found.get(1)) else {
            continue;
        };
        if is_angle(text, whole.start(), whole.end(), inner.as_str(), language) {
            note(whole.start(), whole.as_str());
        }
    }
    for found in BRACES.captures_iter(text) {
        let (Some(whole), Some(inner)) = (found.get(0), found.get(1)) else {
            continue;
        };
        if !matches!(
            inner.as_str(),
            "end" | "else" | "if" | "range" | "with" | "json" | "println"
        ) {
            note(whole.start(), whole.as_str());
        }
    }
    for found in YOURS.find_iter(text) {
        let before = text[..found.start()].chars().next_back();
        let behind = text[found.end()..].chars().next();
        let own = matches!(before, Some('$' | '{' | '<' | '['));
        let assigned = behind == Some('=') && matches!(before, None | Some('\n' | ' '));
        if !own && !assigned {
            note(found.start(), found.as_str());
        }
    }
    for found in BLANK.find_iter(text) {
        let beside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if !beside(text[..found.start()].chars().next_back())
            && !beside(text[found.end()..].chars().next())
        {
            note(found.start(), found.as_str());
        }
    }
    for found in VERSION.find_iter(text) {
        note(found.start(), found.as_str());
    }
    if language == Language::Sql {
        for found in SQL_VARIABLE.find_iter(text) {
            note(found.start(), found.as_str());
        }
    }
    let mut once = Vec::new();
    for placeholder in at.into_values() {
        if !once.contains(&placeholder)
            && !once
                .iter()
                .any(|known: &String| known.contains(&placeholder))
        {
            once.push(placeholder);
        }
    }
    once
}

/// Whether `<…>` stands for a value, and is no redirection, tag, address or comparison.
fn is_angle(text: &str, start: usize, end: usize, inner: &str, language: Language) -> bool {
    let before = text[..start].chars().next_back();
    let closing = text.contains(&format!("</{inner}>")) || inner.ends_with('/');
    let heredoc = before == Some('<') || text[..start].ends_with("<<-");
    let words = inner.split(' ').count();
    let spaced = inner.starts_with(' ') || inner.ends_with(' ');
    let generic = text[end..].starts_with('>');
    let comparison = language == Language::Sql && words > 1 && inner.contains(" and ")
        || inner.contains(" or ") && language == Language::Sql;
    !(closing || heredoc || spaced || generic || comparison || words > 6)
}

/// The parameters that stand for placeholders, with their questions.
#[derive(Debug, Default)]
pub struct Parameters {
    names: BTreeMap<String, String>,
    /// Name and question, in the order in which they were met.
    pub list: Vec<(String, String)>,
}

impl Parameters {
    /// Returns the name that stands for `placeholder` in a block; the same placeholder has one name.
    pub fn name(&mut self, placeholder: &str, block: &str) -> String {
        if let Some(name) = self.names.get(placeholder) {
            return name.clone();
        }
        let inner: String = placeholder
            .trim_matches(['<', '>', '{', '}', '$', ' '])
            .to_owned();
        let mut base = ids::transliterated(&inner)
            .to_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        while base.contains("__") {
            base = base.replace("__", "_");
        }
        let base = base
            .trim_matches('_')
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
        let base = match placeholder.trim_start_matches(['v', 'V']) {
            "X.Y.Z" | "X.Y" | "x.y.z" | "x.y" => "version",
            p if p.starts_with("YYYY") => "date",
            _ if base.is_empty() => "blank",
            _ => base,
        };
        let base: String = base.chars().take(40).collect();
        // The script's own variable of that name would win over the parameter.
        let own = block.contains(&format!("{base}="))
            || block.contains(&format!("${base}"))
            || block.contains(&format!("${{{base}"));
        let base = if !is_value_name(&base) || own {
            format!("{base}_given")
        } else {
            base
        };
        let taken = |name: &str| self.list.iter().any(|(n, _)| n == name);
        let name = (1..=10_000)
            .map(|n| {
                if n == 1 {
                    base.clone()
                } else {
                    format!("{base}_{n}")
                }
            })
            .find(|name| !taken(name))
            .unwrap_or_default();
        self.names.insert(placeholder.to_owned(), name.clone());
        self.list.push((name.clone(), placeholder.to_owned()));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_open_is_found_and_nothing_else() {
        for (text, wanted) in [
            (
                "ssh <user>@<db host> -p ____",
                &["<user>", "<db host>", "____"][..],
            ),
            (
                "curl https://your-domain.com/{{ path }} -H ${{ secrets.X }}",
                &["your-domain", "{{ path }}", "${{ secrets.X }}"],
            ),
            ("git tag vX.Y.Z && git push origin vX.Y.Z", &["vX.Y.Z"]),
            ("export YOUR_KEY=1; echo $YOUR_KEY __init__", &[]),
            ("cat <<EOF > out\n<name>x</name>\nEOF", &[]),
            ("docker inspect --format '{{.State}}' x", &[]),
            ("psql < in.sql > out.log", &[]),
        ] {
            assert_eq!(found(text, Language::Shell), wanted, "{text}");
        }
        assert_eq!(
            found("select * from ${T} where a <b and c> 1", Language::Sql),
            ["${T}"]
        );
    }

    #[test]
    fn names_are_unique_and_do_not_meet_the_scripts_own() {
        let mut parameters = Parameters::default();
        assert_eq!(parameters.name("<DB host>", ""), "db_host");
        assert_eq!(parameters.name("{{db-host}}", ""), "db_host_2");
        assert_eq!(parameters.name("<DB host>", ""), "db_host");
        assert_eq!(parameters.name("<version>", "version=1"), "version_given");
        assert_eq!(parameters.name("<имя>", ""), "imya");
        assert_eq!(parameters.name("____", ""), "blank");
        assert_eq!(parameters.name("<target>", ""), "target_given");
    }
}
