//! What a block without a language is.

use crate::domain::import::commands;
use crate::domain::import::fences::console::console;
use crate::domain::import::fences::{
    ASSIGNS, Around, Fence, PROMPT, REQUEST, ROOT_PROMPT, SQL_PROMPT, SQL_WORDS,
};

/// Says what a block without a language is, and whether that is a guess.
pub(super) fn untagged(text: &str, around: Around, output: bool) -> (Fence, bool) {
    if let Some(typed) = console(text, &PROMPT, Some(&ROOT_PROMPT)) {
        return (Fence::Console { typed, sql: false }, false);
    }
    if let Some(typed) = console(text, &SQL_PROMPT, None) {
        return (Fence::Console { typed, sql: true }, false);
    }
    if output || around.after_runnable {
        return (Fence::Text("it is what comes out"), false);
    }
    if REQUEST.is_match(text.trim_start()) && text.lines().count() <= 30 {
        return (Fence::Http, true);
    }
    if looks_like_sql(text) {
        return (Fence::Sql, true);
    }
    let Some(first) = commands::first_command(text) else {
        return (Fence::Text("it holds no command"), false);
    };
    let settings = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .all(|line| ASSIGNS.is_match(line) && !line.contains("$("));
    if settings {
        return (Fence::Text("it holds settings only"), false);
    }
    if commands::begins_like_command(first) && all_like_commands(text) {
        return (Fence::Shell(""), true);
    }
    (
        Fence::Text("it names no language, and does not look like a command"),
        false,
    )
}

pub(super) fn looks_like_sql(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim)
        .find(|l| !l.is_empty() && !l.starts_with("--"));
    let Some(first) = first else { return false };
    let word = first
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let upper = word.chars().all(|c| c.is_ascii_uppercase());
    let second = first.split_whitespace().nth(1).unwrap_or_default();
    SQL_WORDS.contains(&word.to_lowercase().as_str())
        && text.trim_end().ends_with(';')
        && (upper
            || !matches!(
                word.to_lowercase().as_str(),
                "set" | "use" | "with" | "show" | "exec" | "call"
            ))
        && !second.starts_with('-')
}

/// Whether most lines that could begin a command do: what is drawn or told is no script.
pub(super) fn all_like_commands(text: &str) -> bool {
    let mut goes_on = false;
    let mut quoted = false;
    let (mut good, mut bad) = (0, 0);
    for line in text.lines().map(str::trim) {
        let counts = !goes_on && !quoted && !line.is_empty() && !line.starts_with('#');
        if counts {
            let part = [
                "fi", "done", "then", "do", "else", "esac", "}", ")", "EOF", "|", "&&", "-",
            ]
            .iter()
            .any(|w| line.starts_with(w));
            if commands::begins_like_command(line) || part {
                good += 1;
            } else {
                bad += 1;
            }
        }
        goes_on =
            line.ends_with(['\\', '|', '{', '(']) || line.ends_with("&&") || line.ends_with("||");
        if line.contains("<<")
            || line.matches('\'').count() % 2 == 1
            || line.matches('"').count() % 2 == 1
        {
            quoted = !quoted;
        }
    }
    let drawn = text
        .chars()
        .any(|c| ('\u{2500}'..='\u{257f}').contains(&c) || matches!(c, '→' | '▼' | '↓'));
    !drawn && good > 0 && bad * 3 <= good
}
