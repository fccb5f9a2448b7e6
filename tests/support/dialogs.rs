//! How a person answers a dialog: opens it, moves the mark, types what is asked for, presses Enter.

use std::time::Duration;

use holdpoint::domain::runbook::model::{Protection, Step};

use super::person::Person;
use super::pty::Pty;

impl Pty {
    /// Presses `keys` again and again until `done` holds of the screen: haste is refused, so the first may not count.
    pub(super) fn press_until(&self, keys: &str, what: &str, done: impl Fn(&str) -> bool) {
        for _ in 0..100 {
            self.press(keys);
            if self.within(Duration::from_millis(1200), &done) {
                return;
            }
        }
        panic!("in vain: {what}\n{}", self.screen());
    }
}

impl Person<'_> {
    /// Opens the dialog called `title` about `step`, once the screen has come to it: the journal is ahead of the screen.
    pub(super) fn open(&mut self, step: &Step, title: &str) {
        let at = format!(" at {} {}", step.number, step.title);
        self.terminal.wait(&at, |screen| screen.contains(&at));
        self.terminal
            .press_until("\r", title, |screen| screen.contains(title));
    }

    /// Opens the dialog with `title` by Enter, and takes the choice called `label`.
    pub(super) fn choose(&mut self, title: &str, label: &str) {
        self.terminal
            .press_until("\r", title, |screen| screen.contains(title));
        self.mark(title, label);
        self.answer(title);
    }

    /// Moves the mark of the dialog called `title` down to the choice called `label`.
    pub(super) fn mark(&mut self, title: &str, label: &str) {
        for _ in 0..12 {
            let screen = self
                .terminal
                .wait("a marked choice", |screen| marked(screen, title).is_some());
            let now = marked(&screen, title).unwrap_or_default();
            if now.starts_with(label) {
                return;
            }
            self.terminal.press("\x1b[B");
            self.terminal.wait("the mark moves", |screen| {
                marked(screen, title).is_some_and(|line| line != now)
            });
        }
        panic!("there is no choice {label}\n{}", self.terminal.screen());
    }

    pub(super) fn type_gate(&mut self) {
        if self.is_protected() {
            let name = self.target.clone();
            self.terminal.type_slowly(&name);
        }
    }

    /// Presses Enter until the dialog with `sign` is gone.
    pub(super) fn answer(&mut self, sign: &str) {
        self.terminal
            .press_until("\r", &format!("an answer to `{sign}`"), |screen| {
                !screen.contains(sign)
            });
    }

    pub(super) fn is_protected(&self) -> bool {
        let target = self.book.target(&self.target).unwrap();
        target.protect == Protection::Protected
    }
}

/// Returns the marked line among the choices of the dialog called `title`; what lies behind it has marks of its own.
fn marked(screen: &str, title: &str) -> Option<String> {
    let mut lines = screen.lines().skip_while(|line| !line.contains(title));
    let head = lines.next()?;
    let corner = head[..head.find(title)?].rfind('┏')?;
    let column = head[..corner].chars().count();
    let line = lines.find_map(|line| {
        let row: String = line.chars().skip(column).collect();
        row.strip_prefix("┃ › ").map(str::to_owned)
    })?;
    Some(line.split('┃').next()?.trim().to_owned())
}
