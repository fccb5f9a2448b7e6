//! What the step pane says: what will happen before it happens, and what happened after.

mod facts;
mod standing;

use crate::app::model::{Model, Tone};
use crate::app::step::facts::{facts, used_text};
use crate::app::step::standing::{first, stand};
use crate::domain::redact;
use crate::domain::run::assign;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::schedule;
use crate::domain::run::state::Stand;
use crate::domain::run::values::{Surroundings, Values};
use crate::domain::runbook::model::{Action, Identity, Level, Step};
use crate::domain::units;

/// What the step pane says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepView {
    /// `3.2 Apply the migrations`
    pub title: String,
    /// Where it stands, in a word or two: `running 0:42 / ~0:40`.
    pub stand: (Tone, String),
    /// What must be read first: why it failed, what is in doubt, what to do now. Empty: nothing is urgent.
    pub first: Vec<(Tone, String)>,
    /// What is done: the command, the statement, the instruction; one line each, as written.
    pub action: Vec<String>,
    /// Facts: label and text (`expect` → `value >= 11`).
    pub facts: Vec<(String, String)>,
    /// More to read, as markdown.
    pub note: Option<String>,
    /// Boxes to be ticked when it is confirmed.
    pub items: Vec<String>,
    /// What Enter does now, as a sentence; empty: nothing.
    pub enter: String,
}

/// Returns the values as the model knows them.
pub fn surroundings(model: &Model) -> Surroundings {
    Surroundings {
        environment: model.environment.clone(),
        secret_names: model.secret_names.clone(),
        runbook_dir: model.runbook_dir.clone(),
    }
}

/// Returns what the step pane says of `step`.
pub fn describe(model: &Model, step: &Step) -> StepView {
    let around = surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let record = model.run.record(&step.id);
    StepView {
        title: format!("{} {}", step.number, step.title),
        stand: stand(model, step, record),
        first: first(model, step, record),
        action: action_lines(&values, step),
        facts: facts(model, &values, step, record),
        note: step.note.as_ref().map(|n| assign::as_known(&values, n)),
        items: match &step.action {
            Action::Confirm(confirm) => confirm.items.clone(),
            Action::Run(_)
            | Action::Check(_)
            | Action::Sql(_)
            | Action::Http(_)
            | Action::Watch(_)
            | Action::Use(_)
            | Action::Decide(_)
            | Action::Sign(_) => Vec::new(),
        },
        enter: enter(model, step),
    }
}

/// Returns what a server must be, with its variables expanded as far as they are known.
pub fn identity(model: &Model, must_be: &Identity) -> Identity {
    let around = surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let text = |t: &Option<String>| t.as_ref().map(|t| assign::as_known(&values, t));
    Identity {
        database: text(&must_be.database),
        role: must_be.role,
        version: text(&must_be.version),
        host: text(&must_be.host),
        system_identifier: text(&must_be.system_identifier),
    }
}

fn clock(ms: u64) -> String {
    units::clock(std::time::Duration::from_millis(ms))
}

/// Returns how long steps took elsewhere, in milliseconds.
pub fn known(model: &Model) -> schedule::Known {
    model
        .rehearsed
        .iter()
        .map(|(id, (_, ms))| (id.clone(), *ms))
        .collect()
}

fn action_lines(values: &Values, step: &Step) -> Vec<String> {
    let text = match &step.action {
        Action::Confirm(confirm) => assign::as_known(values, &confirm.text),
        Action::Run(shell) | Action::Check(shell) => {
            let mut text = shell.script.trim_end().to_owned();
            for (name, value) in assign::named_in_script(values, &shell.script) {
                text.push_str(&format!("\n  ${name} = {value}"));
            }
            text
        }
        Action::Sql(sql) => assign::sql_as_known(values, sql),
        Action::Http(http) => format!("{} {}", http.method, assign::as_known(values, &http.url)),
        Action::Use(used) => used_text(values, used),
        Action::Watch(watch) => match watch.fail_on {
            Some(level) => {
                let which = match level {
                    Level::Warning => "an alarm fails it, a warning too",
                    Level::Critical => "a critical alarm fails it",
                };
                format!("Watch for {}; {which}.", values.lasting(&watch.length))
            }
            None => format!("Watch for {}.", values.lasting(&watch.length)),
        },
        Action::Decide(choices) => choices
            .iter()
            .map(|c| match &c.when {
                Some(when) => format!("- **{}** — {when}", c.title),
                None => format!("- **{}**", c.title),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Action::Sign(signing) => format!(
            "**{}** signs here with their own key: the record so far, and that the run may go on.",
            signing.role
        ),
    };
    let text = redact::redact_text(&text);
    text.lines().map(ToOwned::to_owned).collect()
}

/// What Enter does when the cursor stands on `step`.
fn enter(model: &Model, step: &Step) -> String {
    if model.run.is_over() {
        return "The record is closed: Enter writes and signs the log".into();
    }
    match next::current(&model.book, &model.run) {
        None if model.run.closed.is_some() => return "Enter signs what was done".into(),
        None => return "Every step is settled: Enter ends the run".into(),
        Some(_) if !next::may_be_next(&model.book, &model.run, &step.id) => return String::new(),
        Some(_) => {}
    }
    // What a step came to is asked about before anything that could start.
    if *model.run.stand(&step.id) == Stand::Waiting {
        match next::next(&model.book, &model.run, model.now.wall_ms) {
            Next::Wait(Wait::Held(_)) => return "Enter shows why the run is on hold".into(),
            Next::Wait(Wait::ChooseItem(_)) => {
                return "Enter asks which one of these is done".into();
            }
            Next::Wait(_)
            | Next::Start(_)
            | Next::Accept(_)
            | Next::PathEnded(_)
            | Next::Finished => {}
        }
    }
    match (model.run.stand(&step.id), &step.action) {
        (Stand::Running, _) => String::new(),
        (Stand::Failed, _) => "Enter shows what can be done about it".into(),
        (Stand::InDoubt, _) => "Enter shows how to settle whether it ran".into(),
        (Stand::Done | Stand::Accepted | Stand::Skipped, _) => String::new(),
        (Stand::Waiting, Action::Confirm(_)) => "Enter opens the confirmation".into(),
        (Stand::Waiting, Action::Decide(_)) => "Enter opens the choices".into(),
        (Stand::Waiting, Action::Sign(_)) => "Enter asks for the signature".into(),
        (
            Stand::Waiting,
            Action::Run(_)
            | Action::Check(_)
            | Action::Sql(_)
            | Action::Http(_)
            | Action::Use(_)
            | Action::Watch(_),
        ) => {
            if next::waits_for_person(&model.book, &model.run) == Some(&step.id) {
                "Enter asks once more, then runs it".into()
            } else {
                String::new()
            }
        }
    }
}
