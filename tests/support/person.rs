//! The operator: reads from the journal where the run stands, and answers at the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::HoldReason;
use holdpoint::domain::run::next::{self, Next, Wait};
use holdpoint::domain::run::state::{Route, RunState};
use holdpoint::domain::runbook::model::{Action, Protection, Runbook, Step, StepId};
use holdpoint::domain::runbook::parse;
use holdpoint::engine::store;

use super::pty::Terminal;
use super::story::Story;

/// Long enough for the slowest step on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

pub struct Person {
    pub terminal: Terminal,
    book: Runbook,
    target: String,
    run_dir: PathBuf,
    /// The role for which the operator signs.
    role: String,
}

impl Person {
    /// Starts the run of `story` on `target`, in a terminal.
    pub fn start(story: &Story, target: &str) -> Self {
        Self::with(story, target, &story.words(target))
    }

    /// Takes the only run of `story` up again, in a terminal.
    pub fn resume(story: &Story, target: &str) -> Self {
        let words = ["resume", "--key", &story.signers.operator_key()];
        Self::with(story, target, &words.map(str::to_owned))
    }

    fn with(story: &Story, target: &str, words: &[String]) -> Self {
        let terminal = Terminal::start(words, &story.environment(target));
        terminal.wait("the screen", |screen| screen.contains("Checklist"));
        let run_dir = story.run_dir();
        let source = fs::read(run_dir.join("runbook.yaml")).unwrap();
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let files = |name: &str| fs::read_to_string(beside.join(name));
        Self {
            terminal,
            book: parse::parse(&source, "runbook.yaml", &files).unwrap(),
            target: target.to_owned(),
            run_dir,
            role: story.signers.operator_role().to_owned(),
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
                Next::Wait(Wait::Key(at, _)) => self.allow(&at),
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
    pub fn allow(&mut self, id: &StepId) {
        let step = self.step(id);
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
        self.wait_for_attempt(id, 1);
    }

    /// Runs the failed step `id` again, for `reason`.
    pub fn retry(&mut self, id: &str, reason: &str) {
        let id = StepId::new(id);
        let attempts = self.attempts(&id);
        let title = format!("{} failed ━", self.step(&id).title);
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
        self.wait_for_attempt(&id, attempts + 1);
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

    /// Waits until an alarm holds the run, and returns its rule.
    pub fn wait_held(&self) -> String {
        let held = |run: &RunState| match &run.hold {
            Some(HoldReason::Alarm { rule }) => Some(rule.clone()),
            _ => None,
        };
        self.until("an alarm holds the run", |run| held(run).is_some());
        held(&self.state()).unwrap()
    }

    /// Ends the session at the root of the blocking, and lets the run go on.
    pub fn end_the_root(&mut self, reason: &str) {
        let all = "cancel query"; // a key of the monitor's, shown while that has the keyboard
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

    /// Lets a run go on that is on hold.
    fn let_go_on(&mut self) {
        let release = "Enter lets steps start again";
        self.terminal
            .press_until("p", release, |screen| screen.contains(release));
        self.answer(release);
        self.until("the run goes on", |run| run.hold.is_none());
    }

    /// Ends the run, signs its log as the first of the roles, and returns the exit code.
    pub fn end(&mut self) -> u32 {
        // What runs beside the steps is stopped once every step is settled.
        self.until("nothing runs", |run| run.running().next().is_none());
        let (close, sign, told) = ("End the run ━", "The log ━", "The log is written ━");
        self.terminal
            .press_until("C", close, |screen| screen.contains(close));
        self.answer(close);
        self.terminal.wait(sign, |screen| screen.contains(sign));
        let role = format!("Sign as {}", self.role);
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

    fn is_protected(&self) -> bool {
        let target = self.book.target(&self.target).unwrap();
        target.protect == Protection::Protected
    }

    fn attempts(&self, id: &StepId) -> u32 {
        self.state().record(id).map_or(0, |record| record.attempts)
    }

    /// Opens the dialog called `title` about `step`, once the screen has come to it: the journal is ahead of the screen.
    fn open(&mut self, step: &Step, title: &str) {
        let at = format!(" at {} {}", step.number, step.title);
        self.terminal.wait(&at, |screen| screen.contains(&at));
        self.terminal
            .press_until("\r", title, |screen| screen.contains(title));
    }

    /// Opens the dialog with `title` by Enter, and takes the choice called `label`.
    fn choose(&mut self, title: &str, label: &str) {
        self.terminal
            .press_until("\r", title, |screen| screen.contains(title));
        self.mark(title, label);
        self.answer(title);
    }

    /// Moves the mark of the dialog called `title` down to the choice called `label`.
    fn mark(&mut self, title: &str, label: &str) {
        for _ in 0..12 {
            let screen = self
                .terminal
                .wait("a marked choice", |screen| marked(screen, title).is_some());
            let now = marked(&screen, title).unwrap_or_default();
            if now.starts_with(label) {
                return;
            }
            self.terminal.press("\x1b[B");
            self.terminal.wait("the mark moves", |screen| {
                marked(screen, title).is_some_and(|line| line != now)
            });
        }
        panic!("there is no choice {label}\n{}", self.terminal.screen());
    }

    fn type_gate(&mut self) {
        if self.is_protected() {
            let name = self.target.clone();
            self.terminal.type_slowly(&name);
        }
    }

    /// Presses Enter until the dialog with `sign` is gone.
    fn answer(&mut self, sign: &str) {
        self.terminal
            .press_until("\r", &format!("an answer to `{sign}`"), |screen| {
                !screen.contains(sign)
            });
    }

    fn wait_settled(&self, id: &StepId) {
        self.until(&format!("{id} is settled"), |run| next::settled(run, id));
    }

    /// Waits until step `id` was begun for the `attempt`th time.
    pub fn wait_for_attempt(&self, id: &StepId, attempt: u32) {
        self.until(&format!("{id} starts"), |run| {
            run.record(id)
                .is_some_and(|record| record.attempts >= attempt)
        });
    }

    fn until(&self, what: &str, holds: impl Fn(&RunState) -> bool) {
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

/// Returns the marked line among the choices of the dialog called `title`; what lies behind it has marks of its own.
fn marked(screen: &str, title: &str) -> Option<String> {
    let mut lines = screen.lines().skip_while(|line| !line.contains(title));
    let head = lines.next()?;
    let corner = head[..head.find(title)?].rfind('┏')?;
    let column = head[..corner].chars().count();
    let line = lines.find_map(|line| {
        let row: String = line.chars().skip(column).collect();
        row.strip_prefix("┃ › ").map(str::to_owned)
    })?;
    Some(line.split('┃').next()?.trim().to_owned())
}
