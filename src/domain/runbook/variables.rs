//! Variables in templates: `${name}`, `${name:ident}` and `${name:number}` (SQL only), and `$${` for a plain `${`.

use std::ops::Range;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// `$${`, which stands for `${`.
    Escaped,
    /// `${name}`, `${name:ident}` or `${name:number}`.
    Reference(Reference<'a>),
    /// A `${` that begins no reference, with the bytes it covers.
    Malformed(Range<usize>),
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it is put in.
    pub form: Form,
    /// The bytes of the template that it covers.
    pub at: Range<usize>,
}

/// How a value is put into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is; in SQL as a quoted literal.
    Value,
    /// As a quoted SQL identifier.
    Ident,
    /// As a number, without quotes; SQL only.
    Number,
}

/// A variable without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`${{{name}}}` has no value: nothing gave it one before this")]
pub struct Missing {
    /// Its name.
    pub name: String,
}

/// Takes a template apart.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = template[from..].find("${").map(|i| from + i) {
        let escaped = at > done && template.as_bytes()[at - 1] == b'$';
        let start = if escaped { at - 1 } else { at };
        if start > done {
            found.push(Piece::Text(&template[done..start]));
        }
        let (piece, end) = if escaped {
            (Piece::Escaped, at + 2)
        } else {
            reference(template, at)
        };
        found.push(piece);
        done = end;
        from = end;
    }
    if done < template.len() {
        found.push(Piece::Text(&template[done..]));
    }
    found
}

/// Reads the reference that begins at byte `at`, and says where it ends.
fn reference(template: &str, at: usize) -> (Piece<'_>, usize) {
    let line = template[at..].lines().next().unwrap_or_default();
    let Some(length) = line.find('}') else {
        return (Piece::Malformed(at..at + 2), at + 2);
    };
    let end = at + length + 1;
    let inner = &template[at + 2..end - 1];
    let (name, form) = match inner.split_once(':') {
        Some((name, "ident")) => (name, Form::Ident),
        Some((name, "number")) => (name, Form::Number),
        Some(_) => return (Piece::Malformed(at..end), end),
        None => (inner, Form::Value),
    };
    if !is_name(name) {
        return (Piece::Malformed(at..end), end);
    }
    let at = at..end;
    (Piece::Reference(Reference { name, form, at }), end)
}

/// Whether `text` can be the name of a variable: a letter or `_`, then letters, digits and `_`.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether `name` is spelled as an environment variable is: upper case.
pub fn is_environment_name(name: &str) -> bool {
    is_name(name)
        && name.bytes().any(|b| b.is_ascii_uppercase())
        && !name.bytes().any(|b| b.is_ascii_lowercase())
}

/// The names to which holdpoint gives a value itself.
pub const BUILT_IN: &[&str] = &["run_id", "target", "operator", "started_at", "runbook_dir"];

/// Whether `name` can be that of a parameter, a captured value or a target's value.
pub fn is_value_name(name: &str) -> bool {
    is_name(name) && name.starts_with(|c: char| c.is_ascii_lowercase()) && !BUILT_IN.contains(&name)
}

/// Returns every use of a variable in `template`, in order.
pub fn names(template: &str) -> Vec<Reference<'_>> {
    pieces(template)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            Piece::Text(_) | Piece::Escaped | Piece::Malformed(_) => None,
        })
        .collect()
}

/// Puts the values of `lookup` into `template` as plain text.
pub fn expand(template: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, Missing> {
    expand_with(template, lookup, |value| value)
}

/// Puts the values of `lookup` into a regular expression, where they stand for themselves.
pub fn expand_pattern(
    pattern: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Missing> {
    expand_with(pattern, lookup, |value| regex::escape(&value))
}

fn expand_with(
    template: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    dress: impl Fn(String) -> String,
) -> Result<String, Missing> {
    let mut text = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Escaped => text.push_str("${"),
            Piece::Malformed(at) => text.push_str(&template[at]),
            Piece::Reference(reference) => {
                let value = lookup(reference.name).ok_or_else(|| Missing {
                    name: reference.name.to_owned(),
                })?;
                text.push_str(&dress(value));
            }
        }
    }
    Ok(text)
}

/// Returns `template` with an `x` for every use of a variable, so that the text around them can be checked.
pub fn blanked(template: &str) -> String {
    expand_with(template, &|_| Some("x".into()), |value| value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "a" => Some("1.5".into()),
            "path" => Some("x y".into()),
            _ => None,
        }
    }

    #[test]
    fn references_are_found_with_their_place() {
        let found = names("to ${path}, not $${a} nor $a, as ${a:ident}");
        let told: Vec<_> = found
            .iter()
            .map(|r| (r.name, r.form, r.at.clone()))
            .collect();
        assert_eq!(
            told,
            [("path", Form::Value, 3..10), ("a", Form::Ident, 33..43)]
        );
    }

    #[test]
    fn what_begins_like_a_reference_and_is_none_is_told() {
        for (template, at) in [
            ("${", 0..2),
            ("é ${}", 3..6),
            ("${a:-b}", 0..7),
            ("${a b} c", 0..6),
            ("${open\n}", 0..2),
        ] {
            assert!(
                pieces(template).contains(&Piece::Malformed(at)),
                "{template}"
            );
        }
    }

    #[test]
    fn values_are_put_in_as_text_and_never_read_again() {
        assert_eq!(expand("${a}-${path}", &lookup).unwrap(), "1.5-x y");
        assert_eq!(expand("$${a} $$${a} $", &lookup).unwrap(), "${a} $${a} $");
        assert_eq!(
            expand("${a}", &|_| Some("${path}".into())).unwrap(),
            "${path}"
        );
        assert_eq!(expand("${b}", &lookup).unwrap_err().name, "b");
        assert_eq!(expand_pattern("^${a}$", &lookup).unwrap(), "^1\\.5$");
        assert_eq!(blanked("^${b} ${c:ident}$"), "^x x$");
    }

    #[test]
    fn upper_case_names_are_environment_variables() {
        assert!(is_environment_name("DATABASE_URL") && is_environment_name("_X1"));
        assert!(!is_environment_name("release") && !is_environment_name("_1"));
    }
}
