//! `holdpoint checks run`: checks put to a server at once, and what is to be said of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::model::{Model, Purpose};
use crate::cli::checks::{RunChecksArgs, known, pairs};
use crate::cli::failure::{BADLY, Failure, USAGE, WORLD};
use crate::cli::{session, tell};
use crate::domain::ready::{
    self, Arguments, Check, Family, Judged, Table, Verdict, When, judge, uncounted,
};
use crate::domain::redact;
use crate::domain::run::event::Opened;
use crate::domain::run::state::RunState;
use crate::domain::{tame, units};
use crate::engine::database::{DatabaseError, Looker};
use crate::engine::questions;
use crate::runtime::{opening, perform};

/// Rows of one check on the screen at most, where something is wrong or it was asked for by name.
const ROWS: usize = 50;
/// Rows of a check that only shows, in a whole set.
const ROWS_IN_SET: usize = 3;

/// What one check brought.
struct Answer {
    check: &'static Check,
    seen: Table,
    /// What is to be said of it, or why it could not be asked.
    judged: Result<Judged, String>,
}

/// A check that is not asked, and what it lacks.
struct Left {
    check: &'static Check,
    needs: String,
}

/// Asks checks and says the verdict; returns the exit code.
///
/// # Errors
/// Wrong usage, or a server that cannot be reached.
pub fn run(args: &RunChecksArgs) -> Result<u8, Failure> {
    let limit = units::duration(&args.timeout)
        .map_err(|e| Failure::new(USAGE, format!("--timeout: {}", e.why)).hint(e.hint))?;
    let given = pairs(&args.with)?;
    let url = url(args)?;
    let machine = session::machine()?;
    let ended = machine.block_on(async {
        let mut looker = Looker::open(&url, "holdpoint.checks")
            .await
            .map_err(unreached)?;
        let (chosen, left) = chosen(args, &looker, &given)?;
        if !args.json {
            tell(&format!("{}\n", looker.place()));
        }
        let wide = chosen.iter().map(|(check, _)| check.name.len()).max();
        let wide = wide.unwrap_or_default();
        let mut answers = Vec::new();
        for (check, arguments) in chosen {
            let answer = ask(&mut looker, check, &arguments, limit).await;
            if !args.json {
                let named = args.what.iter().any(|word| word == check.name);
                print(
                    &answer,
                    &arguments,
                    wide,
                    if named { ROWS } else { ROWS_IN_SET },
                );
            }
            answers.push(answer);
        }
        if args.json {
            tell(&as_json(&looker.place(), &answers, &left).to_string());
        } else {
            tell(&sum(&answers, &left));
        }
        Ok(exit(&answers))
    });
    machine.shutdown_background();
    ended
}

fn unreached(error: DatabaseError) -> Failure {
    Failure::new(WORLD, error.said).hint(error.hint)
}

/// Returns the connection string: the one given, or that of a runbook's target.
fn url(args: &RunChecksArgs) -> Result<String, Failure> {
    let Some(file) = &args.runbook else {
        return args.target.clone().ok_or_else(|| {
            Failure::new(USAGE, "which server?")
                .hint("say --target URL, or --runbook FILE --target NAME")
        });
    };
    let source = opening::read(file)?;
    // DATABASE_URL in the environment is no target's name.
    let named = args
        .target
        .as_deref()
        .filter(|_| std::env::var("DATABASE_URL").ok() != args.target);
    let target = crate::cli::run::target(&source.book, named)?;
    let run = RunState {
        opened: Opened {
            target,
            ..Opened::default()
        },
        ..RunState::default()
    };
    let mut model = Model::new(Purpose::Drive, source.book.clone(), run);
    opening::surround(&mut model);
    let url = perform::database_url(&model, None).map_err(|e| Failure::new(USAGE, e))?;
    url.ok_or_else(|| Failure::new(USAGE, "this target has no database"))
}

type Chosen = Vec<(&'static Check, Arguments<'static>)>;

/// Returns the checks that are asked, and those of a set that lack an argument.
fn chosen(
    args: &RunChecksArgs,
    looker: &Looker,
    given: &BTreeMap<String, String>,
) -> Result<(Chosen, Vec<Left>), Failure> {
    let mut wanted: Vec<(&'static Check, bool)> = Vec::new();
    let before = [When::Before.word().to_owned()];
    let what = if args.what.is_empty() {
        &before[..]
    } else {
        &args.what
    };
    for word in what {
        match When::ALL.iter().find(|when| when.word() == word) {
            Some(when) => {
                let of_set = |c: &&Check| {
                    [looker.family(), Family::Any].contains(&c.family) && c.when.contains(when)
                };
                wanted.extend(ready::all().iter().filter(of_set).map(|c| (c, false)));
            }
            None => wanted.push((known(word)?, true)),
        }
    }
    let takes = |name: &String| {
        wanted
            .iter()
            .any(|(check, _)| check.parameter(name).is_some())
    };
    if let Some(strange) = given.keys().find(|name| !takes(name)) {
        let said = format!("--with {strange}: none of these checks has it");
        return Err(Failure::new(USAGE, said));
    }
    let (mut chosen, mut left) = (Chosen::new(), Vec::new());
    for (check, by_name) in wanted {
        let again = |other: &Check| other.name == check.name;
        if chosen.iter().any(|(c, _)| again(c)) || left.iter().any(|l: &Left| again(l.check)) {
            continue;
        }
        let own = given
            .iter()
            .filter(|(name, _)| check.parameter(name).is_some());
        let own: BTreeMap<String, String> = own
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let lacks: Vec<&str> = check
            .required()
            .filter(|name| !own.contains_key(*name))
            .collect();
        if !by_name && !lacks.is_empty() {
            let needs = lacks.join(", ");
            left.push(Left { check, needs });
            continue;
        }
        let arguments = Arguments::new(check, &own).map_err(|faults| {
            let mut failure = Failure::new(USAGE, faults[0].said.clone());
            failure.hints = faults.into_iter().map(|fault| fault.hint).collect();
            failure
        })?;
        chosen.push((check, arguments));
    }
    Ok((chosen, left))
}

async fn ask(
    looker: &mut Looker,
    check: &'static Check,
    arguments: &Arguments<'_>,
    limit: Duration,
) -> Answer {
    match questions::ask(looker, check, arguments, Path::new("."), limit).await {
        Ok(seen) => Answer {
            check,
            judged: Ok(judge(check.rows, &seen)),
            seen,
        },
        Err(error) => Answer {
            check,
            judged: uncounted(check, &error.code)
                .ok_or_else(|| tame::line(error.lines("").join("; "))),
            seen: Table::default(),
        },
    }
}

fn print(answer: &Answer, arguments: &Arguments<'_>, wide: usize, most: usize) {
    let (mark, said) = match &answer.judged {
        Ok(judged) => (mark(judged.verdict), judged.said.clone()),
        Err(why) => ("?", format!("could not be asked: {why}")),
    };
    let check = answer.check;
    let told = arguments.told();
    let told = if told.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.join(", "))
    };
    tell(&format!(
        "{mark} {:wide$}  {}{told}: {said}",
        check.name, check.title
    ));
    let unhappy = !matches!(&answer.judged, Ok(j) if j.verdict <= Verdict::Pass);
    let shown = matches!(&answer.judged, Ok(j) if j.verdict == Verdict::Shown);
    if unhappy || shown {
        for line in answer.seen.lines(if unhappy { ROWS } else { most }) {
            tell(&format!("    {}", redact::redact_text(&line)));
        }
    }
    match &answer.judged {
        Ok(judged) if unhappy && judged.found > 0 => tell(&format!("    → {}", check.remedy)),
        Err(_) => tell(&format!("    → it needs: {}", check.rights)),
        Ok(_) => {}
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Shown => "·",
        Verdict::Pass => "✔",
        Verdict::Warn => "▲",
        Verdict::Fail => "✘",
    }
}

fn count(answers: &[Answer], wanted: Verdict) -> usize {
    let is = |a: &&Answer| matches!(&a.judged, Ok(j) if j.verdict == wanted);
    answers.iter().filter(is).count()
}

fn sum(answers: &[Answer], left: &[Left]) -> String {
    let unasked = answers.iter().filter(|a| a.judged.is_err()).count();
    let parts = [
        (count(answers, Verdict::Fail), "failed"),
        (unasked, "could not be asked"),
        (count(answers, Verdict::Warn), "to be looked at"),
        (count(answers, Verdict::Pass), "passed"),
        (count(answers, Verdict::Shown), "shown"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, what)| format!("{n} {what}")).collect();
    let mut text = format!("\n{}", parts.join(", "));
    let bad: Vec<&str> = answers
        .iter()
        .filter(|a| is_bad(a))
        .map(|a| a.check.name)
        .collect();
    if !bad.is_empty() {
        text.push_str(&format!("\nnot passed: {}", bad.join(", ")));
    }
    for Left { check, needs } in left {
        text.push_str(&format!(
            "\nnot asked: {} needs --with for {needs}",
            check.name
        ));
    }
    text
}

fn exit(answers: &[Answer]) -> u8 {
    if answers.iter().any(is_bad) { BADLY } else { 0 }
}

/// What could not be asked has not passed.
fn is_bad(answer: &Answer) -> bool {
    !matches!(&answer.judged, Ok(judged) if judged.verdict < Verdict::Fail)
}

fn as_json(place: &str, answers: &[Answer], left: &[Left]) -> Value {
    let one = |answer: &Answer| {
        let (verdict, said) = match &answer.judged {
            Ok(judged) => (judged.verdict.word(), judged.said.clone()),
            Err(why) => ("unknown", why.clone()),
        };
        json!({
            "check": answer.check.name,
            "title": answer.check.title,
            "verdict": verdict,
            "said": said,
            "columns": answer.seen.columns,
            "rows": answer.seen.rows,
            "remedy": answer.check.remedy,
        })
    };
    let left = left
        .iter()
        .map(|l| json!({"check": l.check.name, "needs": l.needs}));
    json!({
        "server": place,
        "verdict": if exit(answers) == 0 { "pass" } else { "fail" },
        "checks": answers.iter().map(one).collect::<Vec<_>>(),
        "not_asked": left.collect::<Vec<_>>(),
    })
}
