//! What kind of statement it is by its words: reading, writing, committing by itself.

use crate::domain::statements::mysql::split::{code, words};
use crate::domain::statements::{Effect, Statement};

/// Statements that end an open transaction by themselves, whatever comes after them
/// (the manual's "statements that cause an implicit commit").
const COMMITTING: &[&str] = &[
    "alter",
    "analyze",
    "change",
    "check",
    "create",
    "drop",
    "flush",
    "grant",
    "install",
    "lock",
    "optimize",
    "rename",
    "repair",
    "reset",
    "revoke",
    "start",
    "stop",
    "truncate",
    "uninstall",
    "begin",
];
/// Returns what a statement is called: `SELECT`, `ALTER TABLE`.
pub fn name(statement: &Statement<'_>) -> String {
    let words = words(statement.text);
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !matches!(
        first,
        "create" | "alter" | "drop" | "rename" | "truncate" | "start" | "lock"
    ) {
        return first.to_ascii_uppercase();
    }
    let passed = [
        "or",
        "replace",
        "unique",
        "temporary",
        "fulltext",
        "spatial",
        "online",
        "ignore",
        "definer",
        "algorithm",
        "undefined",
        "merge",
        "temptable",
        "sql",
        "security",
        "invoker",
    ];
    let mut more = words[1..].iter().map(String::as_str);
    let second = more.find(|word| !passed.contains(word)).unwrap_or_default();
    format!("{first} {second}").trim_end().to_ascii_uppercase()
}

/// Returns whether a statement reads or writes, as far as its words tell.
pub fn effect(statement: &Statement<'_>) -> Effect {
    let words = words(statement.text);
    let has = |wanted: &[&str]| words.iter().any(|w| wanted.contains(&w.as_str()));
    match words.first().map(String::as_str).unwrap_or_default() {
        "select" | "table" | "values" | "with" if !has(&["into", "update", "delete", "insert"]) => {
            Effect::Reads
        }
        "explain" | "describe" | "desc" | "analyze"
            if !has(&["update", "delete", "insert", "table", "tables"]) =>
        {
            Effect::Reads
        }
        "describe" | "desc" | "show" | "use" | "help" | "begin" | "commit" | "rollback" => {
            Effect::Reads
        }
        "start" if words.get(1).is_some_and(|w| w == "transaction") => Effect::Reads,
        _ => Effect::Writes,
    }
}

/// Returns whether a statement returns rows, as far as its words tell.
pub fn returns_rows(statement: &Statement<'_>) -> bool {
    let words = words(statement.text);
    let first = words.first().map(String::as_str).unwrap_or_default();
    let rows = [
        "select", "table", "values", "with", "show", "explain", "describe", "desc", "analyze",
        "check", "checksum", "optimize", "repair",
    ];
    (rows.contains(&first) && !words.iter().any(|w| w == "into"))
        || words.iter().any(|w| w == "returning")
}

/// Returns whether a statement commits whatever transaction is open, by itself.
pub fn commits(statement: &Statement<'_>) -> bool {
    let words = words(statement.text);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match word(0) {
        // Temporary tables are nobody else's: making and dropping them leaves a transaction as it is.
        "create" | "drop" if words.iter().take(4).any(|w| w == "temporary") => false,
        "set" => word(1) == "password" || word(1) == "autocommit" || word(1) == "default",
        "load" => word(1) == "index",
        "unlock" => word(1) == "tables",
        first => COMMITTING.contains(&first),
    }
}

/// Returns whether a transaction is open after `statements`, when none was before.
pub fn leaves_open(statements: &[Statement<'_>]) -> bool {
    let mut open = false;
    let mut by_hand = false;
    for statement in statements {
        let words = words(statement.text);
        let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
        let last = words.last().map(String::as_str).unwrap_or_default();
        match (word(0), word(1)) {
            ("begin", "not") => {}
            ("begin", _) | ("start", "transaction") => open = true,
            ("commit" | "rollback", _) if word(1) == "to" || word(2) == "to" => {}
            ("commit" | "rollback", _) => open = word(1) == "and" || last == "chain",
            ("set", "autocommit") => {
                by_hand = last == "0" || last == "off";
                open = false;
            }
            _ if commits(statement) => open = false,
            _ => open |= by_hand && effect(statement) == Effect::Writes,
        }
    }
    open
}

/// Returns why a statement cannot run in a `sql` step; `None`: it can.
pub fn refusal(statement: &Statement<'_>) -> Option<&'static str> {
    let words = words(statement.text);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match word(0) {
        "load" if words.iter().take(5).any(|w| w == "local") => Some(
            "LOAD DATA LOCAL reads a file of the client: use a `run` step with the mysql program",
        ),
        "source" => Some("`source` is the mysql program's: name the file in the step's `file:`"),
        "" if code(statement.text).starts_with('\\') => {
            Some("backslash commands are the mysql program's: use a `run` step")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statements::mysql::split::split;

    #[test]
    fn statements_are_called_by_their_names() {
        let name = |text| name(&split(text)[0]);
        assert_eq!(name("# why\n (select 1)"), "SELECT");
        assert_eq!(name("create unique index i on t (a)"), "CREATE INDEX");
        assert_eq!(name("create or replace view v as select 1"), "CREATE VIEW");
        assert_eq!(name("/*!50000 alter table t add a int */"), "ALTER TABLE");
        assert_eq!(name("start transaction"), "START TRANSACTION");
    }

    #[test]
    fn what_commits_by_itself_is_known() {
        let commits = |text| commits(&split(text)[0]);
        for text in [
            "alter table t add a int",
            "create index i on t (a)",
            "truncate t",
            "start transaction",
            "lock tables t write",
        ] {
            assert!(commits(text), "{text}");
        }
        for text in [
            "insert into t values (1)",
            "create temporary table x (a int)",
            "set @a = 1",
            "select 1",
        ] {
            assert!(!commits(text), "{text}");
        }
    }

    #[test]
    fn an_open_end_is_seen() {
        let open = |text| leaves_open(&split(text));
        for text in [
            "begin; insert into t values (1)",
            "start transaction; rollback to savepoint a",
            "set autocommit=0; update t set a=1",
            "commit and chain",
        ] {
            assert!(open(text), "{text}");
        }
        for text in [
            "begin; insert into t values (1); commit",
            "begin; alter table t add a int",
            "insert into t values (1)",
            "set autocommit=0; update t set a=1; commit",
        ] {
            assert!(!open(text), "{text}");
        }
    }

    #[test]
    fn what_writes_is_known_by_its_words() {
        let effect = |text| effect(&split(text)[0]);
        for text in [
            "select 'insert'",
            "show tables",
            "with a as (select 1) select * from a",
            "explain select 1",
            "desc t",
            "show create table t",
        ] {
            assert_eq!(effect(text), Effect::Reads, "{text}");
        }
        for text in [
            "update t set a = 1",
            "select 1 into outfile 'x'",
            "analyze table t",
            "set global a = 1",
            "call p()",
        ] {
            assert_eq!(effect(text), Effect::Writes, "{text}");
        }
    }
}
