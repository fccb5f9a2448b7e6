//! What is wrong with a runbook: each with its place, the line, a caret and a hint.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

/// Problems that are printed with their lines; more are counted.
const PRINTED: usize = 50;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The runbook cannot be used.
    Error,
    /// It can be used, and is probably not what was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The line, counted from one.
    pub line: usize,
    /// The column in characters, counted from one.
    pub column: usize,
    /// How many characters of the line are meant, one at least.
    pub length: usize,
    /// The line itself.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything that is wrong with one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    /// The file, as it was named.
    pub name: String,
    /// What is wrong.
    pub list: Vec<Problem>,
}

impl Problems {
    /// Returns how many errors there are.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Returns how many warnings there are.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|p| p.severity == severity).count()
    }

    /// Prints each with its place, line, caret and hint, for people.
    pub fn render(&self) -> String {
        self.rendered(&Renderer::plain())
    }

    /// As [`Self::render`], with colours for a terminal.
    pub fn render_coloured(&self) -> String {
        self.rendered(&Renderer::styled())
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let mut text = String::new();
        for problem in self.list.iter().take(PRINTED) {
            text.push_str(&renderer.render(&[problem.group(&self.name)]));
            text.push_str("\n\n");
        }
        if let Some(more) = self.list.len().checked_sub(PRINTED).filter(|n| *n > 0) {
            text.push_str("… and ");
            text.push_str(&more.to_string());
            text.push_str(" more like these\n");
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// Returns them for editors and CI.
    pub fn to_json(&self) -> Value {
        let list: Vec<Value> = self.list.iter().map(Problem::to_json).collect();
        json!({
            "file": self.name,
            "errors": self.errors(),
            "warnings": self.warnings(),
            "problems": list,
        })
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Problems {}

impl Problem {
    fn group<'a>(&'a self, name: &'a str) -> Group<'a> {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let span = self.bytes();
        let snippet = Snippet::source(self.text.as_str())
            .line_start(self.line)
            .path(name)
            .annotation(AnnotationKind::Primary.span(span));
        let group = level.primary_title(self.message.as_str()).element(snippet);
        match &self.hint {
            Some(hint) => group.element(Level::HELP.message(hint.as_str())),
            None => group,
        }
    }

    /// Returns the bytes of the line that are meant; always whole characters, as the renderer panics on parts of one.
    fn bytes(&self) -> Range<usize> {
        let place = |column: usize| {
            self.text
                .char_indices()
                .nth(column)
                .map_or(self.text.len(), |(at, _)| at)
        };
        place(self.column - 1)..place(self.column - 1 + self.length)
    }

    fn to_json(&self) -> Value {
        json!({
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "line": self.line,
            "column": self.column,
            "length": self.length,
            "text": self.text,
            "message": self.message,
            "hint": self.hint,
        })
    }
}

/// The text of a file, and where its lines begin.
#[derive(Debug)]
pub struct Source<'a> {
    /// The text, without a byte order mark.
    pub text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Finds the lines of `text`.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// Returns the line, counted from one, that byte `at` stands in.
    pub fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// Returns the bytes of a line, without its end.
    pub fn line_bytes(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        let kept = self.text[start..end].trim_end_matches(['\n', '\r']).len();
        start..start + kept
    }

    /// Makes a problem of what is wrong with the bytes `at`; only its first line is shown.
    pub fn problem(
        &self,
        severity: Severity,
        at: Range<usize>,
        message: String,
        hint: Option<String>,
    ) -> Problem {
        let from = self.text.floor_char_boundary(at.start.min(self.text.len()));
        let to = self.text.ceil_char_boundary(at.end.min(self.text.len()));
        let line = self.line(from);
        let bytes = self.line_bytes(line);
        let from = from.min(bytes.end);
        let to = to.clamp(from, bytes.end);
        let column = self.text[bytes.start..from].chars().count();
        let length = self.text[from..to].trim_end().chars().count().max(1);
        let (text, column) = shown(&self.text[bytes], column);
        Problem {
            severity,
            line,
            column: column + 1,
            length,
            text,
            message,
            hint,
        }
    }
}

/// Returns a line as it can be printed, cut to 400 characters around `column`, and the column in it.
fn shown(line: &str, column: usize) -> (String, usize) {
    const KEPT: usize = 400;
    let skipped = column.saturating_sub(KEPT / 2);
    let tamed = |c: char| if c.is_control() { ' ' } else { c };
    let kept = line.chars().skip(skipped).take(KEPT).map(tamed);
    (kept.collect(), column - skipped)
}
