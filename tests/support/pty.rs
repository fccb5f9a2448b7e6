//! A program in a pseudo-terminal with a screen behind it.
//!
//! A thread reads all that the program writes into a `vt100` screen, so the program never blocks on a full pipe. A test
//! waits for what is on the screen and never for a time.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

type Keyboard = Mutex<Box<dyn Write + Send>>;

/// What the program has written so far.
pub struct Seen {
    pub parser: vt100::Parser,
    /// Every byte that came.
    pub bytes: Vec<u8>,
    /// Where in them each piece ends that was read at once.
    pieces: Vec<usize>,
    closed: bool,
    hung_up: bool,
}

impl Seen {
    /// Returns what stands on the screen.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }
}

/// A program in its terminal.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    ours: Option<Ours>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    patience: Duration,
}

/// Our side of the terminal: the program is told that it hung up when this goes.
struct Ours {
    master: Box<dyn MasterPty + Send>,
    keyboard: Arc<Keyboard>,
}

impl Pty {
    /// Starts `command` in a terminal of `cols` × `rows`; nothing may take longer than `patience`.
    pub fn start(command: CommandBuilder, (cols, rows): (u16, u16), patience: Duration) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave); // else the reader below never sees the end
        let keyboard: Arc<Keyboard> = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let seen = Seen {
            parser: vt100::Parser::new(cells(rows), cells(cols), 0),
            bytes: Vec::new(),
            pieces: Vec::new(),
            closed: false,
            hung_up: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let output = pair.master.try_clone_reader().unwrap();
        let (news, keys) = (Arc::clone(&seen), Arc::downgrade(&keyboard));
        thread::spawn(move || watch(output, &news, &keys));
        let ours = Some(Ours {
            master: pair.master,
            keyboard,
        });
        Self {
            child,
            ours,
            seen,
            patience,
        }
    }

    fn ours(&self) -> &Ours {
        self.ours.as_ref().expect("the terminal has not hung up")
    }

    /// Returns the end of the terminal that a terminal emulator holds.
    pub fn master(&self) -> &dyn MasterPty {
        self.ours().master.as_ref()
    }

    /// Returns what was written so far; nothing more is taken in while this is held.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// Returns what stands on the screen.
    pub fn screen(&self) -> String {
        self.seen().screen()
    }

    /// Returns every row that ever stood on the screen.
    pub fn ever(&self) -> String {
        let seen = self.seen();
        let (rows, cols) = seen.parser.screen().size();
        let mut again = vt100::Parser::new(rows, cols, 0);
        let (mut all, mut begin) = (HashSet::new(), 0);
        for &end in &seen.pieces {
            again.process(&seen.bytes[begin..end]);
            all.extend(again.screen().rows(0, cols.get()));
            begin = end;
        }
        all.iter().flat_map(|row| [row, "\n"]).collect()
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends `keys` as they are.
    pub fn press(&self, keys: &str) {
        let mut keyboard = self.ours().keyboard.lock().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Types `text` a key at a time, as a person does: what comes in one piece counts as pasted.
    pub fn type_slowly(&self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
            thread::sleep(Duration::from_millis(30));
        }
    }

    /// Makes the terminal `cols` × `rows`.
    pub fn resize(&self, cols: u16, rows: u16) {
        let (height, width) = (cells(rows), cells(cols));
        self.seen().parser.screen_mut().set_size(height, width);
        self.master().resize(size(cols, rows)).unwrap();
    }

    /// Hangs up, as a terminal does whose window was closed or whose connection was lost.
    pub fn hang_up(&mut self) {
        self.seen().hung_up = true;
        drop(self.ours.take());
        // The reader holds the last of our ends; it lets go of it with the next byte that is drawn.
        self.wait_until("our end to be closed", |seen| seen.closed);
    }

    /// Waits until `text` is on the screen; returns the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(&format!("`{text}` on the screen"), |screen| {
            screen.contains(text)
        })
    }

    /// Waits until `text` is no longer on the screen.
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("`{text}` to leave the screen"), |screen| {
            !screen.contains(text)
        });
    }

    /// Waits until `done` holds of the screen; returns the very screen that was looked at: the next may be half drawn.
    pub fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let found = |seen: &Seen| Some(seen.screen()).filter(|screen| done(screen));
        self.look(self.patience, found)
            .unwrap_or_else(|| self.in_vain(what))
    }

    /// Waits until `done` holds of what was written.
    pub fn wait_until(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        self.look(self.patience, |seen| done(seen).then_some(()))
            .unwrap_or_else(|| self.in_vain(what));
    }

    /// Returns whether `done` holds of the screen before `patience` has run out.
    pub fn within(&self, patience: Duration, done: impl Fn(&str) -> bool) -> bool {
        self.look(patience, |seen| done(&seen.screen()).then_some(()))
            .is_some()
    }

    /// Returns what is found in all that was written as soon as it is there; `None`: not in time, or it has ended before.
    fn look<T>(&self, patience: Duration, found: impl Fn(&Seen) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut seen = self.seen();
        loop {
            let there = found(&seen);
            let left = deadline.saturating_duration_since(Instant::now());
            if there.is_some() || seen.closed || left.is_zero() {
                return there;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn in_vain(&self, what: &str) -> ! {
        let seen = self.seen();
        let ended = if seen.closed {
            ", and the program has ended"
        } else {
            ""
        };
        let screen = seen.screen();
        drop(seen);
        panic!("waited in vain for {what}{ended}; the screen:\n{screen}")
    }

    /// Waits until nobody writes to the terminal any more and the program has ended; returns its exit code.
    pub fn exit_code(&mut self) -> u32 {
        self.wait_until("the program to end", |seen| seen.closed);
        self.child.wait().unwrap().exit_code()
    }

    /// Waits until the program itself has ended, whatever became of its terminal; returns its exit code.
    pub fn exit_without_terminal(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(begun.elapsed() < self.patience, "the program goes on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the screen says that Enter came too early, or while something else was being saved.
pub fn refuses(screen: &str) -> bool {
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
    keyboard: &Weak<Keyboard>,
) {
    let mut bytes = [0; 4096];
    loop {
        let n = output.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        now.parser.process(&bytes[..n]);
        now.bytes.extend(&bytes[..n]);
        let end = now.bytes.len();
        now.pieces.push(end);
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
