//! How a person answers in the program's terminal.

use std::thread;
use std::time::Duration;

use crate::pty::{Pty, refuses};

impl Pty {
    /// Answers the question whose last line is `bar`: an answer that comes too soon, or while something else is being
    /// saved, is none.
    pub fn answer(&self, bar: &str) {
        self.wait_for(bar);
        loop {
            thread::sleep(Duration::from_millis(900));
            self.press("\r");
            let screen = self.wait(&format!("an answer to {bar}"), |screen| {
                !screen.contains(bar) || refuses(screen)
            });
            if !screen.contains(bar) {
                return;
            }
            self.press("\x1b[D"); // any key takes the words away
            self.wait("the refusal to be taken away", |screen| !refuses(screen));
        }
    }

    /// Lets a held run go on.
    pub fn release(&self) {
        self.press("p");
        self.answer("Enter lets steps start again");
    }
}
