//! What the operator does at the screen in every story.

use crate::session::Session;

impl Session {
    /// Says that the manual step at hand is done.
    pub fn confirm(&mut self) {
        self.press_for("\r", "Enter records");
        self.answer("Enter records");
    }

    /// Ends a run of which every step is settled.
    pub fn close_record(&mut self) {
        self.press_for("\r", "Enter closes the record");
        self.answer("Enter closes the record");
    }

    /// Signs the log of the run that was ended, with the key that lies where ssh looks.
    pub fn sign(&mut self, role: &str) {
        self.wait_for(&format!("› Sign as {role}"));
        self.answer("Enter writes log.md");
        self.wait_for("The log is written");
        self.wait_for(&format!("signed as {role}"));
    }

    /// Signs, and leaves: all is done.
    pub fn sign_and_go(&mut self, role: &str) {
        self.sign(role);
        self.shut("The log is written");
        self.press("q");
        self.ends_with(0);
    }

    /// Leaves a run that is not ended.
    pub fn leave(&mut self) {
        self.press_for("q", "Enter leaves");
        self.answer("Enter leaves");
        self.ends_with(5);
    }
}
