//! The runbook for a project: written to be read, changed and reviewed by the people whose migrations they are.

mod back;
mod forward;
mod head;

use crate::domain::project::Project;
use crate::domain::project::write::back::{back, restore};
use crate::domain::project::write::forward::{after, apply, backup, before};
use crate::domain::project::write::head::head;
use crate::domain::project::yaml::{block, scalar};

/// Returns the runbook for `project`, called `name`.
pub fn runbook(project: &Project, name: &str) -> String {
    let mut out = head(project, name);
    out.push_str("phases:\n");
    out.push_str(&before(project));
    out.push_str(&backup(project));
    out.push_str(&apply(project));
    out.push_str(&after(project));
    out.push_str("rollback:\n");
    out.push_str(&back(project));
    out.push_str(&restore(project));
    out
}

/// Returns a scalar that stays a text whatever it looks like.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A name of a file is no variable.
fn escaped(text: &str) -> String {
    text.replace("${", "$ {")
}

/// Holds the tool's own table against the files, whatever the tool says.
fn history(project: &Project, title: &str, pending: &str) -> String {
    format!(
        "      - step: {title}\n        use: migrations/status\n        with: {{tool: {}, dir: {}, pending: {pending}}}\n",
        project.tool.word(),
        quoted(&escaped(&project.files))
    )
}

/// A step that runs `script` in the project's directory, with the target's address at hand.
fn shell(project: &Project, title: &str, id: &str, key: &str, script: &str, rest: &str) -> String {
    let mut lines = vec!["url=\"${!url_variable}\"".to_owned()];
    lines.extend(project.address.iter().cloned());
    lines.push(script.to_owned());
    format!(
        "      - step: {}\n        id: {id}\n        {key}: |\n{}        in: ${{project_dir}}\n{}",
        scalar(title),
        block(10, &lines.join("\n")),
        block(8, rest)
    )
}
