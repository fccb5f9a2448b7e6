//! Which words name a role that signs, and which do not.

mod vocabulary;

use crate::domain::import::roles::vocabulary::{BY, FIELDS, FILLERS, ROLE_WORDS, SIGNED};
use crate::domain::import::words;

/// Whether a word beside a signature is a field of it: date, name, remarks.
pub fn is_date(role: &str) -> bool {
    let lower = role.to_lowercase();
    let mut parts = lower.split([',', '/', '&']).map(str::trim);
    parts.all(|part| FIELDS.contains(&part) || part.is_empty())
}

/// Whether a text can be the role of a signature in a table.
pub fn may_sign(role: &str) -> bool {
    role.chars().any(char::is_alphabetic)
        && role.chars().count() <= 60
        && !role.starts_with(['[', '(', '<', '{'])
        && !is_date(role)
}

/// Whether a name stands behind it in brackets: `Release manager (Anna)`.
fn names_somebody(title: &str) -> bool {
    let name = title.trim_end().strip_suffix([')', '）']);
    let name = name.and_then(|t| t.rsplit_once(['(', '（']));
    name.is_some_and(|(_, who)| {
        let words = who.split(' ');
        words.clone().count() <= 3 && words.into_iter().all(|w| w.starts_with(char::is_uppercase))
    })
}

/// The role that a box in a list of approvals is: `QA lead`, `Database Administrator`.
pub fn bare_role(title: &str) -> Option<String> {
    let words_of: Vec<&str> = title.split_whitespace().collect();
    let named = |word: &str| words::any(&word.to_lowercase(), ROLE_WORDS);
    let last = words_of.last()?;
    let titled = words_of.iter().all(|w| w.starts_with(char::is_uppercase));
    let good = words_of.len() <= 4
        && named(last)
        && (words_of.iter().all(|w| named(w)) || titled && words_of.len() > 1);
    (good && may_sign(title)).then(|| title.to_owned())
}

/// The role in `DBA: ____`, `QA sign-off`, `Approved by the product owner`, `Approved: head of finance`.
pub fn role_in(title: &str) -> Option<String> {
    let parts = title.split(['_', ':', '：', '(', '（', '@']);
    let mut signed = false;
    let mut role = String::new();
    for part in parts.filter(|part| part.chars().any(char::is_alphanumeric)) {
        let part = [" – ", " — ", " - "]
            .iter()
            .fold(part, |part, dash| part.split(dash).next().unwrap_or(part));
        let (left, found) = unsigned(part);
        signed |= found;
        role = left;
        if !role.is_empty() {
            break;
        }
    }
    let lower = format!(" {} ", title.to_lowercase());
    let named = title.contains("___")
        || names_somebody(title)
        || (signed || title.contains([':', '：']))
            && (BY.iter().any(|by| lower.contains(by))
                || words::any(&role.to_lowercase(), ROLE_WORDS));
    let good =
        named && may_sign(&role) && role.split(' ').count() <= 5 && role.chars().count() <= 48;
    good.then_some(role)
}

/// Takes the words of a sign-off and what joins them out of a text; says whether there were any.
fn unsigned(text: &str) -> (String, bool) {
    let mut role = format!(" {} ", text.trim());
    let mut found = false;
    for word in SIGNED {
        let lower = role.to_lowercase();
        let padded = if word.chars().all(|c| c < '\u{3000}') {
            format!(" {word} ")
        } else {
            (*word).to_owned()
        };
        if lower.len() == role.len()
            && let Some(at) = lower.find(&padded)
        {
            role.replace_range(at..at + padded.len(), " ");
            found |= padded.chars().count() > 3;
        }
    }
    let filler = |word: &&str| FILLERS.contains(&word.to_lowercase().as_str());
    let mut left: Vec<&str> = role.split_whitespace().skip_while(filler).collect();
    while left.last().is_some_and(filler) {
        left.pop();
    }
    let role = left.join(" ");
    let role = role.trim_matches(['-', '–', '*', ',', '.', '[', ']', ' ']);
    (role.to_owned(), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_in_lines_of_sign_offs() {
        for (text, wanted) in [
            ("DBA: ________", "DBA"),
            ("QA sign-off", "QA"),
            ("Approved by the product owner", "product owner"),
            ("Freigabe durch Betrieb", "Betrieb"),
            ("Release manager (Anna)", "Release manager"),
            ("技術責任者：____", "技術責任者"),
            ("Утверждено: руководитель смены", "руководитель смены"),
            ("Aprobado por el jefe de turno", "jefe de turno"),
            ("Gerente de operações: ____", "Gerente de operações"),
            (
                "Responsable d'exploitation : ____",
                "Responsable d'exploitation",
            ),
        ] {
            assert_eq!(role_in(text).as_deref(), Some(wanted), "{text}");
        }
        for text in [
            "All of the people who were in the meeting on Tuesday agree",
            "Known issues: none",
            "Date: ____",
            "Place, Date: ____",
            "Unit tests: all green",
            "Code review approved",
        ] {
            assert_eq!(role_in(text), None, "{text}");
        }
        for text in ["QA lead", "Database Administrator", "DBA", "产品经理"] {
            assert!(bare_role(text).is_some(), "{text}");
        }
        for text in [
            "Notify support",
            "Tests are green",
            "Team is informed of it all",
        ] {
            assert_eq!(bare_role(text), None, "{text}");
        }
    }
}
