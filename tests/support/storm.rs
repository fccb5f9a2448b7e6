//! The lock storm: a forgotten report holds a migration up, and everybody queues behind the migration.

use holdpoint::domain::run::event::HoldReason;
use holdpoint::domain::run::state::RunState;

use super::person::Person;

impl Person<'_> {
    /// Has `step` wait for a session that holds what `query` reads, and readers, who ask `query`, wait for `step`: the alarm
    /// holds the run, the root is ended, every reader gets `answer`. Returns the reason given, which the log must tell.
    pub fn weather_a_lock_storm(&mut self, step: &str, query: &str, answer: &str) -> &'static str {
        let why = "a forgotten report holds everybody up";
        self.go_to(step);
        let report = self.story.hold(query);
        self.allow(step);
        self.story.wait_blocked(1);
        let readers: Vec<_> = (0..6).map(|_| self.story.ask(query)).collect();
        assert_eq!(self.wait_held(), "blocked >= 5 for 10s");
        self.end_the_root(why);
        for reader in readers {
            assert_eq!(reader.wait_for_answer(), answer);
        }
        drop(report);
        why
    }

    /// Waits until an alarm holds the run, and returns its rule.
    fn wait_held(&self) -> String {
        let held = |run: &RunState| match &run.hold {
            Some(HoldReason::Alarm { rule }) => Some(rule.clone()),
            _ => None,
        };
        self.until("an alarm holds the run", |run| held(run).is_some());
        held(&self.state()).unwrap()
    }

    /// Ends the session at the root of the blocking, and lets the run go on.
    fn end_the_root(&mut self, reason: &str) {
        let all = "t terminate"; // a key of the monitor's, shown while that has the keyboard
        self.terminal
            .press_until("l", all, |screen| screen.contains(all));
        let end = "Enter ends the session";
        self.terminal
            .press_until("t", end, |screen| screen.contains(end));
        self.terminal.type_slowly(reason);
        if self.is_protected() {
            self.terminal.press("\t");
            self.type_gate();
        }
        self.answer(end);
        let gone = "gone after";
        self.terminal.wait(gone, |screen| screen.contains(gone));
        self.let_go_on();
    }
}
