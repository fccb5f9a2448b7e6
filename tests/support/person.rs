//! The operator: reads from the journal where the run stands, and answers at the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::HoldReason;
use holdpoint::domain::run::next::{self, Next, Wait};
use holdpoint::domain::run::state::{Route, RunState, Stand};
use holdpoint::domain::runbook::model::{Action, Runbook, Step, StepId};
use holdpoint::domain::runbook::parse;
use holdpoint::engine::store;
use portable_pty::CommandBuilder;

use super::pty::Pty;
use super::story::Story;

/// Long enough for the slowest step on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

pub struct Person<'s> {
    pub(super) story: &'s Story,
    pub(super) terminal: Pty,
    pub(super) book: Runbook,
    pub(super) target: String,
    run_dir: PathBuf,
}

impl<'s> Person<'s> {
    /// Starts the run of `story` on `target`, in a terminal.
    pub fn start(story: &'s Story, target: &str) -> Self {
        Self::with(story, target, &story.words(target))
    }

    /// Takes the only run of `story` up again, in a terminal.
    pub fn resume(story: &'s Story, target: &str) -> Self {
        let words = ["resume", "--key", &story.signers.operator_key()];
        Self::with(story, target, &words.map(str::to_owned))
    }

    fn with(story: &'s Story, target: &str, words: &[String]) -> Self {
        let terminal = start(words, &story.environment(target));
        terminal.wait("the screen", |screen| screen.contains("Checklist"));
        let run_dir = story.run_dir();
        let source = fs::read(run_dir.join("runbook.yaml")).unwrap();
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let files = |name: &str| fs::read_to_string(beside.join(name));
        Self {
            story,
            terminal,
            book: parse::parse(&source, "runbook.yaml", &files).unwrap(),
            target: target.to_owned(),
            run_dir,
        }
    }

    /// Returns what the journal says.
    pub fn state(&self) -> RunState {
        let journal = store::read(&self.run_dir.join("journal.jsonl")).unwrap();
        RunState::fold(&journal.entries)
    }

    /// Waits until the run waits for a person, for whatever reason, and returns what for.
    pub fn next_wait(&self) -> Next {
        let begun = Instant::now();
        loop {
            let next = next::next(&self.book, &self.state(), i64::MAX);
            let waits = match &next {
                Next::Finished => true,
                Next::Wait(wait) => !matches!(wait, Wait::Running(_) | Wait::Clock(..)),
                Next::Start(_) | Next::Accept(_) | Next::PathEnded(_) => false,
            };
            if waits {
                return next;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{next:?}\n{}",
                self.terminal.screen()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Does whatever is asked for until the run waits at `id`.
    pub fn go_to(&mut self, id: &str) {
        self.go(id, |next| {
            matches!(next, Next::Wait(Wait::Person(at) | Wait::Key(at, _)) if at.as_str() == id)
        });
    }

    /// Does whatever is asked for until step `id` has failed.
    pub fn go_to_failure(&mut self, id: &str) {
        self.go(id, |next| {
            *next == Next::Wait(Wait::Failure(StepId::new(id)))
        });
    }

    /// Does whatever is asked for until every step is settled.
    pub fn go_to_the_end(&mut self) {
        self.go("the end", |next| *next == Next::Finished);
    }

    fn go(&mut self, to: &str, there: impl Fn(&Next) -> bool) {
        loop {
            let next = self.next_wait();
            if there(&next) {
                return;
            }
            match next {
                Next::Wait(Wait::Person(at)) => self.confirm(&at),
                Next::Wait(Wait::Key(at, _)) => self.allow(at.as_str()),
                // A database that is set aside cannot be reached, and an alarm says so.
                Next::Wait(Wait::Held(HoldReason::Alarm { .. })) => self.let_go_on(),
                Next::Wait(Wait::ChooseItem(heads)) => self.choose_item(&heads[0]),
                other => panic!("on the way to {to}: {other:?}\n{}", self.terminal.screen()),
            }
        }
    }

    /// Says that the manual step `id` is done: ticks every box and writes a sentence.
    pub fn confirm(&mut self, id: &StepId) {
        let step = self.step(id);
        if matches!(step.action, Action::Decide(_)) {
            return self.decide(id, 0);
        }
        let Action::Confirm(asked) = &step.action else {
            panic!("{id} is not manual")
        };
        let title = format!("{} {} ━", step.number, step.title);
        self.open(&step, &title);
        for at in 0..asked.items.len() {
            if at > 0 {
                self.terminal.press("\x1b[B");
            }
            self.terminal.press(" ");
        }
        if !asked.items.is_empty() {
            self.terminal.press("\t");
        }
        self.terminal.type_slowly("seen by the test");
        self.answer(&title);
        self.wait_settled(id);
    }

    /// Starts the dangerous step `id`.
    pub fn allow(&mut self, id: &str) {
        let step = self.step(&StepId::new(id));
        let attempts = self.attempts(id);
        let title = format!("Run {}: {} ━", step.number, step.title);
        self.open(&step, &title);
        self.type_gate();
        self.answer(&title);
        self.wait_for_attempt(id, attempts + 1);
    }

    /// Begins the item of a `choose: one` group whose first step is `id`.
    pub fn choose_item(&mut self, id: &StepId) {
        let step = self.step(id);
        self.choose("One of these ━", &format!("{} {}", step.number, step.title));
        let title = format!("Run {}: {} ━", step.number, step.title);
        self.terminal.wait(&title, |screen| screen.contains(&title));
        self.type_gate();
        self.answer(&title);
        self.wait_for_attempt(id.as_str(), 1);
    }

    /// Runs the failed step `id` again, for `reason`.
    pub fn retry(&mut self, id: &str, reason: &str) {
        let attempts = self.attempts(id);
        let title = format!("{} failed ━", self.step(&StepId::new(id)).title);
        // The step's verify question is asked by itself; its answer may shut a dialog that was opened before.
        let question = "Enter runs it";
        for _ in 0..5 {
            self.choose(&title, "Retry");
            let patience = Duration::from_secs(5);
            if self
                .terminal
                .within(patience, |screen| screen.contains(question))
            {
                break;
            }
        }
        if self.is_protected() {
            self.type_gate();
            self.terminal.press("\t");
        }
        self.terminal.type_slowly(reason);
        self.answer("Enter runs it");
        self.wait_for_attempt(id, attempts + 1);
    }

    /// Takes the `choice`th way out of the decision `id`.
    pub fn decide(&mut self, id: &StepId, choice: usize) {
        let step = self.step(id);
        let title = format!("{} {} ━", step.number, step.title);
        self.open(&step, &title);
        for _ in 0..choice {
            self.terminal.press("\x1b[B");
        }
        self.answer(&title);
        self.wait_settled(id);
    }

    /// Enters the way back called `title`, wherever the run stands.
    pub fn roll_back(&mut self, title: &str, reason: &str) {
        let menu = "Ways back ━";
        self.terminal
            .press_until("R", menu, |screen| screen.contains(menu));
        self.mark(menu, title);
        self.answer(menu);
        let question = "Enter enters this way back";
        self.terminal
            .wait(question, |screen| screen.contains(question));
        self.terminal.type_slowly(reason);
        self.answer(question);
        self.until("the way back is entered", |run| {
            matches!(run.route, Route::Back { .. })
        });
    }

    /// Lets a run go on that is on hold.
    pub(super) fn let_go_on(&mut self) {
        let release = "Enter lets steps start again";
        self.terminal
            .press_until("p", release, |screen| screen.contains(release));
        self.answer(release);
        self.until("the run goes on", |run| run.hold.is_none());
    }

    /// Asserts that every one of `steps` is done.
    pub fn assert_done(&self, steps: &[&str]) {
        let run = self.state();
        for step in steps {
            assert_eq!(run.stand(&StepId::new(*step)), &Stand::Done, "{step}");
        }
    }

    /// Waits until `text` stands on the screen.
    pub fn read(&self, text: &str) {
        self.terminal.wait(text, |screen| screen.contains(text));
    }

    /// Ends the run, has everybody sign, and holds the log against the verifier; `code` is how the program has to end.
    pub fn end_and_verify(&mut self, code: u32) -> String {
        assert_eq!(self.end(), code, "{}", self.terminal.screen());
        self.story.seal()
    }

    /// Ends the run, signs its log as the first of the roles, and returns the exit code.
    fn end(&mut self) -> u32 {
        // What runs beside the steps is stopped once every step is settled.
        self.until("nothing runs", |run| run.running().next().is_none());
        let (close, sign, told) = ("End the run ━", "The log ━", "The log is written ━");
        self.terminal
            .press_until("C", close, |screen| screen.contains(close));
        self.answer(close);
        self.terminal.wait(sign, |screen| screen.contains(sign));
        let role = format!("Sign as {}", self.story.signers.operator_role());
        self.mark(sign, &role);
        self.answer(sign);
        self.terminal.wait(told, |screen| screen.contains(told));
        self.answer(told);
        self.terminal.press("q");
        self.terminal.exit_code()
    }

    fn step(&self, id: &StepId) -> Step {
        self.book.step(id).unwrap().clone()
    }

    /// Returns how often step `id` was begun.
    pub fn attempts(&self, id: &str) -> u32 {
        let run = self.state();
        run.record(&StepId::new(id))
            .map_or(0, |record| record.attempts)
    }

    fn wait_settled(&self, id: &StepId) {
        self.until(&format!("{id} is settled"), |run| next::settled(run, id));
    }

    /// Waits until step `id` was begun for the `attempt`th time.
    pub fn wait_for_attempt(&self, id: &str, attempt: u32) {
        self.until(&format!("{id} starts"), |_| self.attempts(id) >= attempt);
    }

    pub(super) fn until(&self, what: &str, holds: impl Fn(&RunState) -> bool) {
        let begun = Instant::now();
        while !holds(&self.state()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "never: {what}\n{}",
                self.terminal.screen()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Starts the program in a terminal that is wide enough for every pane.
fn start(words: &[String], environment: &[(String, String)]) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_holdpoint"));
    command.args(words);
    command.env_clear();
    for (name, value) in environment {
        command.env(name, value);
    }
    command.cwd(env!("CARGO_TARGET_TMPDIR"));
    Pty::start(command, (180, 50), PATIENCE)
}
