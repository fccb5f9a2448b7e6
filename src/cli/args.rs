//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cli::approve::ApproveArgs;
use crate::cli::audit::AuditArgs;
use crate::cli::check::Format;
use crate::cli::checks::ChecksArgs;
use crate::cli::diff::DiffArgs;
use crate::cli::keygen::KeygenArgs;
use crate::cli::log::LogArgs;
use crate::cli::new::NewArgs;
use crate::cli::report::ReportArgs;
use crate::cli::sign::SignArgs;
use crate::cli::trust::TrustArgs;
use crate::cli::verify::VerifyArgs;

/// Takes a database migration through its window: a runbook, live monitors beside it, a signed log.
///
/// Without a command it shows the runbooks at hand and the runs that can be taken up again.
#[derive(Debug, Parser)]
#[command(name = "holdpoint", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 ended badly, 2 wrong usage, 3 runbook not valid, 4 disk or database in the way,
5 waits for a person. `holdpoint demo` shows everything on a throw-away database."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a run of a runbook.
    Run(RunArgs),
    /// Take a run up again, exactly where it stands.
    Resume(ResumeArgs),
    /// Follow a run that somebody else drives, without touching it.
    Watch(WatchArgs),
    /// List the runs, the newest first.
    Runs(RunsArgs),
    /// Print the log of a run, and write it where it is missing.
    Log(LogArgs),
    /// Say whether a log is the record that was signed, by people whom your list names.
    Verify(VerifyArgs),
    /// Write a run as one page of HTML: its log, and a timeline.
    Report(ReportArgs),
    /// Verify every run below a directory, and say which are missing, changed or unfinished.
    Audit(AuditArgs),
    /// Add your signature, or an addendum, to the log of a closed run.
    Sign(SignArgs),
    /// Sign a runbook as its reviewer.
    Approve(ApproveArgs),
    /// Show what was executed beside what was reviewed.
    Diff(DiffArgs),
    /// Say who may sign what: the list `.holdpoint/allowed_signers`, beside the runbooks.
    Trust(TrustArgs),
    /// Make an SSH key to sign with.
    Keygen(KeygenArgs),
    /// Write a runbook that fits the migrations of the project at hand.
    New(NewArgs),
    /// Say everything that is wrong with runbooks.
    Check(CheckArgs),
    /// List the ready checks, explain one, or put them to a server.
    Checks(ChecksArgs),
    /// Turn a markdown checklist into a runbook, with an account of every line.
    Import(ImportArgs),
    /// Write a runbook as a markdown checklist, to print or to paste.
    Export(ExportArgs),
    /// Write runbooks in their canonical form; comments stay.
    Fmt(FmtArgs),
    /// Watch a server: who blocks whom, connections, activity. Needs no runbook.
    Monitor(MonitorArgs),
    /// Walk through a real migration on a throw-away database.
    Demo(DemoArgs),
    /// Print the JSON schema of a runbook, for editors.
    Schema,
    /// Print a completion script for a shell.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `holdpoint run`
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    /// The runbook.
    pub file: PathBuf,
    /// Where to run it; the runbook's first target by default.
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// A parameter's value; those not given are asked for.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Planned start (T-0): `22:00`, `2026-11-20 22:00`, `2026-11-20T22:00:00Z` or `+30m`; now by default.
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// The change that it belongs to, for the log: `CHG-20984`.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub change: String,
    /// Every step waits for a key.
    #[arg(long, conflicts_with_all = ["rehearse", "auto"])]
    pub step: bool,
    /// Show what would be done, with every variable put in, and what is missing. Touches nothing.
    #[arg(long, conflicts_with = "auto")]
    pub rehearse: bool,
    /// Without a screen, for staging and CI: stops at the first step that needs a person (exit code 5).
    #[arg(long)]
    pub auto: bool,
    /// Why it runs on a target that demands a reviewed runbook although this one is not; the record counts it as a
    /// deviation.
    #[arg(long, value_name = "REASON", conflicts_with = "auto")]
    pub unreviewed: Option<String>,
    /// The SSH key to sign with: a file, or the fingerprint of one in the agent.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// `holdpoint resume`
#[derive(Debug, Clone, clap::Args)]
pub struct ResumeArgs {
    /// The run: its id, a part of it, or its directory; the newest that is not closed by default, else the closed one
    /// whose later duty is due first.
    pub run: Option<String>,
    /// Without a screen: goes on as `run --auto` does.
    #[arg(long)]
    pub auto: bool,
    /// Take over what was edited in the runbook's file since, as far as steps are concerned that were not begun. It is
    /// recorded, with a reason; without this the run goes on with its own copy.
    #[arg(long)]
    pub amend: bool,
    /// Why it is taken over, where its driver went without a word (killed, crashed, machine restarted), or amended; asked
    /// for else.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The SSH key to sign with.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// `holdpoint watch`
#[derive(Debug, Clone, clap::Args)]
pub struct WatchArgs {
    /// The run: its id, a part of it, or its directory; where one alone is driven now, that one by default.
    pub run: Option<String>,
}

/// `holdpoint runs`
#[derive(Debug, Clone, clap::Args)]
pub struct RunsArgs {
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `holdpoint check`
#[derive(Debug, Clone, clap::Args)]
pub struct CheckArgs {
    /// The runbooks.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// For editors and CI.
    #[arg(long)]
    pub json: bool,
}

impl CheckArgs {
    /// Returns how the problems are printed.
    pub fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Human
        }
    }
}

/// `holdpoint import`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Exit codes: 0 imported, 2 imported with warnings, 1 refused.")]
pub struct ImportArgs {
    /// The checklist; `-` for standard input.
    pub file: PathBuf,
    /// The runbook; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the account of every line there, as markdown.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Keep checklists that stand in a fence as text.
    #[arg(long)]
    pub no_expand: bool,
    /// Mend fences that are never shut, or end too early.
    #[arg(long)]
    pub repair_fences: bool,
    /// Write over files that exist.
    #[arg(long)]
    pub force: bool,
}

/// `holdpoint export`
#[derive(Debug, Clone, clap::Args)]
pub struct ExportArgs {
    /// The runbook.
    pub file: PathBuf,
    /// The checklist; standard output by default.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
}

/// `holdpoint fmt`
#[derive(Debug, Clone, clap::Args)]
pub struct FmtArgs {
    /// The runbooks.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit code 1 where a file is not in its canonical form.
    #[arg(long)]
    pub check: bool,
}

/// `holdpoint monitor`
#[derive(Debug, Clone, clap::Args)]
pub struct MonitorArgs {
    /// The server, as psql takes it; what PGHOST, PGUSER … say by default.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = "")]
    pub url: String,
    /// Time between two looks.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub every: String,
    /// A migration tool and where its files are, for the panel Migrations: `prisma=prisma/migrations`.
    #[arg(long, value_name = "TOOL=DIR")]
    pub migrations: Option<String>,
}

/// `holdpoint demo`
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArgs {
    /// Fetch a private copy of PostgreSQL without asking, where none is installed.
    #[arg(long)]
    pub yes: bool,
}
