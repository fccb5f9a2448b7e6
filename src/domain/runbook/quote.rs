//! Values put into SQL: as quoted literals, or as quoted identifiers.

use crate::domain::runbook::variables::{Form, Missing, Piece, pieces};

/// Returns `template` with `${name}` as a quoted literal and `${name:ident}` as a quoted identifier, for PostgreSQL.
///
/// # Errors
/// A variable without a value.
pub fn expand_sql(
    template: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
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
                match reference.form {
                    Form::Value => text.push_str(&literal(&value)),
                    Form::Ident => text.push_str(&identifier(&value)),
                }
            }
        }
    }
    Ok(text)
}

/// Returns `value` as a literal that means the same whatever `standard_conforming_strings` says. NUL cannot be sent and
/// is left out.
pub fn literal(value: &str) -> String {
    let value = value.replace('\0', "");
    let doubled = value.replace('\'', "''");
    if value.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// Returns `value` as a quoted identifier.
pub fn identifier(value: &str) -> String {
    format!("\"{}\"", value.replace('\0', "").replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_code() {
        let lookup = |name: &str| {
            Some(if name == "a" {
                r"x'; drop table t; --\".into()
            } else {
                "t\"x".to_owned()
            })
        };
        let sql = expand_sql("select ${a} from ${b:ident} where x = '$${a}'", &lookup).unwrap();
        assert_eq!(
            sql,
            r#"select  E'x''; drop table t; --\\' from "t""x" where x = '${a}'"#
        );
    }
}
