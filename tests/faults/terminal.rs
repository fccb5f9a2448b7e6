//! The person at the terminal: presses until it counts, and answers as one who has read the question.

use std::thread;
use std::time::Duration;

use crate::pty::Pty;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Wide enough for every pane.
pub const SIZE: (u16, u16) = (180, 50);
/// Enter answers a question only so long after it was drawn and after the Enter before.
const DELIBERATE: Duration = Duration::from_millis(1_100);

impl Pty {
    /// Presses `key` until `text` stands on the screen: one that comes while a record is being saved is refused.
    pub fn press_for(&self, key: &str, text: &str) {
        for _ in 0..20 {
            self.press(key);
            if self.within(Duration::from_secs(3), |screen| screen.contains(text)) {
                return;
            }
        }
        panic!("{key:?} did not bring `{text}`:\n{}", self.screen());
    }

    /// Answers the dialog that says `bar` with Enter, as a person does who has read it.
    pub fn answer(&self, bar: &str) {
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

    /// Leaves the run as it stands.
    pub fn leave(&mut self) {
        self.press_for("q", "Enter leaves");
        self.answer("Enter leaves");
        assert_eq!(self.exit_code(), 5);
    }
}
