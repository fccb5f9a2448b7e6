//! What lies on top: a question, what may be answered, and what the answer means as data.

use tui_textarea::TextArea;

use crate::app::model::Tone;
use crate::domain::run::event::{BackendAct, Finding, SignedWord};
use crate::domain::runbook::model::StepId;

/// A dialog. The screen draws any of them the same way: sentences, boxes, choices, fields, and what Enter does.
#[derive(Debug)]
pub struct Dialog {
    /// Its headline.
    pub title: String,
    /// How much weight it has.
    pub tone: Tone,
    /// What it says.
    pub sentences: Vec<(Tone, String)>,
    /// Boxes to be ticked with Space.
    pub boxes: Vec<TickBox>,
    /// Choices; the cursor stands on one.
    pub choices: Vec<Offer>,
    /// Which box or choice the cursor stands on.
    pub cursor: usize,
    /// Text fields.
    pub fields: Vec<Field>,
    /// Which part has the keyboard.
    pub focus: Part,
    /// What Enter does, as a sentence; empty: nothing.
    pub enter: String,
    /// What is wrong with the answer so far.
    pub problem: Option<String>,
    /// What the answer means.
    pub intent: Intent,
    /// When it first stood on the screen, on the forward clock; keys before that do not answer it.
    pub shown_ms: Option<u64>,
    /// When the last key was typed into it, on the forward clock.
    pub typed_ms: Option<u64>,
    /// Rows by which the view is moved from where it stands by itself, down when positive.
    pub scroll: i16,
}

/// A part of a dialog that can have the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Nothing to be filled in.
    Sentences,
    /// The boxes.
    Boxes,
    /// The choices.
    Choices,
    /// A text field.
    Field(usize),
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickBox {
    /// What it says.
    pub text: String,
    /// Whether it is ticked.
    pub tick: Tick,
}

/// Whether a box is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Not yet.
    Open,
    /// It is.
    Ticked,
}

/// One thing that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is.
    pub label: String,
    /// When to choose it, or what it leads to.
    pub hint: String,
    /// Why it cannot be chosen now; `None`: it can.
    pub refused: Option<String>,
    /// What choosing it means.
    pub pick: Pick,
}

/// What choosing an offer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// A way out of the decision.
    Way(usize),
    /// Run the step again.
    Retry,
    /// Ask the step's `verify` question.
    Verify,
    /// Look at the output.
    Look,
    /// Write something down.
    Note,
    /// Leave the step out.
    Skip,
    /// Enter this rollback path.
    Rollback(String),
    /// Choose a rollback path.
    RollbackMenu,
    /// It had run to its end.
    WasDone,
    /// It had not taken effect.
    WasNotDone,
    /// Leave holdpoint; the run can be taken up again.
    Leave,
    /// End the run with the verdict it has.
    Close,
    /// Start this step of a `choose: one` group.
    Begin(StepId),
    /// Sign the step with this word.
    Word(SignedWord),
    /// Sign the log now, in this role.
    Sign(String),
    /// Wait for what still runs.
    Wait,
    /// Stop this running step.
    Stop(StepId),
    /// Leave it unsigned for now.
    SignLater,
    /// Sign what was done of the later duties.
    SignAddendum,
    /// Leave at once.
    LeaveNow,
}

/// A text field.
#[derive(Debug)]
pub struct Field {
    /// What it is for.
    pub label: String,
    /// What is asked of it.
    pub need: Need,
    /// Its text and cursor.
    pub area: TextArea<'static>,
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// It may stay empty.
    Optional,
    /// It may not stay empty.
    Required,
    /// It must hold exactly this.
    Exactly(String),
}

/// What an answered dialog means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Nothing: it is read and shut.
    Read,
    /// Nothing: every key is read and it is shut.
    Help,
    /// Nothing: this markdown is read and it is shut.
    Text(String),
    /// Nothing: a session is looked at; `c` and `t` act on it.
    Session(SessionRef),
    /// The manual step is done.
    Confirm(StepId),
    /// The automated step is to be started (again).
    Start(StepId),
    /// A way out of the decision.
    Decide(StepId),
    /// A role signs in the step.
    SignStep(StepId),
    /// What to do about a failed step.
    AfterFailure(StepId),
    /// What to do about steps that still run although the run is to be ended.
    StillRunning,
    /// What to do about a step that may have run.
    AfterDoubt(StepId),
    /// What a person found out about it.
    Resolve(StepId, Finding),
    /// Which item of a `choose: one` group.
    ChooseItem,
    /// Leave the step out.
    Skip(StepId),
    /// Write something down.
    Note(Option<StepId>),
    /// Stop the running step.
    Cancel(StepId),
    /// Which way back.
    RollbackMenu,
    /// Enter this way back.
    Rollback(String),
    /// Act on a session.
    Act(SessionRef, BackendAct),
    /// A statement by hand.
    Console,
    /// Let steps start again.
    Release,
    /// Leave.
    Leave,
    /// End the run.
    Close,
    /// The run has ended: sign or not.
    Sign,
}

/// One session, so that a pid used again is not mistaken for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRef {
    /// The process.
    pub pid: i32,
    /// Its start, as the server printed it.
    pub backend_start: String,
    /// The database user.
    pub user: String,
    /// The application.
    pub application: String,
    /// The beginning of its statement.
    pub query: String,
    /// Milliseconds that its transaction had lasted.
    pub xact_ms: Option<u64>,
}
