//! What a block of code is: something to run, and how, or text.

mod console;
mod guess;

use console::console;
use guess::untagged;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::commands;
use crate::domain::import::mask::pattern;
use crate::domain::import::parse::Code;
use crate::domain::import::words;

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// A script for this shell; empty: the default one.
    Shell(&'static str),
    /// Statements.
    Sql,
    /// A request.
    Http,
    /// A console with prompts: what was typed, and whether it was SQL.
    Console {
        /// The commands, prompts and output taken off.
        typed: String,
        /// Whether they are statements.
        sql: bool,
    },
    /// A checklist that somebody quoted.
    Checklist,
    /// Comments only: a person reads and does it.
    Comments,
    /// Text; the words say why.
    Text(&'static str),
}

/// What is known around a block.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// The text right before it.
    pub before: &'a str,
    /// Whether it follows a block that runs, with nothing between.
    pub after_runnable: bool,
}

const SHELL: &[&str] = &[
    "bash",
    "sh",
    "shell",
    "zsh",
    "console",
    "terminal",
    "shellsession",
    "shell-session",
    "sh-session",
    "shell-script",
    "fish",
    "ksh",
    "ssh",
    "command",
    "cmdline",
    "commandline",
    "bash-session",
];
const POWER: &[&str] = &["powershell", "pwsh", "ps1", "posh", "ps"];
const SQL: &[&str] = &[
    "sql",
    "psql",
    "mysql",
    "tsql",
    "plsql",
    "pgsql",
    "plpgsql",
    "postgres",
    "postgresql",
    "postgressql",
    "mariadb",
    "t-sql",
    "mssql",
    "oracle",
    "sqlite",
];
const TEXT: &[&str] = &[
    "text",
    "txt",
    "plain",
    "plaintext",
    "output",
    "log",
    "logs",
    "none",
    "diff",
    "ascii",
    "example",
    "quote",
    "csv",
];
const MARKDOWN: &[&str] = &["markdown", "md", "gfm"];
const SQL_WORDS: &[&str] = &[
    "select", "insert", "update", "delete", "create", "alter", "drop", "truncate", "grant",
    "revoke", "vacuum", "analyze", "explain", "show", "with", "begin", "commit", "set", "reindex",
    "call", "exec", "use", "flush",
];

pattern!(
    PROMPT,
    r"^\s{0,3}(?:\([\w.-]+\)\s*)?(?:(?:\[?[\w.-]+@[\w.-]+[^$#%❯➜\n]{0,60})?[$%❯➜]|\[?[\w.-]+@[\w.-]+[^$#\n]{0,60}#)\s+(\S.*)$"
);
pattern!(ROOT_PROMPT, r"^# (\S.*)$");
pattern!(PS_PROMPT, r"^PS [^>\n]{0,80}>\s+(\S.*)$");
pattern!(
    SQL_PROMPT,
    r"^(?:[\w.-]*[=\-*'\x22(]+[#>]|(?:mysql|MariaDB \[[^\]]*\]|sqlite|SQL)>|\s{4}->)\s+(\S.*)$"
);
pattern!(
    REQUEST,
    r"^(?:GET|HEAD|POST|PUT|PATCH|DELETE)\s+(?:https?://|/|\{\{|\$\{)\S*"
);
pattern!(TASK, r"^\s*(?:(?:[-*+]|\d+[.)])\s+)?\[[ xX]\]\s");
pattern!(ASSIGNS, r"^[A-Za-z_][A-Za-z0-9_.-]*\s*=");

/// Returns the first word of an info string, lower case.
pub fn language(info: &str) -> String {
    let info = info.trim().trim_start_matches(['{', '.', ' ']);
    let word: String = info
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '+' | '#' | '_'))
        .collect();
    word.to_lowercase()
}

/// Whether the tag of a block names a shell or SQL.
pub fn is_tagged_runnable(info: &str) -> bool {
    let name = language(info);
    let name = name.as_str();
    SHELL.contains(&name)
        || POWER.contains(&name)
        || SQL.contains(&name)
        || matches!(name, "cmd" | "bat" | "batch" | "dos")
}

/// Says what a block is.
pub fn classify(code: &Code, around: Around) -> (Fence, bool) {
    let name = language(&code.info);
    let name = name.as_str();
    let text = code.text.as_str();
    if text.trim().is_empty() {
        return (Fence::Text("it is empty"), false);
    }
    if !name.is_empty()
        && !is_tagged_runnable(&code.info)
        && mostly_tasks(text)
        && (MARKDOWN.contains(&name) || TEXT.contains(&name))
    {
        return (Fence::Checklist, false);
    }
    if name.is_empty() && (code.closed || !code.fenced) && mostly_tasks(text) {
        return (Fence::Checklist, false);
    }
    if let Some(reason) = suspicious(code) {
        return (Fence::Text(reason), false);
    }
    let output = words::announces_output(around.before);
    if SHELL.contains(&name) {
        return (tagged_shell(name, text, output), false);
    }
    if POWER.contains(&name) {
        let typed = console(text, &PS_PROMPT, None);
        return (
            typed.map_or(Fence::Shell("pwsh -NoProfile -Command"), |typed| {
                Fence::Console { typed, sql: false }
            }),
            false,
        );
    }
    match name {
        "cmd" | "bat" | "batch" | "dos" => (Fence::Shell("cmd /c"), false),
        "http" | "rest" => (
            if REQUEST.is_match(text.trim_start()) {
                Fence::Http
            } else {
                Fence::Text("it is no request")
            },
            false,
        ),
        _ if SQL.contains(&name) => (tagged_sql(text, output), false),
        "" => untagged(text, around, output),
        _ if TEXT.contains(&name) => (Fence::Text("its language says that it is text"), false),
        _ if MARKDOWN.contains(&name) => (Fence::Text("it is quoted markdown"), false),
        _ => (Fence::Text("its language is not run"), false),
    }
}

fn tagged_shell(name: &str, text: &str, output: bool) -> Fence {
    if let Some(typed) =
        console(text, &SQL_PROMPT, None).filter(|_| !text.trim_start().starts_with('$'))
    {
        return Fence::Console { typed, sql: true };
    }
    let root = (name.contains("console") || name.contains("session") || name == "terminal")
        .then_some(&*ROOT_PROMPT);
    if let Some(typed) = console(text, &PROMPT, root) {
        return Fence::Console { typed, sql: false };
    }
    match commands::first_command(text) {
        None => Fence::Comments,
        Some(first) if output && !commands::begins_like_command(first) => {
            Fence::Text("it is what comes out")
        }
        Some(_) => Fence::Shell(""),
    }
}

fn tagged_sql(text: &str, output: bool) -> Fence {
    if let Some(typed) = console(text, &SQL_PROMPT, None) {
        return Fence::Console { typed, sql: true };
    }
    let bare = text.lines().all(|line| {
        let line = line.trim();
        line.is_empty()
            || line.starts_with("--")
            || line.starts_with('#')
            || line.starts_with("/*") && line.ends_with("*/")
    });
    let begins = commands::first_statement(text).and_then(|line| line.chars().next());
    if bare {
        Fence::Comments
    } else if begins.is_some_and(|c| !c.is_alphabetic() && !"\\(@:;/*`[<$#\"".contains(c)) {
        Fence::Text("it does not begin as SQL does")
    } else if output
        && text
            .lines()
            .any(|l| l.contains("-+-") || l.trim_start().starts_with('|'))
    {
        Fence::Text("it is what comes out")
    } else if commands::first_command(text)
        .is_some_and(|first| first.starts_with("psql ") || first.starts_with("mysql "))
    {
        Fence::Shell("")
    } else {
        Fence::Sql
    }
}

fn mostly_tasks(text: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let (all, tasks) = lines.fold((0, 0), |(all, tasks), line| {
        (all + 1, tasks + usize::from(TASK.is_match(line)))
    });
    tasks > 0 && tasks * 2 >= all
}

/// Says why a block is not what it seems to be; such a block is never run.
pub fn suspicious(code: &Code) -> Option<&'static str> {
    if code.fenced && !code.closed {
        return Some("its fence is never closed");
    }
    let name = language(&code.info);
    if MARKDOWN.contains(&name.as_str()) {
        return None;
    }
    let mut document = false;
    for line in code.text.lines() {
        let line = line.trim();
        if line.contains("<<") {
            document = true;
        }
        if !document && (line.starts_with("```") || line.starts_with("~~~")) {
            return Some("a fence marker stands in it");
        }
        if !document && TASK.is_match(line) {
            return Some("a checkbox stands in it");
        }
        if !document
            && (line.starts_with("## ") || line.starts_with("### "))
            && line.split_whitespace().count() < 9
            && !line.ends_with('#')
            && name.is_empty()
            && !code.text.trim_start().starts_with('#')
        {
            return Some("a heading stands in it");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(info: &str, text: &str) -> Fence {
        let code = Code {
            info: info.into(),
            text: text.into(),
            fenced: true,
            closed: true,
        };
        classify(&code, Around::default()).0
    }

    #[test]
    fn a_tag_says_what_runs() {
        assert_eq!(what("bash", "ls\n"), Fence::Shell(""));
        assert_eq!(what("{.sh .numberLines}", "ls\n"), Fence::Shell(""));
        assert_eq!(
            what("powershell", "Get-Item x\n"),
            Fence::Shell("pwsh -NoProfile -Command")
        );
        assert_eq!(what("sql title=\"x\"", "select 1;\n"), Fence::Sql);
        assert_eq!(what("bash", "# only words\n"), Fence::Comments);
        assert_eq!(what("sql", "-- only words\n"), Fence::Comments);
        assert_eq!(what("http", "GET /health\n"), Fence::Http);
        for (info, text) in [
            ("yaml", "a: b\n"),
            ("python", "import os\n"),
            ("nginx", "server {}\n"),
            ("text", "ls\n"),
            ("bash", "ls\n```\nls\n"),
        ] {
            assert!(matches!(what(info, text), Fence::Text(_)), "{info}");
        }
    }

    #[test]
    fn prompts_and_output_are_taken_off() {
        for (info, text, wanted, sql) in [
            (
                "console",
                "$ uptime\n 10:00 up\n$ df \\\n  -h\nFilesystem\n",
                "uptime\ndf \\\n  -h\n",
                false,
            ),
            (
                "",
                "root@db1:~# systemctl stop api\n",
                "systemctl stop api\n",
                false,
            ),
            ("bash", "# comment\n$ ls\n", "ls\n", false),
            ("sql", "shop=# select 1;\n ?column?\n", "select 1;\n", true),
            (
                "console",
                "$ for i in 1 2; do\n  echo $i\ndone\n1\n2\n",
                "for i in 1 2; do\n  echo $i\ndone\n",
                false,
            ),
            ("", "mysql> show tables;\n+--+\n", "show tables;\n", true),
            ("powershell", "PS C:\\> Get-Item x\n", "Get-Item x\n", false),
        ] {
            assert_eq!(
                what(info, text),
                Fence::Console {
                    typed: wanted.into(),
                    sql
                },
                "{text}"
            );
        }
        assert_eq!(what("bash", "# apt update\napt update\n"), Fence::Shell(""));
    }

    #[test]
    fn without_a_tag_only_what_looks_like_a_command_runs() {
        assert_eq!(
            what("", "kubectl apply -f x\nkubectl get pods\n"),
            Fence::Shell("")
        );
        assert_eq!(what("", "ALTER TABLE a ADD b int;\n"), Fence::Sql);
        for text in [
            "app -> db\n",
            "{\"a\": 1}\n",
            "Dear team,\nwe start at ten.\n",
            "├── a\n",
            "Name: ____\nDate: ____\n",
            "src/\n  main.rs\n",
            "200 OK\n",
        ] {
            assert!(matches!(what("", text), Fence::Text(_)), "{text}");
        }
        assert_eq!(what("", "- [ ] a\n- [ ] b\n"), Fence::Checklist);
        let code = Code {
            text: "ls -l\n".into(),
            fenced: true,
            closed: true,
            ..Code::default()
        };
        let around = Around {
            before: "You should see:",
            after_runnable: false,
        };
        assert!(matches!(classify(&code, around).0, Fence::Text(_)));
    }
}
