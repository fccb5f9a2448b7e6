//! The program in a pseudo-terminal: a screen behind it, and every row that ever stood on it.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Enter answers a question only so long after it was drawn and after the Enter before.
const DELIBERATE: Duration = Duration::from_millis(1_100);
const ROWS: u16 = 50;
const COLS: u16 = 180;

struct Seen {
    parser: vt100::Parser,
    /// Every row that ever stood on the screen.
    rows: HashSet<String>,
    closed: bool,
}

/// The program in its terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    // Held, because the program is told that the terminal hung up when it goes.
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Terminal {
    pub fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave); // else the reader below never sees the end
        let (rows, cols) = (
            NonZeroU16::new(ROWS).unwrap(),
            NonZeroU16::new(COLS).unwrap(),
        );
        let seen = Seen {
            parser: vt100::Parser::new(rows, cols, 0),
            rows: HashSet::new(),
            closed: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let output = pair.master.try_clone_reader().unwrap();
        let news = Arc::clone(&seen);
        thread::spawn(move || watch(output, &news));
        Self {
            child,
            keyboard: pair.master.take_writer().unwrap(),
            _master: pair.master,
            seen,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Presses `key` until `text` stands on the screen: one that comes while a record is being saved is refused.
    pub fn press_for(&mut self, key: &str, text: &str) {
        for _ in 0..20 {
            self.press(key);
            if self.within(Duration::from_secs(3), |screen| screen.contains(text)) {
                return;
            }
        }
        panic!("{key:?} did not bring `{text}`:\n{}", self.screen());
    }

    /// Types `text` as a person does, key by key.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
            thread::sleep(Duration::from_millis(15));
        }
    }

    /// Answers the dialog that says `bar` with Enter, as a person does who has read it.
    pub fn answer(&mut self, bar: &str) {
        self.wait_for(bar);
        for _ in 0..20 {
            thread::sleep(DELIBERATE);
            self.press("\r");
            if self.within(Duration::from_secs(3), |screen| !screen.contains(bar)) {
                return;
            }
        }
        panic!("Enter never answered `{bar}`:\n{}", self.screen());
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until `done` holds of the screen, and returns it.
    pub fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let came = self.within(PATIENCE, done);
        let screen = self.screen();
        assert!(came, "waited in vain for {what}; the screen:\n{screen}");
        screen
    }

    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Returns every row that ever stood on the screen.
    pub fn ever(&self) -> String {
        let seen = self.seen.0.lock().unwrap();
        seen.rows.iter().flat_map(|row| [row, "\n"]).collect()
    }

    /// Waits until the program has ended; returns its exit code.
    pub fn exit_code(&mut self) -> u32 {
        let begun = Instant::now();
        while !self.seen.0.lock().unwrap().closed {
            assert!(begun.elapsed() < PATIENCE, "it goes on:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().unwrap().exit_code()
    }

    /// Leaves the run as it stands.
    pub fn leave(&mut self) {
        self.press_for("q", "Enter leaves");
        self.answer("Enter leaves");
        assert_eq!(self.exit_code(), 5);
    }

    fn within(&self, patience: Duration, done: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if done(&seen.parser.screen().contents()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                return false;
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut output: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut bytes = [0; 4096];
    loop {
        let count = output.read(&mut bytes).unwrap_or(0);
        let mut now = seen.0.lock().unwrap();
        if count == 0 {
            now.closed = true;
        } else {
            now.parser.process(&bytes[..count]);
            let rows: Vec<String> = now.parser.screen().rows(0, COLS).collect();
            now.rows.extend(rows);
        }
        drop(now);
        seen.1.notify_all();
        if count == 0 {
            return;
        }
    }
}
