//! What the step pane says: what will happen before it happens, and what happened after.

use crate::app::model::{Model, Tone};
use crate::domain::attempt::Ended;
use crate::domain::ready;
use crate::domain::redact;
use crate::domain::run::assign;
use crate::domain::run::decide;
use crate::domain::run::event::Answer;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::schedule;
use crate::domain::run::state::{CancelState, Stand, StepRecord};
use crate::domain::run::values::{Surroundings, Values};
use crate::domain::runbook::model::{
    Access, Action, BackgroundEnd, Danger, Evidence, Identity, OnFailure, Skipping, Sql, Start,
    Step, Use, WayBack,
};
use crate::domain::sample::words::lasting;
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

fn stand(model: &Model, step: &Step, record: Option<&StepRecord>) -> (Tone, String) {
    let Some(record) = record else {
        return to_come(model, step);
    };
    let took = record
        .outcome
        .as_ref()
        .map(|o| format!(" {}", clock(o.duration_ms)))
        .unwrap_or_default();
    match record.stand {
        Stand::Waiting => to_come(model, step),
        Stand::Running => {
            let usual = schedule::takes_ms(step, &known(model))
                .map(|ms| format!(" / ~{}", clock(ms)))
                .unwrap_or_default();
            let word = match model.cancel_of(&step.id) {
                CancelState::NotAsked => "running",
                CancelState::Asked => "stopping",
            };
            let gone = model.running_ms(&step.id);
            let overdue =
                schedule::takes_ms(step, &known(model)).is_some_and(|ms| gone > 2 * ms.max(1_000));
            let tone = if overdue { Tone::Warning } else { Tone::Active };
            (tone, format!("{word} {}{usual}", clock(gone)))
        }
        Stand::InDoubt => (Tone::Danger, "may have run".into()),
        Stand::Done if warned(record) => (Tone::Warning, format!("done{took}, with a warning")),
        Stand::Done => (Tone::Good, format!("done{took}")),
        Stand::Failed => (
            Tone::Danger,
            format!("failed{took}, attempt {}", record.attempts),
        ),
        Stand::Accepted => (Tone::Warning, format!("failed{took}, accepted")),
        Stand::Skipped => (Tone::Warning, "skipped".into()),
    }
}

fn warned(record: &StepRecord) -> bool {
    record
        .outcome
        .as_ref()
        .is_some_and(|o| o.ended == Ended::Warned)
}

fn to_come(model: &Model, step: &Step) -> (Tone, String) {
    if let Some(why) = next::omitted(&model.book, &model.run, &step.id) {
        return (Tone::Quiet, format!("does not apply: {why}"));
    }
    if next::waits_for_person(&model.book, &model.run) == Some(&step.id) {
        return (Tone::Active, "waits for you".into());
    }
    (Tone::Quiet, "to come".into())
}

/// Returns how long steps took elsewhere, in milliseconds.
pub fn known(model: &Model) -> schedule::Known {
    model
        .rehearsed
        .iter()
        .map(|(id, (_, ms))| (id.clone(), *ms))
        .collect()
}

fn first(model: &Model, step: &Step, record: Option<&StepRecord>) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    if let Some(record) = record {
        match record.stand {
            Stand::Failed => lines.push((Tone::Danger, record.why.clone())),
            Stand::InDoubt => {
                lines.push((Tone::Danger, format!("It may have run: {}", record.why)));
            }
            Stand::Skipped | Stand::Accepted => lines.push((Tone::Warning, record.why.clone())),
            Stand::Waiting | Stand::Running | Stand::Done => {}
        }
        let left = record.outcome.iter().flat_map(|o| &o.left_behind);
        lines.extend(left.map(|l| (Tone::Warning, l.clone())));
        match &record.verified {
            Some((Answer::Holds, detail)) => {
                lines.push((Tone::Good, format!("verify holds: {detail}")));
            }
            Some((Answer::DoesNotHold, detail)) => {
                lines.push((Tone::Danger, format!("verify does not hold: {detail}")));
            }
            Some((Answer::Unknown, detail)) => lines.push((
                Tone::Warning,
                format!("verify could not be asked: {detail}"),
            )),
            None => {}
        }
        if !record.answer.is_empty() {
            lines.push((Tone::Good, format!("answered: {}", record.answer)));
        }
    }
    if let Some(at) = schedule::earliest_ms(&model.run, step).filter(|at| *at > model.now.wall_ms) {
        let left = u64::try_from(at - model.now.wall_ms).unwrap_or(0);
        lines.push((
            Tone::Warning,
            format!("not before its time: {} to go", clock(left)),
        ));
    }
    lines
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
            Some(level) => format!(
                "Watch for {}; an alarm ({level:?} or worse) fails it.",
                units::words(watch.length)
            ),
            None => format!("Watch for {}.", units::words(watch.length)),
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

fn facts(
    model: &Model,
    values: &Values,
    step: &Step,
    record: Option<&StepRecord>,
) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |label: &str, text: String| facts.push((label.to_owned(), text));
    match &step.action {
        Action::Run(shell) | Action::Check(shell) => {
            if let Some(dir) = &shell.dir {
                fact("in", assign::as_known(values, dir));
            }
        }
        Action::Sql(sql) => sql_facts(sql, &mut fact),
        Action::Use(used) => used_facts(model, step, used, &mut fact),
        Action::Confirm(_)
        | Action::Http(_)
        | Action::Watch(_)
        | Action::Decide(_)
        | Action::Sign(_) => {}
    }
    if let Some(expect) = &step.expect {
        let shown = assign::expectation(values, expect).unwrap_or_else(|_| expect.clone());
        fact("expect", shown.to_string());
    }
    if let Some(checked) = record.and_then(|r| r.outcome.as_ref()?.checked.as_ref()) {
        fact("seen", checked.actual.clone());
    }
    for capture in &step.capture {
        match values.get(&capture.name) {
            Some(value) => fact("captured", format!("{} = {value}", capture.name)),
            None => fact("captures", capture.name.clone()),
        }
    }
    if let Some(timeout) = step.timeout {
        fact("timeout", units::words(timeout));
    }
    if let Some(until) = step.until {
        fact("polls for", units::words(until));
    }
    if let Some(retry) = &step.retry {
        let only = retry
            .only_if
            .as_ref()
            .map(|r| format!(", if it says {r}"))
            .unwrap_or_default();
        fact(
            "retries",
            format!(
                "{} times, after {}{only}",
                retry.times,
                units::words(retry.wait)
            ),
        );
    }
    if let Some((target, ms)) = model.rehearsed.get(&step.id) {
        fact("last time", format!("{target}: {}", lasting(*ms)));
    } else if let Some(takes) = step.takes {
        fact("takes", units::words(takes));
    }
    careful_facts(step, &mut fact);
    facts
}

/// A ready check is shown by its name, and by what it is about.
fn used_text(values: &Values, used: &Use) -> String {
    let mut text = assign::used_line(values, used);
    if let Some(check) = ready::find(&used.check) {
        text.push_str(&format!("\n{}.", check.title));
    }
    text
}

fn used_facts(model: &Model, step: &Step, used: &Use, fact: &mut impl FnMut(&str, String)) {
    if let Some(on) = &used.on {
        fact("on", on.clone());
    }
    if let Some(earlier) = model.book.compared_with(step) {
        fact("compared with", format!("step {}", earlier.number));
    }
    let Some(check) = ready::find(&used.check) else {
        return;
    };
    fact("why", check.meaning.clone());
    let record = model.run.record(&step.id);
    let unhappy = record
        .and_then(|r| r.outcome.as_ref())
        .is_some_and(|o| o.ended != Ended::Passed);
    if unhappy {
        fact("remedy", check.remedy.clone());
    }
    fact("rights", check.rights.clone());
}

fn sql_facts(sql: &Sql, fact: &mut impl FnMut(&str, String)) {
    if let Some(on) = &sql.on {
        fact("on", on.clone());
    }
    if sql.access == Access::ReadOnly {
        fact("session", "read only".into());
    }
    if let Some(timeout) = sql.lock_timeout {
        fact("lock timeout", units::words(timeout));
    }
    if let Some(timeout) = sql.statement_timeout {
        fact("statement timeout", units::words(timeout));
    }
}

fn careful_facts(step: &Step, fact: &mut impl FnMut(&str, String)) {
    if step.danger == Danger::High {
        fact("danger", "high: it starts only when you say so".into());
    }
    if step.start == Start::ByHand {
        fact("starts", "when you say so".into());
    }
    if step.way_back == WayBack::Closed {
        fact(
            "point of no return",
            "from here on going back needs an override".into(),
        );
    }
    if step.skipping == Skipping::Forbidden {
        fact("critical", "it may not be skipped".into());
    }
    match &step.on_failure {
        OnFailure::Hold => {}
        OnFailure::Continue => fact("on failure", "the run goes on".into()),
        OnFailure::Offer(path) => fact("on failure", format!("offers the way back “{path}”")),
    }
    if step.verify.is_some() {
        fact("verify", "v asks whether it took effect".into());
    }
    match step.evidence {
        Evidence::None | Evidence::Show => {}
        asked @ (Evidence::Text | Evidence::Link | Evidence::File) => {
            fact("asks for", decide::evidence_word(asked).into());
        }
    }
    match step.background.as_ref().map(|b| b.until) {
        Some(BackgroundEnd::Phase) => fact("runs beside", "until the end of its phase".into()),
        Some(BackgroundEnd::Run) => fact("runs beside", "until the end of the run".into()),
        None => {}
    }
    if let Some(role) = &step.role {
        fact("who", role.clone());
    }
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
