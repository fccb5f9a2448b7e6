//! A pseudo-terminal with a screen behind it.
//!
//! A thread reads all that the program writes into a `vt100` screen, so the program never blocks on a full pipe. A test
//! waits for a text and never for a time; only Enter in a dialog keeps to the program's own rule of time.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// A question is answered only by an Enter that comes at least so long after it was drawn, …
const READABLE: Duration = Duration::from_millis(330);
/// … and so long after the Enter before.
const APART: Duration = Duration::from_millis(730);

struct Seen {
    parser: vt100::Parser,
    /// Every byte that came.
    bytes: Vec<u8>,
    closed: bool,
    hung_up: bool,
}

/// A program in its terminal.
pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    terminal: Option<Terminal>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    entered: Option<Instant>,
}

/// Our side of the pseudo-terminal.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Session {
    /// Starts `command` in a terminal of `cols` × `rows`.
    pub fn start(command: CommandBuilder, (cols, rows): (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave); // else the reader below never sees the end
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let seen = Seen {
            parser: vt100::Parser::new(cells(rows), cells(cols), 0),
            bytes: Vec::new(),
            closed: false,
            hung_up: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let output = pair.master.try_clone_reader().unwrap();
        let (news, keys) = (Arc::clone(&seen), Arc::downgrade(&keyboard));
        thread::spawn(move || watch(output, &news, &keys));
        let terminal = Some(Terminal {
            master: pair.master,
            keyboard,
        });
        Self {
            child,
            terminal,
            seen,
            entered: None,
        }
    }

    fn terminal(&self) -> &Terminal {
        self.terminal
            .as_ref()
            .expect("the terminal has not hung up")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// Sends `keys` as they are.
    pub fn press(&self, keys: &str) {
        let mut keyboard = self.terminal().keyboard.lock().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
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
            if again(&self.screen()) {
                self.press("\x1b[D"); // any key takes the words away
                self.wait_until("the refusal to be taken away", |seen| {
                    !again(&seen.parser.screen().contents())
                });
            }
            if let Some(entered) = self.entered {
                thread::sleep(APART.saturating_sub(entered.elapsed()));
            }
            self.press("\r");
            self.entered = Some(Instant::now());
            self.wait_until(&format!("{what} after Enter"), |seen| {
                let screen = seen.parser.screen().contents();
                done(&screen) || again(&screen)
            });
            if done(&self.screen()) {
                return;
            }
        }
        panic!("Enter never brought {what}; the screen:\n{}", self.screen());
    }

    /// Makes the terminal `cols` × `rows`.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.seen()
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(cols));
        self.terminal().master.resize(size(cols, rows)).unwrap();
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Hangs up, as a terminal does whose window was closed or whose connection was lost.
    pub fn hang_up(&mut self) {
        self.seen().hung_up = true;
        drop(self.terminal.take());
        // The reader holds the last of our ends; it lets go of it with the next byte that is drawn.
        self.wait_until("our end to be closed", |seen| seen.closed);
    }

    /// Returns what stands on the screen.
    pub fn screen(&self) -> String {
        self.seen().parser.screen().contents()
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

    /// Waits until `text` is on the screen; fails with the screen as it stood.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("`{text}` on the screen"), |seen| {
            seen.parser.screen().contents().contains(text)
        });
    }

    /// Waits until the program has sent `bytes`, which need not be seen on the screen.
    pub fn wait_heard(&self, bytes: &[u8]) {
        let heard = |seen: &Seen| seen.bytes.windows(bytes.len()).any(|w| w == bytes);
        self.wait_until(&String::from_utf8_lossy(bytes), heard);
    }

    /// Waits until `text` is no longer on the screen.
    pub fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("`{text}` to leave the screen"), |seen| {
            !seen.parser.screen().contents().contains(text)
        });
    }

    /// Waits until the program has taken in every key so far, by opening the help and shutting it.
    pub fn settle(&self) {
        self.press("?");
        self.shut("esc shuts this");
    }

    /// Waits until one row of the screen holds all of `words`.
    pub fn wait_row(&self, words: &[&str]) {
        self.wait_until(&format!("a row with {words:?}"), |seen| {
            let text = seen.parser.screen().contents();
            text.lines()
                .any(|row| words.iter().all(|word| row.contains(word)))
        });
    }

    /// Waits until the program has ended; returns its exit code.
    pub fn exit_code(&mut self) -> u32 {
        self.wait_until("the program to end", |seen| seen.closed);
        self.child.wait().unwrap().exit_code()
    }

    /// Waits until a program that has no terminal any more has ended.
    pub fn exit_without_terminal(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                Instant::now() < deadline,
                "the program outlives its terminal"
            );
            thread::sleep(Duration::from_millis(20));
        }
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
        let flags = self.terminal().master.get_termios().unwrap().local_flags;
        let usual = (LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG).bits();
        assert_eq!(flags.bits() & usual, usual, "raw mode was left on");
    }

    fn look(&self, patience: Duration, done: impl Fn(&Seen) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut seen = self.seen();
        while !done(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
        true
    }

    fn wait_until(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let closed = |seen: &Seen| done(seen) || (seen.closed && !what.contains("end"));
        let came = self.look(PATIENCE, closed);
        let seen = self.seen();
        let (came, ended) = (came && done(&seen), seen.closed);
        drop(seen);
        let ended = if ended {
            ", and the program has ended"
        } else {
            ""
        };
        assert!(
            came,
            "waited in vain for {what}{ended}; the screen:\n{}",
            self.screen()
        );
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the screen says that Enter came too early, or while something else was being saved.
fn again(screen: &str) -> bool {
    screen.contains("that was too quick to be an answer") || screen.contains("still being saved")
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Reads until the program hangs up, or we do. Answers `ESC [ 6 n` as a real terminal would.
fn watch(
    mut output: Box<dyn Read + Send>,
    seen: &(Mutex<Seen>, Condvar),
    keyboard: &std::sync::Weak<Mutex<Box<dyn Write + Send>>>,
) {
    let mut bytes = [0; 4096];
    loop {
        let n = output.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        now.parser.process(&bytes[..n]);
        now.bytes.extend(&bytes[..n]);
        let over = n == 0 || now.hung_up;
        let (row, col) = now.parser.screen().cursor_position();
        drop(now);
        if over {
            drop(output);
            seen.0.lock().unwrap().closed = true;
            seen.1.notify_all();
            return;
        }
        seen.1.notify_all();
        if bytes[..n].windows(4).any(|w| w == b"\x1b[6n")
            && let Some(keyboard) = keyboard.upgrade()
        {
            let _ = write!(keyboard.lock().unwrap(), "\x1b[{};{}R", row + 1, col + 1);
        }
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
