//! Placeholders in scripts: they become quoted variables.

use crate::domain::runbook::fill::{Dialect, Fills, Unfilled, at_start, refused};

/// Where a script's reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Outside of quotes; how many `(` are open in it.
    Bare(usize),
    Double,
    Single,
    Backtick,
}

/// Puts variables in the place of placeholders in a script.
///
/// # Errors
/// One stands where a variable would not be expanded, or a value could become code.
pub fn shell(script: &str, dialect: Dialect, fills: &Fills) -> Result<String, Unfilled> {
    match dialect {
        Dialect::Posix => Posix::new(script, fills).run(),
        Dialect::Power => power(script, fills),
        Dialect::Unknown => match fills.iter().find(|(p, _)| script.contains(p.as_str())) {
            Some((placeholder, _)) => Err(refused(placeholder, "in a script of an unknown shell")),
            None => Ok(script.to_owned()),
        },
    }
}

struct Posix<'a> {
    script: &'a str,
    fills: &'a Fills,
    at: usize,
    modes: Vec<Mode>,
    /// Delimiters of heredocs that begin behind this line, and whether variables are expanded in them.
    documents: Vec<(String, bool)>,
    filled: String,
}

impl<'a> Posix<'a> {
    fn new(script: &'a str, fills: &'a Fills) -> Self {
        Self {
            script,
            fills,
            at: 0,
            modes: vec![Mode::Bare(0)],
            documents: Vec::new(),
            filled: String::with_capacity(script.len() + 64),
        }
    }

    fn run(mut self) -> Result<String, Unfilled> {
        while let Some(c) = self.script[self.at..].chars().next() {
            self.step(c)?;
        }
        Ok(self.filled)
    }

    fn mode(&self) -> Mode {
        self.modes.last().copied().unwrap_or(Mode::Bare(0))
    }

    fn copy(&mut self, length: usize) {
        let end = (self.at + length).min(self.script.len());
        let end = self.script.ceil_char_boundary(end);
        self.filled.push_str(&self.script[self.at..end]);
        self.at = end;
    }

    fn step(&mut self, c: char) -> Result<(), Unfilled> {
        let rest = &self.script[self.at..];
        if let Some((placeholder, name)) = at_start(rest, self.fills) {
            self.put(placeholder, name)?;
            return Ok(());
        }
        match (self.mode(), c) {
            (Mode::Single, '\'') => self.leave(),
            (Mode::Single, _) => self.copy(c.len_utf8()),
            (_, '\\') => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                self.copy(1 + next);
            }
            (Mode::Bare(_), '\'') => self.enter(Mode::Single, 1),
            (Mode::Bare(_), '"') => self.enter(Mode::Double, 1),
            (Mode::Double, '"') => self.leave(),
            (Mode::Backtick, '`') => self.leave(),
            (_, '`') => self.enter(Mode::Backtick, 1),
            (_, '$') if rest.starts_with("$(") => self.enter(Mode::Bare(0), 2),
            (_, '$') if rest.starts_with("${") => self.expansion()?,
            (Mode::Bare(depth), '(') => self.depth(depth + 1),
            (Mode::Bare(0), ')') if self.modes.len() > 1 => self.leave(),
            (Mode::Bare(depth), ')') => self.depth(depth.saturating_sub(1)),
            (Mode::Bare(_), '#') if self.begins_word() => self.comment(),
            (Mode::Bare(_), '<') if rest.starts_with("<<") && !rest.starts_with("<<<") => {
                self.heredoc();
            }
            (Mode::Bare(_), '\n') if !self.documents.is_empty() => {
                self.copy(1);
                self.bodies()?;
            }
            _ => self.copy(c.len_utf8()),
        }
        Ok(())
    }

    fn enter(&mut self, mode: Mode, length: usize) {
        self.copy(length);
        self.modes.push(mode);
    }

    fn leave(&mut self) {
        self.copy(1);
        if self.modes.len() > 1 {
            self.modes.pop();
        }
    }

    fn depth(&mut self, depth: usize) {
        self.copy(1);
        if let Some(mode) = self.modes.last_mut() {
            *mode = Mode::Bare(depth);
        }
    }

    fn begins_word(&self) -> bool {
        self.script[..self.at]
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || c == ';')
    }

    /// A comment stays as it is.
    fn comment(&mut self) {
        let rest = &self.script[self.at..];
        self.copy(rest.find('\n').unwrap_or(rest.len()));
    }

    /// `${…}` is the script's own.
    fn expansion(&mut self) -> Result<(), Unfilled> {
        let rest = &self.script[self.at..];
        let length = rest.find(['}', '\n']).map_or(rest.len(), |i| i + 1);
        let found = self
            .fills
            .iter()
            .find(|(p, _)| rest[..length].contains(p.as_str()));
        if let Some((placeholder, _)) = found {
            return Err(refused(placeholder, "inside `${…}`"));
        }
        self.copy(length);
        Ok(())
    }

    fn put(&mut self, placeholder: &str, name: &str) -> Result<(), Unfilled> {
        let before = self.script[..self.at].chars().next_back();
        if before == Some('$') {
            return Err(refused(placeholder, "behind a `$`"));
        }
        let text = match self.mode() {
            Mode::Bare(_) => format!("\"${{{name}}}\""),
            Mode::Double => format!("${{{name}}}"),
            Mode::Single => format!("'\"${{{name}}}\"'"),
            Mode::Backtick => return Err(refused(placeholder, "between backticks")),
        };
        self.filled.push_str(&text);
        self.at += placeholder.len();
        Ok(())
    }

    /// Notes the delimiter of a heredoc: `<<EOF`, `<<-'EOF'`.
    fn heredoc(&mut self) {
        let rest = &self.script[self.at + 2..];
        let trimmed = rest.trim_start_matches('-').trim_start_matches([' ', '\t']);
        let quoted = trimmed.starts_with(['\'', '"', '\\']);
        let word: String = trimmed
            .trim_start_matches(['\'', '"', '\\'])
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let skipped = rest.len() - trimmed.len();
        let quotes = usize::from(quoted);
        let closing = trimmed
            .get(quotes + word.len()..)
            .is_some_and(|t| t.starts_with(['\'', '"']));
        if word.is_empty() {
            self.copy(2);
            return;
        }
        self.copy(2 + skipped + quotes + word.len() + usize::from(closing));
        self.documents.push((word, !quoted));
    }

    /// Goes through the bodies of the heredocs that begin here.
    fn bodies(&mut self) -> Result<(), Unfilled> {
        for (delimiter, expands) in std::mem::take(&mut self.documents) {
            while self.at < self.script.len() {
                let rest = &self.script[self.at..];
                let length = rest.find('\n').map_or(rest.len(), |i| i + 1);
                let line = &rest[..length];
                if line.trim() == delimiter {
                    self.copy(length);
                    break;
                }
                self.body_line(line, expands)?;
            }
        }
        Ok(())
    }

    fn body_line(&mut self, line: &str, expands: bool) -> Result<(), Unfilled> {
        let end = self.at + line.len();
        while self.at < end {
            let rest = &self.script[self.at..end];
            if let Some((placeholder, name)) = at_start(rest, self.fills) {
                if !expands || self.script[..self.at].ends_with(['$', '\\', '`']) {
                    return Err(refused(placeholder, "in a heredoc that is taken literally"));
                }
                self.filled.push_str(&format!("${{{name}}}"));
                self.at += placeholder.len();
            } else {
                self.copy(rest.chars().next().map_or(1, char::len_utf8));
            }
        }
        Ok(())
    }
}

/// As [`shell`], for PowerShell: nothing is put between single quotes.
fn power(script: &str, fills: &Fills) -> Result<String, Unfilled> {
    let mut filled = String::with_capacity(script.len());
    let mut quote = None;
    let mut at = 0;
    while let Some(c) = script[at..].chars().next() {
        if let Some((placeholder, name)) = at_start(&script[at..], fills) {
            if quote == Some('\'') || script.contains("@'") || script[..at].ends_with(['$', '`']) {
                return Err(refused(placeholder, "between single quotes"));
            }
            filled.push_str(&format!("${{env:{name}}}"));
            at += placeholder.len();
            continue;
        }
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        filled.push(c);
        at += c.len_utf8();
    }
    Ok(filled)
}
