//! `holdpoint checks`: the ready checks listed, explained, or put to a server at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::failure::{Failure, USAGE};
use crate::cli::tell;
use crate::domain::ready::{self, Check, Rows, When};

mod run;

/// `holdpoint checks`
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ChecksArgs {
    /// One check to be explained; without it all are listed.
    pub name: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<ChecksCommand>,
}

/// What to do with checks.
#[derive(Debug, Clone, Subcommand)]
pub enum ChecksCommand {
    /// Put checks to a server, without a runbook, and say the verdict.
    Run(RunChecksArgs),
}

/// `holdpoint checks run`
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing failed (warnings are printed), 1 something failed or could not be asked,
2 wrong usage, 4 the server cannot be reached."
)]
pub struct RunChecksArgs {
    /// `before`, `during` or `after`: all checks for that time; or names of checks. `before` by default.
    #[arg(value_name = "SET|NAME")]
    pub what: Vec<String>,
    /// The server, as psql takes it; with --runbook the name of a target.
    #[arg(
        long,
        value_name = "URL|NAME",
        env = "DATABASE_URL",
        hide_env_values = true
    )]
    pub target: Option<String>,
    /// The runbook whose target is meant.
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// An argument for every check that has it: `longer_than=5m`, `table=public.orders`.
    #[arg(long = "with", value_name = "NAME=VALUE")]
    pub with: Vec<String>,
    /// How long one check may take.
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub timeout: String,
    /// One JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Lists, explains or runs checks.
///
/// # Errors
/// An unknown name, or what [`run::run`] says.
pub fn checks(args: &ChecksArgs) -> Result<u8, Failure> {
    match (&args.command, &args.name) {
        (Some(ChecksCommand::Run(args)), _) => run::run(args),
        (None, Some(name)) => {
            explain(known(name)?);
            Ok(0)
        }
        (None, None) => {
            list();
            Ok(0)
        }
    }
}

/// Returns the check called `name`.
///
/// # Errors
/// There is none.
fn known(name: &str) -> Result<&'static Check, Failure> {
    ready::find(name).ok_or_else(|| {
        Failure::new(USAGE, format!("there is no check called `{name}`")).hint(ready::hint(name))
    })
}

fn list() {
    let wide = ready::all().iter().map(|c| c.name.len()).max();
    let wide = wide.unwrap_or_default();
    for check in ready::all() {
        let letters: String = When::ALL
            .iter()
            .map(|when| {
                if check.when.contains(when) {
                    &when.word()[..1]
                } else {
                    "·"
                }
            })
            .collect();
        tell(&format!("{letters}  {:wide$}  {}", check.name, check.title));
    }
    tell(
        "\nb before, d during, a after the change. `holdpoint checks NAME` explains one; in a runbook a step says\n\
         `use: NAME`; `holdpoint checks run --target URL before` asks all that are for before.",
    );
}

fn explain(check: &Check) {
    let when: Vec<&str> = check.when.iter().map(|when| when.word()).collect();
    tell(&format!("{}: {}\n", check.name, check.title));
    tell(&check.meaning);
    tell(&format!("\nRemedy: {}", check.remedy));
    tell(&format!("When:   {}", when.join(", ")));
    tell(&format!("Rights: {}", check.rights));
    tell(&format!("Rows:   {}", rows(check)));
    if !check.parameters.is_empty() {
        tell("\nwith:");
    }
    let given = |p: &ready::Parameter| match p.default.as_deref() {
        None => "must be given".to_owned(),
        Some("") => "nothing by default".to_owned(),
        Some(default) => format!("{default} by default"),
    };
    for p in &check.parameters {
        let kind = p.kind.word();
        tell(&format!("  {}: {kind}, {}; {}", p.name, given(p), p.about));
    }
    tell("\nIn a runbook:\n");
    tell(&example(check));
    for (from, sql) in &check.statements {
        let several = check.statements.len() > 1;
        let version = if several {
            format!(" from version {from} on")
        } else {
            String::new()
        };
        tell(&format!("\nThe question{version}:\n\n{}", sql.trim()));
    }
}

fn rows(check: &Check) -> &'static str {
    match check.rows {
        Rows::Fail => "each row that comes fails it",
        Rows::Warn => "each row that comes is a warning",
        Rows::ByVerdict => "each says its own verdict",
        Rows::Shown => "they are shown; a step may judge them with `expect`",
    }
}

fn example(check: &Check) -> String {
    let mut text = format!("  - step: {}\n    use: {}", check.title, check.name);
    let required: Vec<String> = check.required().map(|name| format!("{name}: …")).collect();
    if !required.is_empty() {
        text.push_str(&format!("\n    with: {{{}}}", required.join(", ")));
    }
    if check.comparison.is_some() {
        text.push_str("\n  - step: What changed\n    use: ");
        text.push_str(check.name);
        text.push_str("\n    compare: before");
    }
    text
}

/// Reads `name=value` pairs.
///
/// # Errors
/// One has no `=`.
fn pairs(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.to_owned())),
        None => Err(Failure::new(
            USAGE,
            format!("--with {text}: NAME=VALUE is expected"),
        )),
    };
    given.iter().map(pair).collect()
}
