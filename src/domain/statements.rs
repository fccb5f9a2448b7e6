//! PostgreSQL's statements as text: where one ends and the next begins, and what kind each is. Nothing is executed.

pub mod mysql;

/// One statement of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The statement without its semicolon.
    pub text: &'a str,
    /// Characters of the whole text before it.
    pub start: usize,
}

/// Whether a statement reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks, as far as its first word tells: a function called by it may still write.
    Reads,
    /// It changes something, or its first word does not tell.
    Writes,
}

/// Splits `text` at its semicolons, outside of quotes, dollar quotes, comments and parentheses; leaves empty ones out.
pub fn split(text: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let (mut from, mut at, mut depth, mut atomic) = (0, 0, 0_usize, 0_usize);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = opaque(text, at) {
            at += length;
            continue;
        }
        let word = word_at(text, at);
        match word.to_ascii_lowercase().as_str() {
            "begin" if next_word(&rest[word.len()..]).eq_ignore_ascii_case("atomic") => atomic += 1,
            "case" if atomic > 0 => atomic += 1,
            "end" => atomic = atomic.saturating_sub(1),
            _ => {}
        }
        let c = rest.chars().next().unwrap_or_default();
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ';' if depth == 0 && atomic == 0 => {
                push(&mut found, text, from, at);
                from = at + 1;
            }
            _ => {}
        }
        at += word.len().max(c.len_utf8());
    }
    push(&mut found, text, from, text.len());
    found
}

fn push<'a>(found: &mut Vec<Statement<'a>>, text: &'a str, from: usize, to: usize) {
    let statement = Statement {
        text: &text[from..to],
        start: text[..from].chars().count(),
    };
    if !statement.first_word().is_empty() || !code(statement.text).is_empty() {
        found.push(statement);
    }
}

/// Returns the length of the quote, comment or dollar quote that begins at `at`.
fn opaque(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let until = |end: &str, from: usize| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |i| from + i + end.len())
    };
    if rest.starts_with("--") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(comment(rest));
    }
    if rest.starts_with('"') {
        return Some(until("\"", 1));
    }
    if rest.starts_with('\'') {
        let escapes = text[..at].ends_with(['e', 'E'])
            && !text[..at - 1].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        return Some(if escapes {
            escaped(rest)
        } else {
            until("'", 1)
        });
    }
    let tag = rest.strip_prefix('$')?;
    if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let end = tag.find('$')?;
    let name = &tag[..end];
    let valid = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let mark = &rest[..end + 2];
    valid.then(|| until(mark, mark.len()))
}

/// PostgreSQL's comments nest.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn escaped(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '\'' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn word_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    &rest[..end]
}

fn next_word(text: &str) -> &str {
    let text = code(text);
    word_at(text, 0)
}

/// Returns `text` without the blanks, comments and parentheses before its first word.
fn code(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        if !text.starts_with("--") && !text.starts_with("/*") {
            return text;
        }
        text = &text[opaque(text, 0).unwrap_or(text.len())..];
    }
}

impl Statement<'_> {
    /// Returns its first word, in lower case.
    pub fn first_word(&self) -> String {
        next_word(self.text).to_ascii_lowercase()
    }

    /// Returns what it is called: `SELECT`, `CREATE INDEX`, `ALTER TABLE`.
    pub fn name(&self) -> String {
        let first = self.first_word().to_ascii_uppercase();
        let code = code(self.text);
        let mut rest = &code[first.len().min(code.len())..];
        if !matches!(first.as_str(), "CREATE" | "ALTER" | "DROP" | "REFRESH") {
            return first;
        }
        loop {
            let word = next_word(rest).to_ascii_uppercase();
            let skipped = ["OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "UNLOGGED"];
            if !skipped.contains(&word.as_str()) {
                return format!("{first} {word}").trim_end().to_owned();
            }
            let after = self::code(rest);
            rest = &after[word.len().min(after.len())..];
        }
    }

    /// Returns whether it reads or writes, as far as its words tell.
    pub fn effect(&self) -> Effect {
        let words = || {
            let code = self
                .text
                .split(|c: char| !(c.is_alphanumeric() || c == '_'));
            code.map(str::to_ascii_lowercase)
        };
        let writes = [
            "insert", "update", "delete", "merge", "into", "analyze", "analyse", "call", "do",
        ];
        match self.first_word().as_str() {
            "select" | "table" | "values" | "with" | "explain" => {
                let found = words().any(|w| writes.contains(&w.as_str()));
                if found { Effect::Writes } else { Effect::Reads }
            }
            "show" | "begin" | "commit" | "rollback" | "start" | "end" => Effect::Reads,
            _ => Effect::Writes,
        }
    }

    /// Returns whether it returns rows, as far as its words tell.
    pub fn returns_rows(&self) -> bool {
        let first = self.first_word();
        let rows = [
            "select", "table", "values", "with", "show", "explain", "fetch", "execute",
        ];
        rows.contains(&first.as_str()) || self.text.to_ascii_lowercase().contains("returning")
    }

    /// Returns why it cannot run in a `sql` step; `None`: it can.
    pub fn refusal(&self) -> Option<&'static str> {
        let text = self.text.to_ascii_lowercase();
        match self.first_word().as_str() {
            "copy" if text.contains("stdin") || text.contains("stdout") => {
                Some("COPY from or to the client needs psql: use a `run` step with `psql -f`")
            }
            "listen" | "unlisten" => Some("LISTEN has no use in a step: nobody would hear"),
            "" if code(self.text).starts_with('\\') => {
                Some("backslash commands are psql's: use a `run` step with `psql -f`")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        split(text)
            .iter()
            .map(|s| s.text.trim().to_owned())
            .collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_means_it() {
        for (text, expected) in [
            ("select 1; select 2;", vec!["select 1", "select 2"]),
            (
                "select ';'; select \";\"",
                vec!["select ';'", "select \";\""],
            ),
            ("select 'it''s;'", vec!["select 'it''s;'"]),
            (r"select e'\';'; x", vec![r"select e'\';'", "x"]),
            (r"select '\'; x", vec![r"select '\'", "x"]),
            ("do $$ begin; end $$; x", vec!["do $$ begin; end $$", "x"]),
            ("do $a$ ;$$; $a$; x", vec!["do $a$ ;$$; $a$", "x"]),
            ("select a$1; x", vec!["select a$1", "x"]),
            ("select 1 -- ;\n; x", vec!["select 1 -- ;", "x"]),
            ("/* ; /* ; */ ; */ x; y", vec!["/* ; /* ; */ ; */ x", "y"]),
            (";; -- nothing\n ;", vec![]),
            (
                "create rule r as on insert to t do (a; b); x",
                vec!["create rule r as on insert to t do (a; b)", "x"],
            ),
            (
                "create function f() begin atomic select case when 1=1 then 2 end; select 2; end; x",
                vec![
                    "create function f() begin atomic select case when 1=1 then 2 end; select 2; end",
                    "x",
                ],
            ),
            (
                "begin; update t set a=1; end; x",
                vec!["begin", "update t set a=1", "end", "x"],
            ),
            ("select 'never closed; x", vec!["select 'never closed; x"]),
            ("select 'ä'; select 'ö'", vec!["select 'ä'", "select 'ö'"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_statement_knows_where_it_began_in_characters() {
        let found = split("select 'ä'; x");
        assert_eq!(found[1].start, 11);
    }

    #[test]
    fn statements_are_called_by_their_names() {
        let name = |text| split(text)[0].name();
        assert_eq!(name("-- why\n (select 1)"), "SELECT");
        assert_eq!(
            name("create unique index concurrently i on t (a)"),
            "CREATE INDEX"
        );
        assert_eq!(name("create or replace function f()"), "CREATE FUNCTION");
        assert_eq!(name("alter table t add a int"), "ALTER TABLE");
        assert_eq!(name("drop"), "DROP");
    }

    #[test]
    fn what_writes_is_known_by_its_words() {
        let effect = |text| split(text)[0].effect();
        for text in [
            "select 1",
            "with a as (select 1) table a",
            "show x",
            "explain select 1",
        ] {
            assert_eq!(effect(text), Effect::Reads, "{text}");
        }
        for text in [
            "update t set a = 1",
            "with a as (delete from t returning *) select * from a",
            "select * into b from a",
            "explain analyze delete from t",
            "vacuum",
        ] {
            assert_eq!(effect(text), Effect::Writes, "{text}");
        }
    }

    #[test]
    fn what_only_psql_can_do_is_refused() {
        let refused = |text| split(text)[0].refusal().is_some();
        for text in ["copy t from stdin", "COPY t TO STDOUT", "listen x", "\\d t"] {
            assert!(refused(text), "{text}");
        }
        for text in ["copy t from '/tmp/x'", "notify x", "select 1"] {
            assert!(!refused(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_stumble_and_nothing_is_lost(text in r#"[a-z'"$;(/*\-\\ eä\n]{0,60}"#) {
            let found = split(&text);
            for s in &found {
                let from: String = text.chars().skip(s.start).collect();
                proptest::prop_assert!(from.starts_with(s.text));
                let _ = (s.name(), s.effect(), s.refusal());
            }
        }
    }
}
