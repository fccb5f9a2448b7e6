//! A markdown checklist becomes a runbook, and every line of it is accounted for.
//!
//! Text in a document is data: nothing in it is evaluated, and nothing that it becomes starts by itself. The result is read
//! back by the runbook's own parser and compared, step by step and byte by byte, before success is said.

use std::sync::Arc;

use crate::domain::runbook::model::{self, Runbook};
use crate::domain::runbook::parse as runbook;

mod account;
mod blocks;
mod build;
mod commands;
mod export;
mod fences;
mod gates;
mod groups;
mod ids;
mod input;
mod items;
mod levels;
mod mask;
mod parse;
mod people;
mod placeholders;
mod plan;
mod repair;
mod roles;
mod sections;
mod steps;
mod tables;
mod texts;
mod timing;
mod walk;
mod ways;
mod words;
mod write;

pub use account::Account;
pub use export::export;
pub use input::LARGEST;
pub use sections::Expand;

use account::{Fate, What};
use build::{Builder, LastResort};
use plan::{Action, Plan};

/// Whether broken fences are mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// They are.
    Yes,
    /// They are only told.
    No,
}

/// How a document is imported.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Fences that hold a checklist.
    pub expand: Expand,
    /// Broken fences.
    pub repair: Repair,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            expand: Expand::Yes,
            repair: Repair::No,
        }
    }
}

/// What a document became.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The runbook, as YAML.
    pub yaml: String,
    /// The same, read back.
    pub book: Arc<Runbook>,
    /// What became of each line.
    pub account: Account,
    /// SHA-256 of the document.
    pub digest: String,
}

/// Why a document cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// Why, in words.
    pub why: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Refused {
    fn new(why: impl Into<String>, hint: &str) -> Self {
        Self {
            why: why.into(),
            hint: Some(hint.to_owned()).filter(|h| !h.is_empty()),
        }
    }
}

/// Imports the document `name`.
///
/// # Errors
/// It cannot be read, holds nothing that is a step, or what became of it is not what was written down (a bug).
pub fn import(bytes: &[u8], name: &str, options: Options) -> Result<Imported, Refused> {
    let source = input::read(bytes).map_err(|why| Refused::new(why, ""))?;
    let repaired = match options.repair {
        Repair::Yes => repair::fences(&source.text),
        Repair::No => source.text.clone(),
    };
    let masked = mask::mask(&repaired);
    let (root, expanded) = sections::sections(&masked, options.expand);
    let Some(mut builder) = built(&repaired, &root, &masked.metadata, &title_of(name)) else {
        return Err(Refused::new(
            "there is nothing in the document that is a step",
            "steps are checkboxes, numbered items, blocks of commands, bullets and headings",
        ));
    };
    if builder.last_resort != LastResort::None {
        builder.account.warn(1, "the document has no steps of the usual kinds: what could be one was taken; read it with care");
    }
    for (line, remark) in &source.remarks {
        builder.account.warn(*line, remark.clone());
    }
    if repaired != source.text {
        builder.account.warn(
            1,
            "fences were mended, as asked: compare the blocks with the document",
        );
    }
    told_of_expanded(&expanded, &mut builder.account);
    repair::suspicions(&repaired, &masked, &mut builder.account);
    around(&masked, &mut builder.account);
    let plan = std::mem::take(&mut builder.plan);
    templates(&masked, &mut builder.account);
    let origin = write::Origin {
        name,
        digest: &source.digest,
        ticked: builder.ticked,
        needs_database: builder.needs_database,
    };
    let (yaml, ids) = write::write(&plan, &origin);
    let mut account = std::mem::take(&mut builder.account);
    if builder.ticked > 0 {
        account.warn(
            1,
            format!(
                "{} items are ticked in the document: imported as not done",
                builder.ticked
            ),
        );
    }
    account.ids = ids;
    account.counts = counts(&plan);
    let lines: Vec<&str> = repaired.split('\n').collect();
    account.close(&lines);
    let book = read_back(&yaml, &plan, &account)?;
    Ok(Imported {
        yaml,
        book: Arc::new(book),
        account,
        digest: source.digest,
    })
}

/// Builds the plan with no more force than it takes to find a step; `None`: there is none.
fn built<'t>(
    text: &'t str,
    root: &sections::Section,
    metadata: &[(String, String)],
    fallback: &str,
) -> Option<Builder<'t>> {
    let resorts = [
        LastResort::None,
        LastResort::Reference,
        LastResort::Bullets,
        LastResort::Headings,
    ];
    resorts.into_iter().find_map(|resort| {
        let mut builder = Builder::new(text);
        builder.last_resort = resort;
        builder.build(root, metadata, fallback);
        // A document that only tells the way back: it is the way.
        if builder.plan.phases.is_empty() {
            let paths = std::mem::take(&mut builder.plan.paths);
            let phases = paths.into_iter().map(|path| plan::Phase {
                title: path.title,
                at: None,
                nodes: path.nodes,
            });
            builder.plan.phases.extend(phases);
        }
        (!builder.plan.phases.is_empty()).then_some(builder)
    })
}

fn told_of_expanded(expanded: &[sections::Expanded], account: &mut Account) {
    for fence in expanded {
        account.warn(
            fence.lines.0,
            "a checklist in a fence: imported in place (`--no-expand` keeps it as text)",
        );
        let mark = "it opens or shuts a checklist that was imported in place";
        for line in [fence.lines.0, fence.lines.1] {
            account.add((line, line), What::Fence, Fate::Left(mark.into()));
        }
    }
}

/// Accounts for what stands around the markdown.
fn around(masked: &mask::Masked, account: &mut Account) {
    if masked.front > 0 {
        account.add(
            (1, masked.front),
            What::FrontMatter,
            Fate::Left("metadata of the document; only its title is used".into()),
        );
    }
    for line in &masked.tags {
        account.add(
            (*line, *line),
            What::Html,
            Fate::Left("tags; what stands between them is imported".into()),
        );
    }
}

fn templates(masked: &mask::Masked, account: &mut Account) {
    for line in &masked.templates {
        account.add(
            (*line, *line),
            What::Template,
            Fate::Left("a template's control line; nothing is evaluated".into()),
        );
    }
    if let Some(first) = masked.templates.first() {
        account.warn(*first, format!("{} control lines of a template: what stands between them is imported once, whatever they say", masked.templates.len()));
    }
}

fn title_of(name: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem
        .strip_suffix(".md")
        .or_else(|| stem.strip_suffix(".markdown"))
        .unwrap_or(stem);
    let words = stem.replace(['_', '-'], " ");
    let words = words.trim();
    if words.is_empty() {
        "Checklist".into()
    } else {
        words.to_owned()
    }
}

fn counts(plan: &Plan) -> Vec<(&'static str, usize)> {
    let mut steps = 0;
    let mut decisions = 0;
    let mut signatures = 0;
    let mut dangerous = 0;
    plan.each_step(&mut |step| {
        steps += 1;
        decisions += usize::from(matches!(step.action, Action::Decide(_)));
        signatures += usize::from(matches!(step.action, Action::Sign(_)));
        dangerous += usize::from(match &step.action {
            Action::Run(run) => run.danger,
            Action::Sql(sql) => sql.danger,
            Action::Confirm | Action::Http(_) | Action::Decide(_) | Action::Sign(_) => false,
        });
    });
    let automated = write::automated(plan);
    let many =
        |n: usize, one: &'static str, more: &'static str| (if n == 1 { one } else { more }, n);
    vec![
        many(steps, "step", "steps"),
        ("run when you say so", automated),
        ("of them dangerous", dangerous),
        ("by hand", steps - automated - decisions - signatures),
        many(decisions, "decision", "decisions"),
        many(signatures, "signature", "signatures"),
        many(plan.phases.len(), "phase", "phases"),
        many(plan.paths.len(), "way back", "ways back"),
        many(plan.parameters.len(), "parameter", "parameters"),
        many(plan.roles.len(), "role", "roles"),
        many(plan.contacts.len(), "contact", "contacts"),
    ]
}

/// Reads the YAML as a run would, and compares every step with the plan.
fn read_back(yaml: &str, plan: &Plan, account: &Account) -> Result<Runbook, Refused> {
    const BUG: &str = "this is a bug in holdpoint: please report it with the document";
    let files = |_: &str| Err(std::io::Error::other("an imported runbook names no files"));
    let book =
        runbook::parse(yaml.as_bytes(), "the imported runbook", &files).map_err(|problems| {
            Refused::new(
                format!(
                    "what was written is no valid runbook\n\n{}",
                    problems.render()
                ),
                BUG,
            )
        })?;
    let mut steps = book.steps.iter();
    let mut wrong = None;
    plan.each_step(&mut |planned| {
        let Some(read) = steps.next() else {
            wrong.get_or_insert_with(|| planned.title.clone());
            return;
        };
        let id = account
            .ids
            .get(&planned.uid)
            .is_some_and(|id| *id == *read.id.as_str());
        let title = plain(&read.title) == planned.title;
        let note = read.note.as_deref().map(plain) == write::note_of(planned);
        if !(id && title && note && same_action(&planned.action, &read.action)) {
            wrong.get_or_insert_with(|| planned.title.clone());
        }
    });
    if let Some(title) = wrong.or_else(|| steps.next().map(|s| s.title.clone())) {
        return Err(Refused::new(
            format!("the step `{title}` is read back differently from what was written"),
            BUG,
        ));
    }
    Ok(book)
}

fn plain(text: &str) -> String {
    text.replace("$${", "${")
}

fn same_action(planned: &Action, read: &model::Action) -> bool {
    use crate::domain::runbook::fill;
    use crate::domain::runbook::sql::Quoting;
    match (planned, read) {
        (Action::Confirm, model::Action::Confirm(_)) => true,
        (Action::Decide(choices), model::Action::Decide(read)) => {
            choices.is_empty() || choices.len() == read.len()
        }
        (Action::Run(run), model::Action::Run(read)) => {
            let words: Vec<String> = run.shell.split_whitespace().map(str::to_owned).collect();
            fill::shell(&run.script, fill::Dialect::of(&words), &run.fill).as_deref()
                == Ok(read.script.as_str())
        }
        (Action::Sql(sql), model::Action::Sql(read)) => {
            fill::statements(&sql.text, Quoting::of(read.family), &sql.fill).as_deref()
                == Ok(read.text.as_str())
        }
        (Action::Http(http), model::Action::Http(read)) => {
            plain(&read.url) == http.url
                && read.method == http.method.to_uppercase()
                && read.body.as_deref().map(plain) == http.body
        }
        (Action::Sign(role), model::Action::Sign(read)) => *role == read.role,
        (
            Action::Confirm
            | Action::Sign(_)
            | Action::Decide(_)
            | Action::Run(_)
            | Action::Sql(_)
            | Action::Http(_),
            _,
        ) => false,
    }
}
