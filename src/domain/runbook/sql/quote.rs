//! Values written as literals and as names, so that nothing in them becomes code.

use std::fmt::Write as _;

use crate::domain::runbook::sql::Quoting;

/// Characters of the longest name of MySQL and MariaDB.
const MYSQL_NAME: usize = 64;

/// Quotes a value as a literal.
///
/// PostgreSQL gets `E'…'` where it holds a backslash. MySQL and MariaDB get such a value as hexadecimal digits: what a
/// backslash means there is the session's `sql_mode`, which a statement may change, and digits mean the same in every.
///
/// # Errors
/// What is wrong with the value, as the end of a sentence.
pub fn literal(value: &str, quoting: Quoting) -> Result<String, &'static str> {
    let doubled = || value.replace('\'', "''");
    match quoting {
        Quoting::Postgres if value.contains('\0') => {
            Err("holds a NUL, which PostgreSQL cannot store")
        }
        Quoting::Postgres if value.contains('\\') => {
            Ok(format!("E'{}'", doubled().replace('\\', "\\\\")))
        }
        Quoting::MySql(_) if value.contains(['\\', '\0']) => Ok(digits(value)),
        Quoting::Postgres | Quoting::MySql(_) => Ok(format!("'{}'", doubled())),
    }
}

/// Returns `_utf8mb4 x'5C'`: a text as any other to the server, compared as one.
fn digits(value: &str) -> String {
    let mut text = String::from("_utf8mb4 x'");
    for byte in value.bytes() {
        let _ = write!(text, "{byte:02X}");
    }
    text.push('\'');
    text
}

/// Writes a value as a number, which has no quotes: what stands behind `LIMIT` on MySQL must not have any.
///
/// # Errors
/// What is wrong with the value, as the end of a sentence.
pub fn number(value: &str) -> Result<String, &'static str> {
    let plain = value.trim();
    let unsigned = plain.strip_prefix('-').unwrap_or(plain);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return Err("is no number as 10, -3 or 0.5");
    }
    // Behind another minus a bare one would begin a comment.
    Ok(if plain.starts_with('-') {
        format!("({plain})")
    } else {
        plain.to_owned()
    })
}

/// Quotes a value as a name.
///
/// # Errors
/// What is wrong with the value, as the end of a sentence.
pub fn identifier(value: &str, quoting: Quoting) -> Result<String, &'static str> {
    if value.is_empty() {
        return Err("is empty, and cannot be an identifier");
    }
    match quoting {
        Quoting::Postgres => match value {
            v if v.contains('\0') => Err("holds a NUL, which PostgreSQL cannot store"),
            v if v.len() > 63 => Err("is longer than the 63 bytes of an identifier"),
            v => Ok(format!("\"{}\"", v.replace('"', "\"\""))),
        },
        Quoting::MySql(_) => match value {
            v if v.contains('\0') => Err("holds a NUL, which no name can hold"),
            v if v.chars().any(|c| c > '\u{ffff}') => {
                Err("holds a character beyond U+FFFF, which no name can hold")
            }
            v if v.ends_with(' ') => Err("ends with a blank, which no name can"),
            v if v.chars().count() > MYSQL_NAME => {
                Err("is longer than the 64 characters of an identifier")
            }
            v => Ok(format!("`{}`", v.replace('`', "``"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ready::Family;
    use crate::domain::runbook::sql::{SqlFault, expand_sql, script};
    use crate::domain::statements::mysql::Mode;

    fn put(sql: &str, value: &str) -> String {
        let quoting = Quoting::of(Family::MySql);
        let put = expand_sql(sql, quoting, &|_| Some(value.to_owned()));
        put.unwrap_or_else(|e| format!("! {e}"))
    }

    #[test]
    fn values_are_written_as_mysql_reads_them_under_every_mode() {
        for (sql, value, wanted) in [
            ("select ${a}", "it's \"x\"", "select 'it''s \"x\"'"),
            ("select ${a}", "a\\'", "select _utf8mb4 x'615C27'"),
            ("select ${a}", "a\0", "select _utf8mb4 x'6100'"),
            (
                "table ${a:ident}.${a:ident}",
                "x`\"\\",
                "table `x``\"\\`.`x``\"\\`",
            ),
            (
                "select 'it\\'s', ${a} # ${a}\n",
                "x",
                "select 'it\\'s', 'x' # ${a}\n",
            ),
            ("select 5--${a}", "x", "select 5--'x'"),
            ("select n${a}`y`", "\\", "select n _utf8mb4 x'5C' `y`"),
        ] {
            assert_eq!(put(sql, value), wanted);
        }
        for sql in [
            "select '${a}'",
            "select \"${a}\"",
            "select `${a}`",
            "select 'it\\'${a}'",
            "/*! x ${a} */ y",
        ] {
            assert!(put(sql, "x").contains("stands inside quotes"), "{sql}");
        }
        for (value, why) in [
            ("a\0", "NUL"),
            ("😀", "U+FFFF"),
            ("x ", "blank"),
            ("", "empty"),
        ] {
            assert!(put("table ${a:ident}", value).contains(why), "{value}");
        }
        assert!(put("table ${a:ident}", &"ü".repeat(65)).contains("64"));
        assert!(!put("table ${a:ident}", &"ü".repeat(64)).contains('!'));
    }

    #[test]
    fn a_number_has_no_quotes_and_nothing_else_is_one() {
        let sql = "select a from t where b > 5-${n:number} limit ${n:number}";
        let sent = |value| put(sql, value);
        assert_eq!(sent("3"), "select a from t where b > 5-3 limit 3");
        assert_eq!(sent(" 0.5 "), "select a from t where b > 5-0.5 limit 0.5");
        assert_eq!(sent("-3"), "select a from t where b > 5-(-3) limit (-3)");
        for value in [
            "",
            "-",
            "1e3",
            "1;drop table t",
            "1 or 1",
            "\u{663}",
            "1.",
            ".5",
            "--1",
            "0x1",
        ] {
            assert!(sent(value).contains("is no number"), "{value}");
        }
    }

    #[test]
    fn the_mode_decides_where_a_quote_ends_and_a_text_that_sets_it_gets_no_value() {
        let plain = Quoting::MySql(Mode::read("ANSI_QUOTES,NO_BACKSLASH_ESCAPES"));
        // Under the default this stands outside of quotes, here inside.
        let text = "select 'a\\'', ${a}, 'b\\''";
        assert_eq!(put(text, "x"), "select 'a\\'', 'x', 'b\\''");
        let put_plain = |sql| expand_sql(sql, plain, &|_| Some("x".to_owned()));
        assert!(matches!(put_plain(text), Err(SqlFault::Quoted { .. })));
        assert_eq!(
            put_plain("select 'a\\', ${a}").unwrap(),
            "select 'a\\', 'x'"
        );
        assert!(put("set sql_mode = ''; select 'a\\'', ${a}, ''", "x").contains("sql_mode"));
        assert_eq!(script("select 'a\\'; select 1", plain).statements.len(), 2);
    }

    #[test]
    fn mysql_statements_that_only_look_or_commit_are_known() {
        let read = |sql| script(sql, Quoting::of(Family::MySql));
        for sql in [
            "describe t",
            "show tables # x;",
            "explain select 1",
            "select `delete`",
        ] {
            assert!(read(sql).only_looks(), "{sql}");
        }
        for sql in [
            "select 1 into outfile 'x'",
            "replace into t values (1)",
            "begin; select 1",
        ] {
            assert!(!read(sql).only_looks(), "{sql}");
        }
        let alter = read("update t set a = 1; alter table t add b int");
        assert_eq!(alter.statements[0].commits(), None);
        assert_eq!(
            alter.statements[1].commits().as_deref(),
            Some("ALTER TABLE")
        );
    }
}
