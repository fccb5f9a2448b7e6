//! A console that was copied: what was typed at its prompts, without what it answered.

use regex::Regex;

use crate::domain::import::commands;

/// Returns what was typed at prompts; `None`: there are none, or they are not first.
pub(super) fn console(text: &str, prompt: &Regex, root: Option<&Regex>) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let is_root = |line: &str| {
        root.and_then(|root| root.captures(line))
            .is_some_and(|found| {
                commands::begins_like_command(&found[1])
                    && found[1].split_whitespace().count() <= 12
                    && !found[1].ends_with('.')
            })
    };
    let plain = prompt.is_match(first)
        || first.starts_with('#')
            && text.lines().any(|l| prompt.is_match(l))
            && text
                .lines()
                .take_while(|l| !prompt.is_match(l))
                .all(|l| l.trim().is_empty() || l.starts_with('#'));
    let by_root = !plain
        && is_root(first)
        && text
            .lines()
            .filter(|l| !l.trim().is_empty())
            .all(|l| is_root(l) || !l.starts_with('#'));
    let prompt = match (plain, root) {
        (true, _) => prompt,
        (false, Some(root)) if by_root => {
            // Commands without prompts below would be lost: then `#` begins comments.
            let others = text
                .lines()
                .any(|l| !l.trim().is_empty() && !is_root(l) && commands::begins_like_command(l));
            if others {
                return None;
            }
            root
        }
        _ => return None,
    };
    let mut typed = String::new();
    let mut goes_on = false;
    let mut command_so_far = String::new();
    let mut document: Option<String> = None;
    for line in text.lines() {
        if let Some(end) = &document {
            let line = line.strip_prefix("> ").unwrap_or(line);
            typed.push_str(line);
            typed.push('\n');
            if line.trim() == end {
                document = None;
            }
        } else if let Some(found) = prompt.captures(line) {
            let command = &found[1];
            typed.push_str(command);
            typed.push('\n');
            command_so_far.clear();
            command_so_far.push_str(command);
            goes_on = is_open(&command_so_far);
            document = command
                .split("<<")
                .nth(1)
                .map(|rest| {
                    rest.trim_start_matches(['-', ' ', '\'', '"'])
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect()
                })
                .filter(|word: &String| !word.is_empty());
        } else if goes_on {
            let line = line.strip_prefix("> ").unwrap_or(line);
            typed.push_str(line);
            typed.push('\n');
            command_so_far.push('\n');
            command_so_far.push_str(line);
            goes_on = is_open(&command_so_far);
        }
    }
    // A heredoc that never ends, or a last line that goes on, is not what was typed.
    (document.is_none() && !goes_on && !typed.trim().is_empty()).then_some(typed)
}

/// Whether a command goes on in the next line: a backslash, an open quote, a loop that is not done.
pub(super) fn is_open(command: &str) -> bool {
    let end = command.trim_end();
    if end.ends_with(['\\', '|', '{', '(']) || end.ends_with("&&") || end.ends_with("||") {
        return true;
    }
    let mut quote = None;
    let mut escaped = false;
    for c in command.chars() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    let words = || {
        command
            .split(|c: char| c.is_whitespace() || c == ';')
            .filter(|w| !w.is_empty())
    };
    let count = |wanted: &[&str]| words().filter(|word| wanted.contains(word)).count();
    let first = words().next().unwrap_or_default();
    let loops = matches!(first, "for" | "while" | "until" | "if" | "case");
    quote.is_some()
        || loops && count(&["do", "then", "case"]) > count(&["done", "fi", "esac"])
        || end.ends_with(" do")
        || end.ends_with(" then")
}
