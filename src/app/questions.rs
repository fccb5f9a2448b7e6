//! The questions: each dialog as it is opened, with what its answer means.

use tui_textarea::TextArea;

use crate::app::dialog::{
    Dialog, Field, Intent, Need, Offer, Part, Pick, SessionRef, Tick, TickBox,
};
use crate::app::model::{Model, Purpose, Tone};
use crate::app::step;
use crate::domain::run::assign;
use crate::domain::run::decide::{self, OVERRIDE, THERE};
use crate::domain::run::event::{BackendAct, Finding, HoldReason, Status};
use crate::domain::run::next;
use crate::domain::run::state::Stand;
use crate::domain::run::values::Values;
use crate::domain::run::verdict;
use crate::domain::runbook::model::{
    Action, Evidence, OnFailure, Protection, Skipping, Step, StepId, WayBack,
};
use crate::domain::sample::words::lasting;

/// The role of whoever signs where the runbook names none.
pub const ANY_ROLE: &str = "Operator";

impl Dialog {
    /// Returns an empty dialog that means `intent`.
    pub fn new(title: impl Into<String>, intent: Intent) -> Self {
        Self {
            title: title.into(),
            tone: Tone::Plain,
            sentences: Vec::new(),
            boxes: Vec::new(),
            choices: Vec::new(),
            cursor: 0,
            fields: Vec::new(),
            focus: Part::Sentences,
            enter: String::new(),
            problem: None,
            intent,
            shown_ms: None,
            typed_ms: None,
            scroll: 0,
        }
    }

    fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    fn says(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.sentences.push((tone, text.into()));
        self
    }

    fn field(mut self, label: impl Into<String>, need: Need) -> Self {
        let mut area = TextArea::default();
        area.set_tab_length(0);
        self.fields.push(Field {
            label: label.into(),
            need,
            area,
        });
        self
    }

    fn entered(mut self, enter: impl Into<String>) -> Self {
        self.enter = enter.into();
        self.focus = if !self.boxes.is_empty() {
            Part::Boxes
        } else if !self.choices.is_empty() {
            Part::Choices
        } else if self.fields.is_empty() {
            Part::Sentences
        } else {
            Part::Field(0)
        };
        self
    }
}

/// Who is acted on, as the server says it: what the operator must recognise before anything dangerous.
fn identity(model: &Model) -> String {
    let target = if model.run.opened.target.is_empty() {
        "no target".to_owned()
    } else {
        model.run.opened.target.to_uppercase()
    };
    match &model.run.target {
        Some(seen) => format!(
            "{target}: {}@{}, {} {}, as user {}",
            seen.database, seen.address, seen.version, seen.role, seen.user
        ),
        None => format!("{target}: the server has not said who it is"),
    }
}

fn is_protected(model: &Model) -> bool {
    model
        .book
        .target(&model.run.opened.target)
        .is_some_and(|t| t.protect == Protection::Protected)
}

/// Asks a person to say that a manual step is done.
pub fn confirm(model: &Model, step: &Step) -> Dialog {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let mut dialog = Dialog::new(
        format!("{} {}", step.number, step.title),
        Intent::Confirm(step.id.clone()),
    );
    if let Action::Confirm(asked) = &step.action {
        for line in assign::as_known(&values, &asked.text).lines() {
            dialog = dialog.says(Tone::Plain, line);
        }
        dialog.boxes = asked
            .items
            .iter()
            .map(|text| TickBox {
                text: assign::as_known(&values, text),
                tick: Tick::Open,
            })
            .collect();
    }
    if let Some(role) = &step.role {
        dialog = dialog.says(Tone::Quiet, format!("{role} answers for this."));
    }
    dialog = match step.evidence {
        Evidence::None | Evidence::Show => dialog,
        Evidence::Text => dialog.field("What you saw", Need::Required),
        Evidence::Link => dialog.field("Link", Need::Required),
        Evidence::File => dialog.field(
            "Path of the file; its digest goes into the record",
            Need::Required,
        ),
    };
    let who = if step.role.is_some() {
        "On behalf of (empty: it is your own word)"
    } else {
        ""
    };
    if !who.is_empty() {
        dialog = dialog.field(who, Need::Optional);
    }
    dialog.entered("Enter records: I did this, and it is as it says above")
}

/// Asks before an automated step is started by a key.
pub fn start(model: &Model, step: &Step) -> Dialog {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let again = model.run.record(&step.id).is_some_and(|r| r.attempts > 0);
    let title = if again {
        format!("Run {} again: {}", step.number, step.title)
    } else {
        format!("Run {}: {}", step.number, step.title)
    };
    let gate = decide::gate(&model.book, &model.run, step);
    let tone = if gate.is_some() {
        Tone::Danger
    } else {
        Tone::Active
    };
    let mut dialog = Dialog::new(title, Intent::Start(step.id.clone())).toned(tone);
    for line in assign::command_line(&values, step).lines().take(12) {
        dialog = dialog.says(Tone::Plain, format!("  {line}"));
    }
    if !model.run.opened.target.is_empty() {
        let tone = if gate.is_some() {
            Tone::Danger
        } else {
            Tone::Quiet
        };
        dialog = dialog.says(tone, identity(model));
    }
    if step.way_back == WayBack::Closed {
        dialog = dialog.says(
            Tone::Danger,
            "This is the point of no return: from here on going back needs an override.",
        );
    }
    if let Some(said) = blocking_now(model) {
        dialog = dialog.says(Tone::Warning, said);
    }
    if let Some(expected) = gate {
        dialog = dialog.field(
            format!("Type `{expected}` to allow it"),
            Need::Exactly(expected),
        );
    }
    if again {
        dialog = dialog.field(
            "Why again? (optional)",
            if step.only_looks() {
                Need::Optional
            } else {
                Need::Required
            },
        );
        if let Some(field) = dialog.fields.last_mut().filter(|_| !step.only_looks()) {
            "Why again?".clone_into(&mut field.label);
        }
    }
    dialog.entered(format!(
        "Enter runs it on {}",
        if model.run.opened.target.is_empty() {
            "this machine"
        } else {
            &model.run.opened.target
        }
    ))
}

/// What blocks or is old on the server right now, in one sentence.
fn blocking_now(model: &Model) -> Option<String> {
    let sample = model.monitor.sample.as_ref()?;
    model.blocking_line().or_else(|| {
        let longest = sample.counts.longest_xact_ms.filter(|ms| *ms > 60_000)?;
        Some(format!(
            "A transaction has been open for {}: DDL may have to wait for it.",
            lasting(longest)
        ))
    })
}

/// Asks which way to go.
pub fn decision(model: &Model, step: &Step) -> Dialog {
    let mut dialog = Dialog::new(
        format!("{} {}", step.number, step.title),
        Intent::Decide(step.id.clone()),
    )
    .toned(Tone::Active);
    if let Some(note) = &step.note {
        for line in note.lines() {
            dialog = dialog.says(Tone::Plain, line);
        }
    }
    if let Action::Decide(choices) = &step.action {
        dialog.choices = choices
            .iter()
            .enumerate()
            .map(|(i, c)| Offer {
                label: c.title.clone(),
                hint: choice_hint(model, c.when.as_deref(), c.go_to.as_deref()),
                refused: past_return(model, c.go_to.as_deref()),
                pick: Pick::Way(i),
            })
            .collect();
    }
    dialog
        .field("Reason (goes into the record)", Need::Optional)
        .entered("Enter takes the marked way")
}

/// A way back that is past the point of no return asks for an override, which a decision does not.
fn past_return(model: &Model, go_to: Option<&str>) -> Option<String> {
    model.book.path(go_to?)?;
    let step = decide::past_return(&model.book, &model.run)?;
    let number = &step.number;
    Some(format!(
        "step {number} was the point of no return: go back with R"
    ))
}

fn choice_hint(model: &Model, when: Option<&str>, go_to: Option<&str>) -> String {
    let leads = match go_to {
        Some(name) => match model.book.path(name) {
            Some((_, path)) => format!("leads to the way back “{}”", path.title),
            None => model
                .book
                .step(&StepId::new(name))
                .map_or(String::new(), |s| format!("goes on at step {}", s.number)),
        },
        None => "goes on".into(),
    };
    match when {
        Some(when) => format!("{when}; {leads}"),
        None => leads,
    }
}

fn offer(label: impl Into<String>, hint: impl Into<String>, pick: Pick) -> Offer {
    Offer {
        label: label.into(),
        hint: hint.into(),
        refused: None,
        pick,
    }
}

/// Asks what to do about a failed step.
pub fn after_failure(model: &Model, step: &Step) -> Dialog {
    let record = model.run.record(&step.id);
    let why = record.map(|r| r.why.clone()).unwrap_or_default();
    let mut dialog = Dialog::new(
        format!("{} {} failed", step.number, step.title),
        Intent::AfterFailure(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Danger, why);
    if let Some(r) = record {
        for left in r.outcome.iter().flat_map(|o| &o.left_behind) {
            dialog = dialog.says(Tone::Warning, left.clone());
        }
        if r.attempts > 1 {
            dialog = dialog.says(Tone::Quiet, format!("This was attempt {}.", r.attempts));
        }
    }
    // What another step printed is not shown as this one's.
    let own = record.is_some_and(|r| step.attempt_name(r.attempts) == model.output.name);
    let lines = &model.output.lines;
    let first = lines.len().saturating_sub(4);
    for line in lines.iter().skip(first).filter(|_| own) {
        dialog = dialog.says(Tone::Quiet, format!("  {line}"));
    }
    let offered = match &step.on_failure {
        OnFailure::Offer(path) => model.book.path(path).map(|(_, p)| p),
        OnFailure::Hold | OnFailure::Continue => None,
    };
    let mut choices = Vec::new();
    if let Some(path) = offered {
        choices.push(offer(
            format!("Roll back: {}", path.title),
            path.when.join("; "),
            Pick::Rollback(path.name.clone()),
        ));
    }
    choices.push(offer(
        "Retry",
        "runs it again, as a new attempt",
        Pick::Retry,
    ));
    if step.verify.is_some() {
        choices.push(offer(
            "Verify",
            "asks whether it took effect all the same",
            Pick::Verify,
        ));
    }
    choices.push(offer("Look", "shows its output", Pick::Look));
    choices.push(offer(
        "Note",
        "writes something into the record",
        Pick::Note,
    ));
    if !model.book.rollback.is_empty() {
        choices.push(offer(
            "Roll back …",
            "shows every way back",
            Pick::RollbackMenu,
        ));
    }
    let mut skip = offer(
        "Skip",
        "goes on without it; the reason goes into the record",
        Pick::Skip,
    );
    if step.skipping == Skipping::Forbidden {
        skip.refused = Some("it is critical: it may not be skipped".into());
    }
    choices.push(skip);
    choices.push(offer(
        "End the run",
        "closes the record as it stands",
        Pick::Close,
    ));
    choices.push(offer(
        "Leave",
        "the run waits; `holdpoint resume` comes back here",
        Pick::Leave,
    ));
    dialog.choices = choices;
    dialog.entered("Enter does the marked thing")
}

/// Asks what to do about a step that may have run.
pub fn after_doubt(model: &Model, step: &Step) -> Dialog {
    let why = model
        .run
        .record(&step.id)
        .map(|r| r.why.clone())
        .unwrap_or_default();
    let mut dialog = Dialog::new(
        format!("{} {} may have run", step.number, step.title),
        Intent::AfterDoubt(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Danger, why).says(
        Tone::Plain,
        "Nothing is run again by itself. Find out whether it took effect, then say so.",
    );
    let mut choices = Vec::new();
    if step.verify.is_some() {
        choices.push(offer(
            "Verify",
            "asks the step's own question",
            Pick::Verify,
        ));
    }
    choices.push(offer("Look", "shows its last output", Pick::Look));
    choices.push(offer(
        "It was done",
        "you found out that it took effect",
        Pick::WasDone,
    ));
    choices.push(offer(
        "It was not done",
        "you found out that it did not; it can then be run again",
        Pick::WasNotDone,
    ));
    if !model.book.rollback.is_empty() {
        choices.push(offer(
            "Roll back …",
            "shows every way back",
            Pick::RollbackMenu,
        ));
    }
    choices.push(offer(
        "Leave",
        "the run waits; `holdpoint resume` comes back here",
        Pick::Leave,
    ));
    dialog.choices = choices;
    dialog.entered("Enter does the marked thing")
}

/// Asks how it was found out what a step in doubt was.
pub fn resolve(model: &Model, step: &Step, finding: Finding) -> Dialog {
    let said = match finding {
        Finding::Done => "it took effect",
        Finding::NotDone => "it did not take effect",
    };
    let mut dialog = Dialog::new(
        format!("{} {}: {said}", step.number, step.title),
        Intent::Resolve(step.id.clone(), finding),
    )
    .toned(Tone::Danger);
    if let Some((answer, detail)) = model.run.record(&step.id).and_then(|r| r.verified.as_ref()) {
        dialog = dialog.says(
            Tone::Plain,
            format!("Its verify question said: {answer:?}, {detail}"),
        );
    }
    dialog
        .field("How did you find out?", Need::Required)
        .entered(format!("Enter records that {said}"))
}

/// Asks which item of a `choose: one` group is done.
pub fn choose_item(model: &Model, heads: &[StepId]) -> Dialog {
    let mut dialog = Dialog::new("One of these", Intent::ChooseItem).toned(Tone::Active);
    let steps = heads.iter().filter_map(|id| model.book.step(id));
    dialog.choices = steps
        .map(|s| {
            offer(
                format!("{} {}", s.number, s.title),
                s.note.clone().unwrap_or_default(),
                Pick::Begin(s.id.clone()),
            )
        })
        .collect();
    dialog
        .says(
            Tone::Plain,
            "Only one of these is done; the others are left out.",
        )
        .entered("Enter goes to the marked one")
}

/// Asks why a step is left out.
pub fn skip(step: &Step) -> Dialog {
    Dialog::new(
        format!("Skip {} {}", step.number, step.title),
        Intent::Skip(step.id.clone()),
    )
    .toned(Tone::Warning)
    .says(Tone::Plain, "It is left out, and the record says so.")
    .field("Why?", Need::Required)
    .entered("Enter leaves it out")
}

/// Asks for a note.
pub fn note(shown: Option<&Step>) -> Dialog {
    let about = shown.map_or("the run".to_owned(), |s| {
        format!("{} {}", s.number, s.title)
    });
    Dialog::new("Note", Intent::Note(shown.map(|s| s.id.clone())))
        .says(
            Tone::Quiet,
            format!("About {about}. It goes into the record with the time and your name."),
        )
        .field("Text (ctrl-j: new line)", Need::Required)
        .entered("Enter writes it down")
}

/// Asks why a running step is stopped.
pub fn cancel(model: &Model, step: &Step) -> Dialog {
    let mut dialog = Dialog::new(
        format!("Cancel {} {}", step.number, step.title),
        Intent::Cancel(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Plain, "Its processes are asked to stop, then killed after 10 s; its sessions on the server are cancelled, then ended, and it is looked whether they are gone.");
    if is_protected(model) {
        dialog = dialog.says(Tone::Danger, identity(model));
    }
    dialog
        .field("Why?", Need::Required)
        .entered("Enter stops it")
}

/// Asks which way back.
pub fn rollback_menu(model: &Model) -> Dialog {
    let mut dialog = Dialog::new("Ways back", Intent::RollbackMenu).toned(Tone::Danger);
    if let Some(step) = decide::past_return(&model.book, &model.run) {
        dialog = dialog.says(
            Tone::Danger,
            format!("Step {} was the point of no return.", step.number),
        );
    }
    if model.book.rollback.is_empty() {
        dialog = dialog.says(Tone::Warning, "This runbook has no way back.");
    }
    dialog.choices = model
        .book
        .rollback
        .iter()
        .map(|p| {
            offer(
                p.title.clone(),
                p.when.join("; "),
                Pick::Rollback(p.name.clone()),
            )
        })
        .collect();
    let enter = if dialog.choices.is_empty() {
        ""
    } else {
        "Enter shows the marked way before it is entered"
    };
    dialog.entered(enter)
}

/// Asks before a way back is entered.
pub fn rollback(model: &Model, name: &str) -> Option<Dialog> {
    let (place, path) = model.book.path(name)?;
    let mut dialog = Dialog::new(
        format!("Go back: {}", path.title),
        Intent::Rollback(name.to_owned()),
    )
    .toned(Tone::Danger);
    for when in &path.when {
        dialog = dialog.says(Tone::Quiet, format!("When: {when}"));
    }
    for step in model.book.steps_in(place) {
        let line = match next::omitted(&model.book, &model.run, &step.id) {
            Some(why) => (
                Tone::Quiet,
                format!("  – {} {} ({why})", step.number, step.title),
            ),
            None => (Tone::Plain, format!("  ○ {} {}", step.number, step.title)),
        };
        dialog.sentences.push(line);
    }
    dialog = dialog.says(
        Tone::Plain,
        "Its steps run as any others: what can do harm asks first. Nothing has happened yet.",
    );
    dialog = dialog.field("Why?", Need::Required);
    if decide::past_return(&model.book, &model.run).is_some() {
        dialog = dialog.field(
            format!("Past the point of no return: type `{OVERRIDE}`"),
            Need::Exactly(OVERRIDE.into()),
        );
    }
    Some(dialog.entered("Enter enters this way back"))
}

/// Asks before a session is acted on.
pub fn act(model: &Model, session: &SessionRef, act: BackendAct) -> Dialog {
    let (title, enter) = match act {
        BackendAct::Cancel => (
            format!("Cancel the statement of session {}", session.pid),
            "Enter cancels its statement",
        ),
        BackendAct::Terminate => (
            format!("End session {}", session.pid),
            "Enter ends the session; what it had not committed is lost",
        ),
    };
    let mut dialog = Dialog::new(title, Intent::Act(session.clone(), act)).toned(Tone::Danger);
    dialog = dialog.says(
        Tone::Plain,
        format!("user {}, application {}", session.user, session.application),
    );
    if let Some(ms) = session.xact_ms {
        dialog = dialog.says(
            Tone::Plain,
            format!("its transaction has been open for {}", lasting(ms)),
        );
    }
    dialog = dialog.says(Tone::Plain, format!("  {}", session.query));
    if session.application.starts_with("holdpoint.") {
        dialog = dialog.says(
            Tone::Danger,
            "This is the run's own session: to stop the step, use x instead.",
        );
    }
    if !model.run.opened.target.is_empty() {
        dialog = dialog.says(Tone::Quiet, identity(model));
    }
    if model.purpose == Purpose::Monitor {
        return dialog
            .says(Tone::Quiet, "There is no run here: nothing is recorded.")
            .entered(enter);
    }
    dialog = dialog.field("Why?", Need::Required);
    if is_protected(model) {
        let name = model.run.opened.target.clone();
        dialog = dialog.field(format!("Type `{name}` to allow it"), Need::Exactly(name));
    }
    dialog.entered(enter)
}

/// Asks for a statement by hand.
pub fn console(model: &Model) -> Dialog {
    Dialog::new("SQL by hand", Intent::Console)
        .toned(Tone::Warning)
        .says(Tone::Quiet, identity(model))
        .says(
            Tone::Plain,
            "The statement, its rows and how long it took go into the record.",
        )
        .field("Statement (ctrl-j: new line)", Need::Required)
        .field("Why? (needed when it writes)", Need::Optional)
        .entered("Enter sends it")
}

/// Says why the run is on hold, and asks whether it goes on.
pub fn release(model: &Model, why: &HoldReason) -> Dialog {
    let mut dialog = Dialog::new("On hold", Intent::Release).toned(Tone::Warning);
    dialog = match why {
        HoldReason::Operator => dialog.says(
            Tone::Plain,
            "You asked for a pause: no further step starts.",
        ),
        HoldReason::Alarm { rule } => dialog.says(
            Tone::Danger,
            format!("The alarm `{rule}` holds the run: no further step starts."),
        ),
        HoldReason::Identity { differs } => differs.iter().fold(
            dialog
                .toned(Tone::Danger)
                .says(Tone::Danger, "This is not the server it must be:"),
            |d, line| d.says(Tone::Danger, format!("  {line}")),
        ),
    };
    let now = decide::elsewhere(&model.run);
    if now.is_empty() {
        return dialog.entered("Enter lets steps start again");
    }
    dialog
        .says(Tone::Danger, identity(model))
        .field(
            format!("Type `{THERE}` to let steps start on this very server"),
            Need::Exactly(THERE.into()),
        )
        .entered("Enter lets steps start again, on this server")
}

/// Says what goes on when the program is left.
pub fn leave(model: &Model) -> Dialog {
    let mut dialog = Dialog::new("Leave", Intent::Leave);
    let running: Vec<&str> = model
        .run
        .running()
        .filter_map(|(id, _)| model.book.step(id))
        .map(|s| s.title.as_str())
        .collect();
    dialog = if running.is_empty() {
        dialog.says(
            Tone::Plain,
            "Nothing is running. Nothing more starts until somebody comes back.",
        )
    } else {
        dialog.says(
            Tone::Active,
            format!(
                "“{}” goes on running without the screen; its result is kept.",
                running.join("”, “")
            ),
        )
    };
    if model.run.closed.is_none() {
        dialog = dialog.says(
            Tone::Plain,
            format!("Come back with:  holdpoint resume {}", model.run.opened.run),
        );
    }
    dialog.entered("Enter leaves")
}

/// Asks before the run is ended.
pub fn close(model: &Model) -> Dialog {
    let status = verdict::status(&model.book, &model.run);
    let tone = match status {
        Status::Success => Tone::Good,
        Status::RolledBack | Status::Aborted => Tone::Warning,
        Status::Partial => Tone::Danger,
    };
    let mut dialog = Dialog::new("End the run", Intent::Close)
        .toned(tone)
        .says(tone, format!("Verdict: {}", status.word()));
    let open: Vec<&Step> = next::route(&model.book, &model.run)
        .filter(|s| {
            !next::settled(&model.run, &s.id)
                && next::omitted(&model.book, &model.run, &s.id).is_none()
        })
        .collect();
    for step in open.iter().take(6) {
        let word = match model.run.stand(&step.id) {
            Stand::Failed => "failed",
            Stand::InDoubt => "may have run",
            Stand::Running => "running",
            Stand::Waiting | Stand::Done | Stand::Accepted | Stand::Skipped => "not done",
        };
        dialog = dialog.says(
            Tone::Warning,
            format!("  {} {}: {word}", step.number, step.title),
        );
    }
    if open.len() > 6 {
        dialog = dialog.says(Tone::Warning, format!("  and {} more", open.len() - 6));
    }
    dialog = dialog.says(
        Tone::Plain,
        "The record is closed for good; then the log is written and can be signed.",
    );
    let whole = matches!(status, Status::Success | Status::RolledBack);
    let (label, need) = if whole {
        ("Remark (optional)", Need::Optional)
    } else {
        ("Why is it ended so?", Need::Required)
    };
    dialog.field(label, need).entered("Enter closes the record")
}

/// The roles in which the log can be signed.
fn roles(model: &Model) -> impl Iterator<Item = &str> {
    let free = model.book.roles.is_empty().then_some(ANY_ROLE);
    model.book.roles.iter().map(String::as_str).chain(free)
}

/// Asks whether the log is signed now.
pub fn sign(model: &Model) -> Dialog {
    let mut dialog = Dialog::new("The log", Intent::Sign).toned(Tone::Good);
    let who = &model.run.operator;
    let status = model.run.closed.as_ref().map_or("", |c| c.status.word());
    dialog = dialog.says(Tone::Good, format!("The run is closed: {status}."));
    dialog.choices = if who.key.is_empty() {
        dialog = dialog.says(Tone::Warning, "There is no SSH key to sign with. Make one with `holdpoint keygen`, then `holdpoint sign`.");
        vec![offer(
            "Write it unsigned",
            "`holdpoint sign` adds signatures later",
            Pick::SignLater,
        )]
    } else {
        dialog = dialog.says(
            Tone::Plain,
            format!("{} <{}> signs with {}", who.name, who.identity, who.key),
        );
        let mut offers: Vec<Offer> = roles(model)
            .map(|role| {
                let hint = "runs ssh-keygen; it may ask for a passphrase or a touch";
                offer(format!("Sign as {role}"), hint, Pick::Sign(role.to_owned()))
            })
            .collect();
        offers.push(offer(
            "Write it unsigned",
            "`holdpoint sign` adds signatures later",
            Pick::SignLater,
        ));
        offers
    };
    dialog.entered("Enter writes log.md")
}

/// Puts the texts of `from` into `to`, and asks for `name` to be typed besides.
pub fn carry_over(to: &mut Dialog, from: &Dialog, name: &str) {
    for (new, old) in to.fields.iter_mut().zip(&from.fields) {
        new.area = old.area.clone();
    }
    let (label, need) = (
        format!("Type `{name}` to allow it"),
        Need::Exactly(name.to_owned()),
    );
    to.fields.push(Field {
        label,
        need,
        area: TextArea::default(),
    });
    to.focus = Part::Field(to.fields.len() - 1);
}
