//! Keys. One table: it is looked up by `update`, drawn by the help, and printed in the README.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

mod bindings;

pub use bindings::BINDINGS;

/// What a key press means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// What is next: confirm, start, decide, or choose after a failure; whatever the step at hand asks for.
    Proceed,
    /// Stop the running step.
    CancelStep,
    /// Leave the step out.
    Skip,
    /// Ask the step's `verify` question.
    Verify,
    /// Write something down.
    Note,
    /// Choose a way back.
    Rollback,
    /// Hold, or let steps start again.
    Pause,
    /// A statement by hand.
    Console,
    /// End the run.
    Close,
    /// Stand on the root blocker.
    Blocker,
    /// Move up.
    Up,
    /// Move down.
    Down,
    /// Move up by a page.
    PageUp,
    /// Move down by a page.
    PageDown,
    /// Move to the beginning.
    Home,
    /// Move to the end; the view follows again.
    End,
    /// Move the step's text up.
    StepUp,
    /// Move the step's text down.
    StepDown,
    /// Go back to the step that the run is at.
    Follow,
    /// The keyboard goes back to the checklist, and all panes are shown.
    Back,
    /// The keyboard goes to the next pane.
    NextPane,
    /// The keyboard goes to the pane before.
    PreviousPane,
    /// Show this monitor panel.
    Panel(u8),
    /// Show one pane on the whole screen, or all.
    Zoom,
    /// Show the monitor panel after this one.
    NextPanel,
    /// Show the monitor panel before this one.
    PreviousPanel,
    /// The table is sorted by the next column.
    Sort,
    /// The table is sorted the other way round.
    Reverse,
    /// The keyboard goes to the panel's filter.
    Filter,
    /// The keyboard leaves the filter, which stays.
    KeepFilter,
    /// The filter is taken away.
    ClearFilter,
    /// The panels stop where they are, or go on.
    Freeze,
    /// The server is asked more often.
    Quicker,
    /// The server is asked less often.
    Slower,
    /// Sessions that do nothing are listed, or only counted.
    Idle,
    /// Show all of the selected session.
    Inspect,
    /// Cancel the selected session's statement.
    CancelSession,
    /// End the selected session.
    TerminateSession,
    /// Draw everything anew.
    Redraw,
    /// Show the runbook's own text.
    Book,
    /// Show every key.
    Help,
    /// Leave; what runs goes on.
    Leave,
    /// Answer the dialog.
    Answer,
    /// Shut the dialog.
    Dismiss,
    /// Go to the next part of the dialog.
    NextPart,
    /// Go to the part before.
    PreviousPart,
    /// Tick the box.
    Tick,
    /// Panic on purpose; only the end-to-end tests know this key.
    #[doc(hidden)]
    Crash,
}

/// Which part of the screen has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere but in dialogs.
    Anywhere,
    /// The checklist.
    Checklist,
    /// The step and its output.
    Output,
    /// The monitor panel.
    Monitor,
    /// The filter of the monitor panel, while it is typed.
    Filter,
    /// A dialog.
    Dialog,
}

impl Scope {
    /// Whether the keys of everywhere work in it: not where text is typed.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Dialog | Self::Filter)
    }
}

/// One row of the key table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where the key works.
    pub scope: Scope,
    /// The key.
    pub key: (KeyCode, KeyModifiers),
    /// What it means.
    pub action: Action,
    /// What the bottom line says, in a word or two; empty: it is not shown there.
    pub short: &'static str,
    /// What the help says; empty: the row is hidden.
    pub help: &'static str,
}

/// Returns what `key` means in `scope`.
pub fn lookup(scope: Scope, key: KeyEvent) -> Option<Action> {
    let mut modifiers = key.modifiers;
    if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
        modifiers.remove(KeyModifiers::SHIFT); // the character says it already
    }
    let reaches =
        |b: &&Binding| b.scope == scope || (b.scope == Scope::Anywhere && scope.is_open());
    BINDINGS
        .iter()
        .filter(reaches)
        .find(|b| b.key == (key.code, modifiers))
        .map(|b| b.action)
}

/// Returns the name of a key as the help prints it.
pub fn name((code, modifiers): (KeyCode, KeyModifiers)) -> String {
    let ctrl = if modifiers.contains(KeyModifiers::CONTROL) {
        "ctrl-"
    } else {
        ""
    };
    match code {
        KeyCode::Char(' ') => format!("{ctrl}space"),
        KeyCode::Char(c) => format!("{ctrl}{c}"),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        other => format!("{ctrl}{}", other.to_string().to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_scope() {
        for (i, a) in BINDINGS.iter().enumerate() {
            for b in &BINDINGS[i + 1..] {
                let meet = a.scope == b.scope
                    || (a.scope == Scope::Anywhere && b.scope.is_open())
                    || (b.scope == Scope::Anywhere && a.scope.is_open());
                assert!(!meet || a.key != b.key, "{} is bound twice", name(a.key));
            }
        }
    }
}
