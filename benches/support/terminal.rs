//! A pseudo-terminal with a screen behind it, which knows when each of its bytes came.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::Done;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(2);
const COLS: NonZeroU16 = NonZeroU16::new(120).unwrap();
const ROWS: NonZeroU16 = NonZeroU16::new(40).unwrap();

struct Seen {
    parser: vt100::Parser,
    /// When the last bytes came.
    came: Instant,
    closed: bool,
}

type Keyboard = Arc<Mutex<Box<dyn Write + Send>>>;

/// A program in its terminal of 120 × 40.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    // Held: the program is hung up when it goes.
    _master: Box<dyn MasterPty + Send>,
    keyboard: Keyboard,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// When it was started.
    pub started: Instant,
}

impl Terminal {
    /// Starts `command`.
    pub fn start(command: CommandBuilder) -> Done<Self> {
        let size = PtySize {
            rows: ROWS.get(),
            cols: COLS.get(),
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size)?;
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave); // else the reader below never sees the end
        let seen = Seen {
            parser: vt100::Parser::new(ROWS, COLS, 0),
            came: started,
            closed: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let keyboard: Keyboard = Arc::new(Mutex::new(pair.master.take_writer()?));
        let (output, news) = (pair.master.try_clone_reader()?, Arc::clone(&seen));
        let answers = Arc::downgrade(&keyboard);
        thread::spawn(move || watch(output, &news, &answers));
        Ok(Self {
            child,
            keyboard,
            _master: pair.master,
            seen,
            started,
        })
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> Done<u32> {
        self.child
            .process_id()
            .ok_or_else(|| "the program has no process".into())
    }

    /// Sends `keys`; returns when.
    pub fn press(&self, keys: &str) -> Done<Instant> {
        let mut keyboard = lock(&self.keyboard);
        let now = Instant::now();
        keyboard.write_all(keys.as_bytes())?;
        keyboard.flush()?;
        Ok(now)
    }

    /// Waits until the screen is as `done` wants it; returns when the bytes came that made it so.
    pub fn wait(&self, what: &str, done: impl Fn(&vt100::Screen) -> bool) -> Done<Instant> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = lock(&self.seen.0);
        while !done(seen.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                let shown = seen.parser.screen().contents();
                return Err(format!("waited in vain for {what}; the screen:\n{shown}").into());
            }
            let woken = self.seen.1.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(seen.came)
    }

    /// Waits until `text` is on the screen; returns when its bytes came.
    pub fn wait_for(&self, text: &str) -> Done<Instant> {
        self.wait(&format!("`{text}`"), |screen| {
            screen.contents().contains(text)
        })
    }

    /// Ends the program as a system does that shuts down, and waits for it.
    pub fn end(mut self) -> Done {
        let pid = i32::try_from(self.pid()?)?;
        let pid = Pid::from_raw(pid).ok_or("the program has no process")?;
        // One that has ended already is not there any more.
        let _ = kill_process(pid, Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(format!("process {pid:?} does not end when it is told to").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads until the program hangs up. Answers the question where the cursor is, as every real terminal does: some
/// programs wait for it before they draw.
fn watch(
    mut output: Box<dyn Read + Send>,
    seen: &(Mutex<Seen>, Condvar),
    answers: &Weak<Mutex<Box<dyn Write + Send>>>,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let n = output.read(&mut bytes).unwrap_or(0);
        let came = Instant::now();
        let mut now = lock(&seen.0);
        now.closed = n == 0;
        if n > 0 {
            now.came = came;
            now.parser.process(&bytes[..n]);
        }
        let (row, col) = now.parser.screen().cursor_position();
        drop(now);
        seen.1.notify_all();
        if n == 0 {
            return;
        }
        if bytes[..n].windows(4).any(|w| w == b"\x1b[6n")
            && let Some(keyboard) = answers.upgrade()
        {
            // A program that has gone needs no answer.
            let _ = write!(lock(&keyboard), "\x1b[{};{}R", row + 1, col + 1);
        }
    }
}

/// Whether a whole frame stands on the screen: a program that draws from top to bottom has come to the last row.
pub fn whole_frame(screen: &vt100::Screen) -> bool {
    let last = screen.rows(0, COLS.get()).last();
    last.is_some_and(|row| !row.trim().is_empty())
}
