//! Keys. One table: it is looked up by `update`, drawn by the help, and printed in the README.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
    /// The table is sorted by the next column.
    Sort,
    /// Show all of the selected session.
    Inspect,
    /// Cancel the selected session's statement.
    CancelSession,
    /// End the selected session.
    TerminateSession,
    /// Draw everything anew.
    Redraw,
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
    /// A dialog.
    Dialog,
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

const fn key(
    scope: Scope,
    code: KeyCode,
    action: Action,
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        scope,
        key: (code, KeyModifiers::NONE),
        action,
        short,
        help,
    }
}

const fn char(
    scope: Scope,
    c: char,
    action: Action,
    short: &'static str,
    help: &'static str,
) -> Binding {
    key(scope, KeyCode::Char(c), action, short, help)
}

const fn ctrl(scope: Scope, c: char, action: Action, help: &'static str) -> Binding {
    Binding {
        scope,
        key: (KeyCode::Char(c), KeyModifiers::CONTROL),
        action,
        short: "",
        help,
    }
}

use Scope::{Anywhere, Checklist, Dialog, Monitor, Output};

/// Every key that holdpoint knows.
pub const BINDINGS: &[Binding] = &[
    key(
        Checklist,
        KeyCode::Enter,
        Action::Proceed,
        "proceed",
        "do what is next: confirm, start, decide, or choose after a failure",
    ),
    key(
        Output,
        KeyCode::Enter,
        Action::Proceed,
        "proceed",
        "as in the checklist",
    ),
    char(
        Anywhere,
        'x',
        Action::CancelStep,
        "cancel step",
        "stop the running step",
    ),
    char(
        Anywhere,
        's',
        Action::Skip,
        "skip",
        "leave the step at hand out, with a reason",
    ),
    char(
        Anywhere,
        'v',
        Action::Verify,
        "verify",
        "ask the shown step's verify question",
    ),
    char(
        Anywhere,
        'n',
        Action::Note,
        "note",
        "write a note into the record",
    ),
    char(
        Anywhere,
        'R',
        Action::Rollback,
        "roll back",
        "choose a way back",
    ),
    char(
        Anywhere,
        'p',
        Action::Pause,
        "pause",
        "hold the run, or let it go on",
    ),
    char(
        Anywhere,
        ':',
        Action::Console,
        "sql",
        "run a statement by hand; it is recorded",
    ),
    char(
        Anywhere,
        'l',
        Action::Blocker,
        "blocker",
        "go to the session at the root of the blocking",
    ),
    char(
        Anywhere,
        'C',
        Action::Close,
        "",
        "end the run with its verdict",
    ),
    key(Checklist, KeyCode::Up, Action::Up, "", "the step above"),
    char(Checklist, 'k', Action::Up, "", "the step above"),
    key(Checklist, KeyCode::Down, Action::Down, "", "the step below"),
    char(Checklist, 'j', Action::Down, "", "the step below"),
    key(Output, KeyCode::Up, Action::Up, "", "scroll up"),
    char(Output, 'k', Action::Up, "", "scroll up"),
    key(Output, KeyCode::Down, Action::Down, "", "scroll down"),
    char(Output, 'j', Action::Down, "", "scroll down"),
    key(Monitor, KeyCode::Up, Action::Up, "", "the session above"),
    char(Monitor, 'k', Action::Up, "", "the session above"),
    key(
        Monitor,
        KeyCode::Down,
        Action::Down,
        "",
        "the session below",
    ),
    char(Monitor, 'j', Action::Down, "", "the session below"),
    key(Anywhere, KeyCode::PageUp, Action::PageUp, "", "a page up"),
    key(
        Anywhere,
        KeyCode::PageDown,
        Action::PageDown,
        "",
        "a page down",
    ),
    key(
        Anywhere,
        KeyCode::Home,
        Action::Home,
        "",
        "to the beginning",
    ),
    key(
        Anywhere,
        KeyCode::End,
        Action::End,
        "",
        "to the end; output follows again",
    ),
    char(
        Anywhere,
        'f',
        Action::Follow,
        "",
        "back to the step that the run is at",
    ),
    key(
        Anywhere,
        KeyCode::Esc,
        Action::Back,
        "",
        "back to the checklist, with all panes",
    ),
    key(
        Anywhere,
        KeyCode::Tab,
        Action::NextPane,
        "panes",
        "the next pane",
    ),
    key(
        Anywhere,
        KeyCode::BackTab,
        Action::PreviousPane,
        "",
        "the pane before",
    ),
    char(Anywhere, '1', Action::Panel(1), "", "panel: Locks"),
    char(Anywhere, '2', Action::Panel(2), "", "panel: Connections"),
    char(Anywhere, '3', Action::Panel(3), "", "panel: Activity"),
    char(
        Anywhere,
        'z',
        Action::Zoom,
        "",
        "the pane on the whole screen, or all panes",
    ),
    char(Monitor, 'o', Action::Sort, "", "sort by the next column"),
    key(
        Monitor,
        KeyCode::Enter,
        Action::Inspect,
        "inspect",
        "all of the selected session: its statement, locks, times",
    ),
    char(
        Monitor,
        'c',
        Action::CancelSession,
        "cancel query",
        "cancel the selected session's statement",
    ),
    char(
        Monitor,
        't',
        Action::TerminateSession,
        "terminate",
        "end the selected session",
    ),
    ctrl(Anywhere, 'l', Action::Redraw, "draw everything anew"),
    char(Anywhere, '?', Action::Help, "keys", "this help"),
    char(
        Anywhere,
        'q',
        Action::Leave,
        "leave",
        "leave; what runs goes on, and `holdpoint resume` comes back",
    ),
    ctrl(Anywhere, 'c', Action::Leave, "leave"),
    key(
        Dialog,
        KeyCode::Enter,
        Action::Answer,
        "",
        "do what the dialog's last line says",
    ),
    key(
        Dialog,
        KeyCode::Esc,
        Action::Dismiss,
        "",
        "shut the dialog; nothing happens",
    ),
    key(
        Dialog,
        KeyCode::Tab,
        Action::NextPart,
        "",
        "the next part of the dialog",
    ),
    key(
        Dialog,
        KeyCode::BackTab,
        Action::PreviousPart,
        "",
        "the part before",
    ),
    key(Dialog, KeyCode::Up, Action::Up, "", "the choice above"),
    key(Dialog, KeyCode::Down, Action::Down, "", "the choice below"),
    key(Dialog, KeyCode::PageUp, Action::PageUp, "", "a page up"),
    key(
        Dialog,
        KeyCode::PageDown,
        Action::PageDown,
        "",
        "a page down",
    ),
    char(Dialog, ' ', Action::Tick, "", "tick the box"),
    ctrl(Anywhere, '_', Action::Crash, ""),
];

/// Returns what `key` means in `scope`.
pub fn lookup(scope: Scope, key: KeyEvent) -> Option<Action> {
    let mut modifiers = key.modifiers;
    if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
        modifiers.remove(KeyModifiers::SHIFT); // the character says it already
    }
    let reaches = |b: &&Binding| b.scope == scope || (b.scope == Anywhere && scope != Dialog);
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
                    || (a.scope == Anywhere && b.scope != Dialog)
                    || (b.scope == Anywhere && a.scope != Dialog);
                assert!(!meet || a.key != b.key, "{} is bound twice", name(a.key));
            }
        }
    }
}
