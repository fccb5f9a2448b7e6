//! The program in its terminal, and a person who reads before they answer.
//!
//! Only Enter in a dialog keeps to the program's own rule of time.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;

use crate::pty::{Pty, refuses};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// A question is answered only by an Enter that comes at least so long after it was drawn, …
const READABLE: Duration = Duration::from_millis(330);
/// … and so long after the Enter before.
const APART: Duration = Duration::from_millis(730);

/// A program in its terminal.
pub struct Session {
    pty: Pty,
    entered: Option<Instant>,
}

impl Deref for Session {
    type Target = Pty;

    fn deref(&self) -> &Pty {
        &self.pty
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Pty {
        &mut self.pty
    }
}

impl Session {
    /// Starts `command` in a terminal of this size.
    pub fn start(command: CommandBuilder, size: (u16, u16)) -> Self {
        Self {
            pty: Pty::start(command, size, PATIENCE),
            entered: None,
        }
    }

    /// Types `text` and waits until it stands on the screen.
    pub fn type_text(&self, text: &str) {
        self.press(text);
        self.wait_for(text);
    }

    /// Presses `key` and waits until `text` stands on the screen. A key is pressed once: a second one could answer what
    /// the first has opened.
    pub fn press_for(&self, key: &str, text: &str) {
        self.press(key);
        self.wait_for(text);
    }

    /// Shuts the dialog that says `text`, once all of it is drawn.
    pub fn shut(&self, text: &str) {
        self.wait_for(text);
        self.press("\x1b");
        self.wait_gone(text);
    }

    /// Answers the dialog whose last line says `bar` with Enter, as a person does who has read it.
    pub fn answer(&mut self, bar: &str) {
        self.wait_for(bar);
        self.enter_until(&format!("an answer to `{bar}`"), |screen| {
            !screen.contains(bar)
        });
    }

    /// Presses Enter in a dialog, and waits until `text` stands on the screen: a refusal, or what is asked next.
    pub fn enter_for(&mut self, text: &str) {
        self.enter_until(&format!("`{text}`"), |screen| screen.contains(text));
    }

    fn enter_until(&mut self, what: &str, done: impl Fn(&str) -> bool) {
        thread::sleep(READABLE);
        for _ in 0..20 {
            if refuses(&self.screen()) {
                self.press("\x1b[D"); // any key takes the words away
                self.wait("the refusal to be taken away", |screen| !refuses(screen));
            }
            if let Some(entered) = self.entered {
                thread::sleep(APART.saturating_sub(entered.elapsed()));
            }
            self.press("\r");
            self.entered = Some(Instant::now());
            self.wait(&format!("{what} after Enter"), |screen| {
                done(screen) || refuses(screen)
            });
            if done(&self.screen()) {
                return;
            }
        }
        panic!("Enter never brought {what}; the screen:\n{}", self.screen());
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Returns whether the row that holds `text` is drawn as the one that the cursor stands on.
    pub fn is_marked(&self, text: &str) -> bool {
        let seen = self.seen();
        let screen = seen.parser.screen();
        let (rows, cols) = screen.size();
        let marked = |row: u16| {
            let cells = (0..cols.get()).filter_map(|col| screen.cell(row, col));
            let inverse: String = cells
                .filter(|cell| cell.inverse())
                .map(vt100::Cell::contents)
                .collect();
            inverse.contains(text)
        };
        (0..rows.get()).any(marked)
    }

    /// Waits until the program has sent `bytes`, which need not be seen on the screen.
    pub fn wait_heard(&self, bytes: &[u8]) {
        self.wait_until(&String::from_utf8_lossy(bytes), |seen| {
            seen.bytes.windows(bytes.len()).any(|w| w == bytes)
        });
    }

    /// Waits until the program has taken in every key so far, by opening the help and shutting it.
    pub fn settle(&self) {
        self.press("?");
        self.shut("esc shuts this");
    }

    /// Waits until one row of the screen holds all of `words`.
    pub fn wait_row(&self, words: &[&str]) {
        self.wait(&format!("a row with {words:?}"), |screen| {
            let mut rows = screen.lines();
            rows.any(|row| words.iter().all(|word| row.contains(word)))
        });
    }

    /// Waits for the end, and checks the exit code and that the terminal is as it was before.
    pub fn ends_with(&mut self, code: u32) {
        let ended = self.exit_code();
        assert_eq!(ended, code, "the exit code; the screen:\n{}", self.screen());
        self.assert_terminal_restored();
    }

    /// Checks that the terminal was given back.
    pub fn assert_terminal_restored(&self) {
        let seen = self.seen();
        let screen = seen.parser.screen();
        assert!(
            !screen.alternate_screen(),
            "the alternate screen was left on"
        );
        assert!(!screen.hide_cursor(), "the cursor was left hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste was left on");
        drop(seen);
        let flags = self.master().get_termios().unwrap().local_flags;
        let usual = (LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG).bits();
        assert_eq!(flags.bits() & usual, usual, "raw mode was left on");
    }
}

/// Whether the process `pid` is there and no zombie (`/proc/PID/stat`, field 3).
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
