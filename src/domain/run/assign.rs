//! A step becomes an assignment: every variable expanded, ready for its supervisor.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use crate::domain::attempt::{
    Assignment, Before, ExitTwo, HttpWork, ReadyWork, ShellWork, SqlWork, TerminalUse, Work,
};
use crate::domain::expect::{Expectation, Test};
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{
    Action, Agent, Http, Length, Probe, Shell, Sql, Step, Terminal, Use,
};
use crate::domain::runbook::sql::{self, Quoting, SqlFault};
use crate::domain::runbook::variables::{self, Missing};

mod known;

pub use known::{as_known, command_line, named_in_script, sql_as_known, used_line};

/// The environment variable in which a supervisor finds its connection string.
pub const URL_ENV: &str = "HOLDPOINT_URL";
/// Milliseconds between asking a step to stop and killing it.
const GRACE_MS: u64 = 10_000;
/// Bytes of output kept in a file.
const OUTPUT_CAP: u64 = 64 * 1024 * 1024;
/// Rows of a result written to the output.
const ROW_CAP: u64 = 1_000;
/// Milliseconds for a `verify` question.
const VERIFY_MS: u64 = 60_000;

/// Why a step cannot be handed to a supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssignError {
    /// A variable has no value.
    #[error("{0}")]
    Missing(#[from] Missing),
    /// A secret would have to be written down.
    #[error("`{name}` is secret and cannot be put into {place}: {instead}")]
    Secret {
        /// Its name.
        name: String,
        /// Where it stands.
        place: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A variable cannot be put into a statement.
    #[error("{0}")]
    Sql(#[from] SqlFault),
    /// The step that it is to be compared with kept nothing.
    #[error("there is nothing to compare with: step {number} has not looked yet")]
    NothingKept {
        /// The number of that step.
        number: String,
    },
    /// Nothing is run for it.
    #[error("step {number} is not run by a program")]
    ByHand {
        /// Its number.
        number: String,
    },
}

/// The name that a step's sessions carry on the server: dots, under 64 bytes.
pub fn app_name(run: &str, step: &Step, attempt: u32) -> String {
    let short = run.rsplit('-').next().unwrap_or(run);
    format!("holdpoint.{short}.{:.36}.{attempt}", step.id.as_str())
}

/// Returns the assignment of `step`'s `attempt`.
///
/// # Errors
/// A variable without a value, a secret where it would be written down, or a step that no program does.
pub fn assign(
    values: &Values,
    secrets: &[String],
    run: &str,
    step: &Step,
    attempt: u32,
) -> Result<Assignment, AssignError> {
    let mut work = work(values, &step.action, &step.number)?;
    if let Work::Ready(ready) = &mut work {
        ready.before = before(values, step)?;
    }
    let expect = step
        .expect
        .as_ref()
        .map(|e| expectation(values, e))
        .transpose()?;
    let secret_values = step
        .capture
        .iter()
        .map(|c| c.name.clone())
        .filter(|n| values.is_secret(n))
        .collect();
    Ok(Assignment {
        step: step.id.clone(),
        attempt,
        app_name: app_name(run, step, attempt),
        work,
        expect,
        capture: step.capture.clone(),
        timeout_ms: length_ms(values, step.timeout.as_ref())?,
        until_ms: length_ms(values, step.until.as_ref())?,
        grace_ms: GRACE_MS,
        secrets: secrets.to_vec(),
        secret_values,
        output_cap: OUTPUT_CAP,
        url_env: Some(URL_ENV.to_owned()),
        sessions_of: sessions_of(values, step),
    })
}

/// Returns the database user whose sessions are the step's, where its runbook names one.
fn sessions_of(values: &Values, step: &Step) -> Option<String> {
    let user = step.sessions.as_ref()?.user.as_ref()?;
    Some(as_known(values, user))
}

/// Returns the assignment that asks `step`'s `verify` question.
///
/// # Errors
/// As [`assign`].
pub fn assign_probe(
    values: &Values,
    secrets: &[String],
    run: &str,
    step: &Step,
    probe: &Probe,
    count: u32,
) -> Result<Assignment, AssignError> {
    let work = work(values, &probe.action, &step.number)?;
    let expect = probe
        .expect
        .as_ref()
        .map(|e| expectation(values, e))
        .transpose()?;
    Ok(Assignment {
        step: step.id.clone(),
        attempt: count,
        app_name: app_name(run, step, count),
        work,
        expect,
        capture: Vec::new(),
        timeout_ms: Some(VERIFY_MS),
        until_ms: None,
        grace_ms: GRACE_MS,
        secrets: secrets.to_vec(),
        secret_values: Vec::new(),
        output_cap: OUTPUT_CAP,
        url_env: Some(URL_ENV.to_owned()),
        sessions_of: sessions_of(values, step),
    })
}

fn work(values: &Values, action: &Action, number: &str) -> Result<Work, AssignError> {
    match action {
        Action::Run(shell) => Ok(Work::Shell(shell_work(values, shell, ExitTwo::Fails)?)),
        Action::Check(shell) => Ok(Work::Shell(shell_work(values, shell, ExitTwo::Warns)?)),
        Action::Sql(sql) => Ok(Work::Sql(sql_work(values, sql)?)),
        Action::Http(http) => Ok(Work::Http(http_work(values, http)?)),
        Action::Use(used) => Ok(Work::Ready(ready_work(values, used)?)),
        Action::Confirm(_) | Action::Watch(_) | Action::Decide(_) | Action::Sign(_) => {
            Err(AssignError::ByHand {
                number: number.to_owned(),
            })
        }
    }
}

fn shell_work(values: &Values, shell: &Shell, exit_two: ExitTwo) -> Result<ShellWork, AssignError> {
    let mut env = values.exported();
    for (name, template) in &shell.env {
        let place = "`env`";
        let instead = "the script sees the variable by its own name";
        env.insert(name.clone(), plain(values, template, place, instead)?);
    }
    let base = values.get("runbook_dir").unwrap_or_default();
    let dir = match &shell.dir {
        None => base,
        Some(dir) => {
            let dir = plain(values, dir, "`in`", "name the directory in the runbook")?;
            if dir.starts_with('/') {
                dir
            } else {
                format!("{base}/{dir}")
            }
        }
    };
    Ok(ShellWork {
        script: shell.script.clone(),
        shell: shell.shell.clone(),
        dir,
        env,
        unset: match shell.agent {
            Agent::Hidden => vec!["SSH_AUTH_SOCK".to_owned()],
            Agent::Shared => Vec::new(),
        },
        stop: shell.stop,
        exit_two,
        terminal: match shell.terminal {
            Terminal::None => TerminalUse::Captured,
            Terminal::Whole => TerminalUse::Inherited,
        },
    })
}

fn sql_work(values: &Values, step: &Sql) -> Result<SqlWork, AssignError> {
    no_secret(
        values,
        &step.text,
        "a statement",
        "use a `run` step with psql, which reads the variable itself",
    )?;
    // What cannot be put in is said before anything starts; the supervisor does it by its server's own rules.
    sql::expand_sql(&step.text, Quoting::of(step.family), &|name| {
        values.get(name)
    })?;
    let known = variables::names(&step.text).into_iter().filter_map(|r| {
        let value = values.get(r.name)?;
        Some((r.name.to_owned(), value))
    });
    Ok(SqlWork {
        url_env: URL_ENV.to_owned(),
        text: step.text.clone(),
        values: Some(known.collect()),
        lock_timeout_ms: length_ms(values, step.lock_timeout.as_ref())?,
        statement_timeout_ms: length_ms(values, step.statement_timeout.as_ref())?,
        transaction: step.transaction,
        access: step.access,
        row_cap: ROW_CAP,
    })
}

fn ready_work(values: &Values, used: &Use) -> Result<ReadyWork, AssignError> {
    let (place, instead) = ("`with`", "a check's arguments are shown and written down");
    let mut with = BTreeMap::new();
    for (name, template) in &used.with {
        with.insert(name.clone(), plain(values, template, place, instead)?);
    }
    Ok(ReadyWork {
        url_env: URL_ENV.to_owned(),
        check: used.check.clone(),
        with,
        before: None,
        dir: values.get("runbook_dir").unwrap_or_default(),
    })
}

/// Returns the earlier look that `step` is held against, where it compares.
fn before(values: &Values, step: &Step) -> Result<Option<Before>, AssignError> {
    let Some(earlier) = values.book().compared_with(step) else {
        return Ok(None);
    };
    let record = values.run().record(&earlier.id);
    let kept = record.and_then(|r| Some((r.attempts, r.outcome.as_ref()?.kept.clone()?)));
    let Some((attempt, kept)) = kept else {
        let number = earlier.number.clone();
        return Err(AssignError::NothingKept { number });
    };
    Ok(Some(Before {
        step: earlier.number.clone(),
        attempt: earlier.attempt_name(attempt),
        kept,
    }))
}

fn http_work(values: &Values, http: &Http) -> Result<HttpWork, AssignError> {
    let expand = |template: &str| keeping_secrets(values, template);
    Ok(HttpWork {
        method: http.method.clone(),
        url: expand(&http.url)?,
        headers: http
            .headers
            .iter()
            .map(|(k, v)| Ok((k.clone(), expand(v)?)))
            .collect::<Result<_, Missing>>()?,
        body: http.body.as_deref().map(expand).transpose()?,
    })
}

/// Expands everything but the secrets, which stay as `${NAME}` for the supervisor.
fn keeping_secrets(values: &Values, template: &str) -> Result<String, Missing> {
    variables::expand(template, &|name| {
        if values.is_secret(name) {
            Some(format!("${{{name}}}"))
        } else {
            values.get(name)
        }
    })
}

/// Returns `expect` with its variables expanded; in regular expressions they stand for themselves.
///
/// # Errors
/// A variable without a value.
pub fn expectation(values: &Values, expect: &Expectation) -> Result<Expectation, AssignError> {
    let lookup = |name: &str| values.get(name);
    let expanded = expect.try_map(|test| {
        Ok::<Test, Missing>(match test {
            Test::Compare { op, with } => Test::Compare {
                op: *op,
                with: variables::expand(with, &lookup)?,
            },
            Test::Contains { text } => Test::Contains {
                text: variables::expand(text, &lookup)?,
            },
            Test::Matches { pattern } => Test::Matches {
                pattern: variables::expand_pattern(pattern, &lookup)?,
            },
        })
    })?;
    Ok(expanded)
}

fn plain(
    values: &Values,
    template: &str,
    place: &'static str,
    instead: &'static str,
) -> Result<String, AssignError> {
    no_secret(values, template, place, instead)?;
    Ok(variables::expand(template, &|name| values.get(name))?)
}

fn no_secret(
    values: &Values,
    template: &str,
    place: &'static str,
    instead: &'static str,
) -> Result<(), AssignError> {
    match variables::names(template)
        .into_iter()
        .find(|r| values.is_secret(r.name))
    {
        Some(found) => Err(AssignError::Secret {
            name: found.name.to_owned(),
            place,
            instead,
        }),
        None => Ok(()),
    }
}

/// Returns a length of time in milliseconds.
///
/// # Errors
/// What says it was given no length: neither a check nor the opening of a run lets that pass.
pub fn length_ms(values: &Values, length: Option<&Length>) -> Result<Option<u64>, Missing> {
    let of = |length: &Length| match (values.lasts(length), length) {
        (Some(length), _) => Ok(millis(length)),
        (None, Length::Named(name)) => Err(Missing { name: name.clone() }),
        (None, Length::Fixed(length)) => Ok(millis(*length)),
    };
    length.map(of).transpose()
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
