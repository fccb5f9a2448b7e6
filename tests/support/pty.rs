//! The program in a pseudo-terminal with a screen behind it. A test waits for what is on the screen and never for a time.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Long enough for the slowest step on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
const SIZE: PtySize = PtySize {
    rows: 50,
    cols: 180,
    pixel_width: 0,
    pixel_height: 0,
};

struct Seen {
    parser: vt100::Parser,
    closed: bool,
}

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    // Held, because the program is told that the terminal hung up when it goes.
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

impl Terminal {
    pub fn start(words: &[String], environment: &[(String, String)]) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(words);
        command.env_clear();
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(env!("CARGO_TARGET_TMPDIR"));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave); // else the reader below never sees the end
        let seen = Seen {
            parser: vt100::Parser::new(
                SIZE.rows.try_into().unwrap(),
                SIZE.cols.try_into().unwrap(),
                1000,
            ),
            closed: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        read(pair.master.try_clone_reader().unwrap(), Arc::clone(&seen));
        Self {
            child,
            keyboard: pair.master.take_writer().unwrap(),
            _master: pair.master,
            seen,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Types `text` a key at a time, as a person does: what comes in one piece counts as pasted.
    pub fn type_slowly(&mut self, text: &str) {
        for c in text.chars() {
            self.press(&c.to_string());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Presses `keys` again and again until `done` holds of the screen: haste is refused, so the first may not count.
    pub fn press_until(&mut self, keys: &str, what: &str, done: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            self.press(keys);
            if self.within(Duration::from_millis(1200), |screen| done(screen)) {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "in vain: {what}\n{}",
                self.screen()
            );
        }
    }

    /// Waits until `done` holds of the screen, and returns it.
    pub fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        // The very screen that was looked at: the next may be half drawn.
        self.seen_within(PATIENCE, done)
            .unwrap_or_else(|| panic!("in vain: {what}\n{}", self.screen()))
    }

    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    pub fn exit_code(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        let (seen, news) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        while !seen.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "it does not end\n{}",
                seen.parser.screen().contents()
            );
            seen = news.wait_timeout(seen, left).unwrap().0;
        }
        drop(seen);
        self.child.wait().unwrap().exit_code()
    }

    pub fn within(&self, patience: Duration, done: impl Fn(&str) -> bool) -> bool {
        self.seen_within(patience, done).is_some()
    }

    fn seen_within(&self, patience: Duration, done: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + patience;
        let (seen, news) = &*self.seen;
        let mut seen = seen.lock().unwrap();
        loop {
            let screen = seen.parser.screen().contents();
            if done(&screen) {
                return Some(screen);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                return None;
            }
            seen = news.wait_timeout(seen, left).unwrap().0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut output: Box<dyn Read + Send>, seen: Arc<(Mutex<Seen>, Condvar)>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        loop {
            let count = output.read(&mut bytes).unwrap_or(0);
            let mut now = seen.0.lock().unwrap();
            if count == 0 {
                now.closed = true;
            } else {
                now.parser.process(&bytes[..count]);
            }
            drop(now);
            seen.1.notify_all();
            if count == 0 {
                return;
            }
        }
    });
}
