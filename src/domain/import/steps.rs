//! A block of code becomes an action that waits for a key, or a manual step with the block in its note.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::commands;
use crate::domain::import::fences::Fence;
use crate::domain::import::mask::pattern;
use crate::domain::import::parse::Code;
use crate::domain::import::placeholders::{self, Language};
use crate::domain::import::plan::{Action, Http, Run, Sql};
use crate::domain::redact;
use crate::domain::runbook::fill::{self, Dialect};
use crate::domain::runbook::sql::{self, Quoting};

pattern!(HEADER, r"^([A-Za-z][A-Za-z0-9-]*):\s*(.+)$");

/// Tries whether parameters can be put in the place of placeholders.
type Trial<'a> = dyn Fn(&fill::Fills) -> Result<(), fill::Unfilled> + 'a;

/// What a block became.
#[derive(Debug, Default)]
pub struct Made {
    /// The action.
    pub action: Action,
    /// What goes into the note.
    pub note: Vec<String>,
}

/// Returns a block with fences around it that are longer than any in it.
pub fn fenced(code: &Code) -> String {
    let longest = code
        .text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if code.text.ends_with('\n') || code.text.is_empty() {
        ""
    } else {
        "\n"
    };
    format!(
        "{fence}{}\n{}{end}{fence}",
        code.info.trim().replace('`', ""),
        code.text
    )
}

/// Returns a title for a block: its first comment, else its first command.
pub fn title_of(text: &str) -> String {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let comment = line.trim_start_matches(['#', '-', '/', '*', ' ']);
        let is_comment =
            line.starts_with("# ") || line.starts_with("-- ") || line.starts_with("// ");
        let words = comment.chars().filter(|c| c.is_alphabetic()).count();
        if is_comment && words >= 3 && comment.chars().count() <= 120 {
            return comment
                .trim_end_matches([':', '-', '=', ' ', '*', '/', '#'])
                .to_owned();
        }
        if !is_comment && !line.starts_with("#!") && !line.starts_with('#') {
            let cut: String = line.chars().take(76).collect();
            let more = if cut.len() < line.len() { "…" } else { "" };
            return format!("`{}{more}`", cut.replace('`', "'"));
        }
    }
    "Run the block".into()
}

impl Builder<'_> {
    /// Makes an action of a block that was found to be `what`; `guessed`: nobody said so.
    pub fn action(&mut self, code: &Code, what: &Fence, guessed: bool, line: usize) -> Made {
        self.look_at(code, line);
        let made = match what {
            Fence::Shell(shell) => self.script(&code.text, shell, line),
            Fence::Sql => self.statements(&code.text, line),
            Fence::Http => http(&code.text).map(Action::Http),
            Fence::Console { typed, sql: false } => self.script(typed, "", line),
            Fence::Console { typed, sql: true } => self.statements(typed, line),
            Fence::Comments | Fence::Checklist | Fence::Text(_) => None,
        };
        let kept_in_note = made.is_none() || matches!(what, Fence::Console { .. } | Fence::Http);
        let mut note = Vec::new();
        if guessed && made.is_some() {
            note.push("*Guessed: the document does not say that this is a command.*".to_owned());
            self.account.warn(
                line,
                "this block names no language: taken for a command by its first word",
            );
        }
        if kept_in_note {
            note.push(fenced(code));
        }
        match &made {
            Some(Action::Run(run)) => self.scripts.push((line, run.script.clone())),
            Some(_) => {}
            None if *what == Fence::Comments => self
                .account
                .warn(line, "this block holds comments only: a step by hand"),
            None => {}
        }
        Made {
            action: made.unwrap_or_default(),
            note,
        }
    }

    fn script(&mut self, script: &str, shell: &str, line: usize) -> Option<Action> {
        let words: Vec<String> = shell.split_whitespace().map(str::to_owned).collect();
        let dialect = Dialect::of(&words);
        let fill = self.fills(script, Language::Shell, line, &|fills| {
            fill::shell(script, dialect, fills).map(|_| ())
        })?;
        let endless = commands::never_ends(script);
        let single = script
            .lines()
            .filter(|l| !l.trim().is_empty() && !l.trim().starts_with('#'))
            .count()
            == 1;
        let terminal = commands::wants_terminal(script) || endless && !single;
        if terminal {
            self.account.warn(
                line,
                "this block wants a terminal: the step gets the whole one",
            );
        } else if endless {
            self.account.warn(line, "this command does not end by itself: it runs beside the others until the phase ends");
        }
        Some(Action::Run(Run {
            script: script.to_owned(),
            shell: shell.to_owned(),
            fill,
            danger: commands::does_harm(script),
            interactive: terminal,
            background: endless && !terminal,
        }))
    }

    fn statements(&mut self, text: &str, line: usize) -> Option<Action> {
        // The runbook that is written names no server: it is read by the same rules.
        let quoting = Quoting::default();
        let mut filled = text.to_owned();
        let fill = self.fills(text, Language::Sql, line, &|fills| {
            fill::statements(text, quoting, fills).map(|_| ())
        })?;
        if let Ok(done) = fill::statements(text, quoting, &fill) {
            filled = done;
        }
        let danger = commands::does_harm(text);
        let script = sql::script(&filled, quoting);
        let first = |i: usize| {
            script.statements[i]
                .words
                .first()
                .map_or("", String::as_str)
        };
        let frames = (0..script.statements.len()).any(|i| {
            matches!(
                first(i),
                "begin" | "commit" | "rollback" | "start" | "end" | "abort"
            )
        });
        let outside = script.statements.len() > 1
            && script
                .statements
                .iter()
                .any(sql::Statement::needs_no_transaction);
        if fill::is_plain_sql(&filled, quoting) && !(frames && outside) {
            self.needs_database = true;
            return Some(Action::Sql(Sql {
                text: text.to_owned(),
                fill,
                danger,
                alone: outside,
            }));
        }
        if !fill.is_empty() {
            self.account.warn(
                line,
                "this block needs psql and holds placeholders: a step by hand",
            );
            return None;
        }
        let delimiter = ["SQL", "END_OF_SQL", "END_OF_STATEMENTS"]
            .iter()
            .find(|d| !text.lines().any(|l| l == **d))?;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.account.warn(
            line,
            "these statements need psql: the step runs them through it, with $DATABASE_URL",
        );
        Some(Action::Run(Run {
            script: format!(
                "psql -X -v ON_ERROR_STOP=1 \"$DATABASE_URL\" <<'{delimiter}'\n{text}{end}{delimiter}\n"
            ),
            danger,
            ..Run::default()
        }))
    }

    /// Finds placeholders and names their parameters; `None`: one stands where no value can be put.
    fn fills(
        &mut self,
        text: &str,
        language: Language,
        line: usize,
        try_them: &Trial<'_>,
    ) -> Option<Vec<(String, String)>> {
        let found = placeholders::found(text, language);
        if found.is_empty() {
            return Some(Vec::new());
        }
        let trial: Vec<(String, String)> =
            found.iter().map(|p| (p.clone(), "x".to_owned())).collect();
        if let Err(why) = try_them(&trial) {
            self.account.warn(line, format!("{why}: a step by hand"));
            return None;
        }
        let named = found.into_iter().map(|placeholder| {
            let name = self.parameters.name(&placeholder, text);
            (placeholder, name)
        });
        Some(named.collect())
    }

    /// Warns of what looks wrong in a block.
    fn look_at(&mut self, code: &Code, line: usize) {
        let hidden = code.text.chars().any(|c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        if hidden {
            self.account.warn(
                line,
                "characters that cannot be seen stand in this block: kept",
            );
        }
        if code.text.contains('\u{a0}') {
            self.account.warn(
                line,
                "no-break spaces stand in this block: a shell takes them for letters; kept",
            );
        }
        if code.text.contains(['“', '”', '‘', '’', '„', '«', '»']) {
            self.account.warn(
                line,
                "typographic quotes stand in this block: a shell does not know them; kept",
            );
        }
        if code
            .text
            .lines()
            .any(|l| matches!(l.trim(), "..." | "…" | "[...]" | "<...>"))
        {
            self.account
                .warn(line, "this block leaves something out (`...`): complete it");
        }
        if redact::redact_text(&code.text) != code.text {
            self.account.warn(
                line,
                "this block seems to hold a secret: take it out and name it under `secrets`",
            );
        }
    }

    /// Accounts for a block that stays text.
    pub fn stays_text(&mut self, lines: (usize, usize), why: &str, tagged: bool) {
        if tagged {
            self.account
                .warn(lines.0, format!("this block is not run: {why}"));
        }
    }

    /// Warns of directories and variables that scripts leave to those behind them: each step has a shell of its own.
    pub fn warn_of_carried(&mut self) {
        let scripts = std::mem::take(&mut self.scripts);
        let Some(((_, _), earlier)) = scripts
            .split_last()
            .map(|(last, earlier)| ((last.0, &last.1), earlier))
        else {
            return;
        };
        for (line, script) in earlier {
            if let Some(carried) = commands::carried_over(script) {
                let shown: String = carried.chars().take(60).collect();
                let shown = redact::redact_text(&shown);
                self.account.warn(
                    *line,
                    format!(
                        "`{}` is gone when the next step begins: each has a shell of its own",
                        shown.replace('`', "'")
                    ),
                );
            }
        }
    }

    /// Notes that lines became a step.
    pub fn became_step(&mut self, lines: (usize, usize), what: What, uid: usize) {
        self.account.add(lines, what, Fate::Step(uid));
    }
}

/// Reads `GET /path HTTP/1.1`, headers, body.
fn http(text: &str) -> Option<Http> {
    let mut lines = text.trim().lines();
    let first = lines.next()?;
    let mut words = first.split_whitespace();
    let method = words.next()?.to_lowercase();
    let address = words.next()?;
    if !["http://", "https://"]
        .iter()
        .any(|start| address.starts_with(start))
        || address.contains(['<', '{', '$'])
    {
        return None;
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut body = String::new();
    let mut in_body = false;
    for line in lines {
        if in_body {
            body.push_str(line);
            body.push('\n');
        } else if line.trim().is_empty() {
            in_body = true;
        } else {
            let found = HEADER.captures(line)?;
            if headers.iter().any(|(name, _)| name == &found[1]) || found[2].contains(['<', '{']) {
                return None;
            }
            headers.push((found[1].to_owned(), found[2].to_owned()));
        }
    }
    let body = body.trim().to_owned();
    (body.lines().all(|l| !l.starts_with("HTTP/")) && !body.contains("{{")).then_some(())?;
    Some(Http {
        method,
        url: address.to_owned(),
        headers,
        body: (!body.is_empty()).then_some(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_without_a_title_is_called_by_its_comment_or_command() {
        assert_eq!(title_of("# Back up first:\npg_dump x\n"), "Back up first");
        assert_eq!(title_of("\n  pg_dump `x`\n"), "`pg_dump 'x'`");
        assert_eq!(title_of("#!/bin/sh\nls\n"), "`ls`");
        assert!(title_of(&"x".repeat(200)).ends_with("…`"));
    }

    #[test]
    fn requests_are_read_whole_or_not_at_all() {
        let read = http("POST https://a/b HTTP/1.1\nAccept: x\n\n{\"a\": 1}\n").unwrap();
        assert_eq!(
            (read.method.as_str(), read.url.as_str(), read.headers.len()),
            ("post", "https://a/b", 1)
        );
        assert_eq!(read.body.as_deref(), Some("{\"a\": 1}"));
        assert!(http("GET /health\n").is_none());
        assert!(http("GET https://<host>/x\n").is_none());
    }

    #[test]
    fn fences_are_longer_than_what_they_hold() {
        let code = Code {
            info: "sh".into(),
            text: "a ```` b\n".into(),
            ..Code::default()
        };
        assert_eq!(fenced(&code), "`````sh\na ```` b\n`````");
    }
}
