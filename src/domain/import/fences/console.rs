//! A console that was copied: what was typed at its prompts, without what it answered.

use regex::Regex;

use crate::domain::import::commands;

/// Returns what was typed at prompts; `None`: there are none, or they are not first.
pub(super) fn console(text: &str, prompt: &Regex, root: Option<&Regex>) -> Option<String> {
    let prompt = prompt_of(text, prompt, root)?;
    let mut typed = Typed::default();
    for line in text.lines() {
        typed.take(line, prompt);
    }
    typed.whole()
}

/// Returns which of the two prompts the commands stand behind.
fn prompt_of<'r>(text: &str, prompt: &'r Regex, root: Option<&'r Regex>) -> Option<&'r Regex> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.clone().next()?;
    let plain = prompt.is_match(first)
        || first.starts_with('#')
            && text.lines().any(|l| prompt.is_match(l))
            && lines
                .clone()
                .take_while(|l| !prompt.is_match(l))
                .all(|l| l.starts_with('#'));
    if plain {
        return Some(prompt);
    }
    let root = root?;
    let is_root = |line: &str| {
        root.captures(line).is_some_and(|found| {
            commands::begins_like_command(&found[1])
                && found[1].split_whitespace().count() <= 12
                && !found[1].ends_with('.')
        })
    };
    let by_root = is_root(first) && lines.clone().all(|l| is_root(l) || !l.starts_with('#'));
    // Commands without prompts below would be lost: then `#` begins comments.
    let others = lines.any(|l| !is_root(l) && commands::begins_like_command(l));
    (by_root && !others).then_some(root)
}

/// What was typed so far.
#[derive(Default)]
struct Typed {
    text: String,
    /// The last command, as far as it was typed.
    command: String,
    /// The last command goes on in the next line.
    goes_on: bool,
    /// The word that ends the heredoc that is open.
    document: Option<String>,
}

impl Typed {
    fn take(&mut self, line: &str, prompt: &Regex) {
        let more = line.strip_prefix("> ").unwrap_or(line);
        if let Some(end) = &self.document {
            if more.trim() == end {
                self.document = None;
            }
            self.push(more);
        } else if let Some(found) = prompt.captures(line) {
            let command = &found[1];
            self.push(command);
            command.clone_into(&mut self.command);
            self.goes_on = is_open(command);
            self.document = heredoc(command);
        } else if self.goes_on {
            self.push(more);
            self.command.push('\n');
            self.command.push_str(more);
            self.goes_on = is_open(&self.command);
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A heredoc that never ends, or a last line that goes on, is not what was typed.
    fn whole(self) -> Option<String> {
        let whole = self.document.is_none() && !self.goes_on && !self.text.trim().is_empty();
        whole.then_some(self.text)
    }
}

/// Returns the word that ends the heredoc which a command begins.
fn heredoc(command: &str) -> Option<String> {
    let word = command.split("<<").nth(1)?;
    let word: String = word
        .trim_start_matches(['-', ' ', '\'', '"'])
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    Some(word).filter(|word| !word.is_empty())
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
