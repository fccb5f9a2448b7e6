//! What can be said of a statement by looking at it.

/// Whether `sql` may write: everything that is not plainly a question does. The server's own read-only switch is the
/// wall behind this; a function called in a `select` may still write where that switch is off.
pub fn may_write(sql: &str) -> bool {
    let bare = without_comments(sql);
    let mut statements = bare.split(';').map(str::trim).filter(|s| !s.is_empty());
    !statements.all(is_question)
}

fn is_question(statement: &str) -> bool {
    let lower = statement.to_ascii_lowercase();
    let first = lower
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    match first {
        "select" | "with" => !["insert", "update", "delete", "merge", "into", "lock"]
            .iter()
            .any(|w| has_word(&lower, w)),
        "show" | "values" | "table" => true,
        "explain" => !has_word(&lower, "analyze") && !has_word(&lower, "analyse"),
        _ => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .any(|w| w == word)
}

fn without_comments(sql: &str) -> String {
    let mut kept = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find("--").into_iter().chain(rest.find("/*")).min() {
        kept.push_str(&rest[..at]);
        kept.push(' ');
        let (end, skip) = if rest[at..].starts_with("--") {
            ("\n", 1)
        } else {
            ("*/", 2)
        };
        rest = rest[at..]
            .find(end)
            .map_or("", |found| &rest[at + found + skip..]);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_a_question_does_not_write() {
        for question in [
            "select 1",
            " /* x */ SELECT a from b;",
            "show all",
            "with t as (select 1) select * from t",
            "explain select 1",
        ] {
            assert!(!may_write(question), "{question}");
        }
        for write in [
            "update a set b = 1",
            "select 1; drop table a",
            "with t as (delete from a returning 1) select 1",
            "select * into b from a",
            "explain analyze delete from a",
            "-- select\nvacuum",
            "select 1 for update",
            "call p()",
            "",
        ] {
            assert_eq!(may_write(write), !write.is_empty(), "{write}");
        }
    }
}
