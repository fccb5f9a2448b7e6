//! The program's screen in a pseudo-terminal.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::faults::PATIENCE;

/// A program in its terminal.
pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<Mutex<vt100::Parser>>,
}

impl Screen {
    pub fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 140,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let cells = |n| NonZeroU16::new(n).unwrap();
        let seen = Arc::new(Mutex::new(vt100::Parser::new(cells(40), cells(140), 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let drawn = Arc::clone(&seen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..n]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self {
            child,
            _master: pair.master,
            keyboard,
            seen,
        }
    }

    /// Returns what stands on the screen, the line ends of wrapped words aside.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().screen().contents()
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Answers the question whose last line is `bar`: an answer that comes too soon, or while something else is being
    /// saved, is none.
    pub fn answer(&mut self, bar: &str) {
        let refused = |screen: &str| {
            screen.contains("that was too quick to be an answer")
                || screen.contains("still being saved")
        };
        self.wait_for(bar);
        loop {
            thread::sleep(Duration::from_millis(900));
            self.press("\r");
            self.wait(&format!("an answer to {bar}"), |screen| {
                !screen.contains(bar) || refused(screen)
            });
            if !self.text().contains(bar) {
                return;
            }
            self.press("\x1b[D"); // any key takes the words away
            self.wait("the refusal to be taken away", |screen| !refused(screen));
        }
    }

    /// Lets a held run go on.
    pub fn release(&mut self) {
        self.press("p");
        self.answer("Enter lets steps start again");
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait(text, |screen| screen.contains(text));
    }

    /// Waits until `text` is no longer on the screen.
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("the end of {text}"), |screen| {
            !screen.contains(text)
        });
    }

    fn wait(&self, what: &str, done: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !done(&self.text()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {what}; the screen:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(15));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the program has ended; returns its exit code.
    pub fn ends(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
