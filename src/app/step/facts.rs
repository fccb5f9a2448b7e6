//! What is known of a step beside its text: where it runs, what it changes, how it is tried again.

use crate::app::model::Model;
use crate::domain::attempt::Ended;
use crate::domain::ready;
use crate::domain::run::assign;
use crate::domain::run::decide;
use crate::domain::run::state::StepRecord;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{
    Access, Action, BackgroundEnd, Danger, Evidence, OnFailure, Skipping, Sql, Start, Step, Use,
    WayBack,
};
use crate::domain::sample::words::lasting;

pub(super) fn facts(
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
        Action::Sql(sql) => sql_facts(values, sql, &mut fact),
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
    if let Some(timeout) = &step.timeout {
        fact("timeout", values.lasting(timeout));
    }
    if let Some(until) = &step.until {
        fact("polls for", values.lasting(until));
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
                values.lasting(&retry.wait)
            ),
        );
    }
    if let Some((target, ms)) = model.rehearsed.get(&step.id) {
        fact("last time", format!("{target}: {}", lasting(*ms)));
    } else if let Some(takes) = &step.takes {
        fact("takes", values.lasting(takes));
    }
    careful_facts(step, &mut fact);
    facts
}

/// A ready check is shown by its name, and by what it is about.
pub(super) fn used_text(values: &Values, used: &Use) -> String {
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

fn sql_facts(values: &Values, sql: &Sql, fact: &mut impl FnMut(&str, String)) {
    if let Some(on) = &sql.on {
        fact("on", on.clone());
    }
    if sql.access == Access::ReadOnly {
        fact("session", "read only".into());
    }
    if let Some(timeout) = &sql.lock_timeout {
        fact("lock timeout", values.lasting(timeout));
    }
    if let Some(timeout) = &sql.statement_timeout {
        fact("statement timeout", values.lasting(timeout));
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
