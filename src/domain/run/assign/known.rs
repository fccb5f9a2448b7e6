//! What is told of a step before it is assigned: every value known now, the rest as it is written.

use crate::domain::redact;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, Sql, Step, Use};
use crate::domain::runbook::sql::{Quoting, show_sql};
use crate::domain::runbook::variables;

/// Returns `template` with every value known now put in; what is not known yet, and secrets, stay as they are written.
pub fn as_known(values: &Values, template: &str) -> String {
    let lookup = |name: &str| Some(values.get(name).unwrap_or_else(|| format!("${{{name}}}")));
    variables::expand(template, &lookup).unwrap_or_else(|_| template.to_owned())
}

/// Returns statements as they will be sent, with every value known now; what is not known yet, and secrets, stay as they
/// are written. Where the runbook does not tell whose server it is, PostgreSQL's quotes stand.
pub fn sql_as_known(values: &Values, sql: &Sql) -> String {
    let quoting = Quoting::of(sql.family);
    show_sql(sql.text.trim(), quoting, &|name| values.get(name))
}

/// Returns the values that `script` names and that are known, as `name = value` pairs in order of their names.
pub fn named_in_script(values: &Values, script: &str) -> Vec<(String, String)> {
    let exported = values.exported();
    let named =
        |name: &str| script.contains(&format!("${name}")) || script.contains(&format!("${{{name}"));
    exported
        .into_iter()
        .filter(|(name, _)| named(name))
        .collect()
}

/// Returns a ready check as it is told: `pg/long-transactions, longer_than = 5m`.
pub fn used_line(values: &Values, used: &Use) -> String {
    let mut line = used.check.clone();
    for (name, value) in &used.with {
        line.push_str(&format!(", {name} = {}", as_known(values, value)));
    }
    if used.compare.is_some() {
        line.push_str(", compared with before");
    }
    line
}

/// Returns the one line that the journal keeps of what a step does.
pub fn command_line(values: &Values, step: &Step) -> String {
    let text = match &step.action {
        Action::Run(shell) | Action::Check(shell) => shell.script.trim().to_owned(),
        Action::Sql(sql) => sql_as_known(values, sql),
        Action::Http(http) => format!("{} {}", http.method, as_known(values, &http.url)),
        Action::Use(used) => used_line(values, used),
        Action::Watch(watch) => match values.lasts(&watch.length) {
            Some(length) => format!("watch for {} s", length.as_secs()),
            None => format!("watch for {}", watch.length),
        },
        Action::Confirm(_) | Action::Decide(_) | Action::Sign(_) => String::new(),
    };
    let text = redact::redact_text(&text);
    let mut line: String = text.chars().take(1_000).collect();
    if line.len() < text.len() {
        line.push_str(" …");
    }
    line
}
