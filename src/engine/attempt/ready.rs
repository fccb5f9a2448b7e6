//! Ready checks.

use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::domain::attempt::{Assignment, Before, Kept, ReadyWork};
use crate::domain::digest;
use crate::domain::expect::Seen;
use crate::domain::ready::{
    self, Arguments, Check, Judged, Rows, Table, Verdict, compare, judge, uncounted,
};
use crate::domain::redact::Redactor;
use crate::engine::attempt::ending::{Ending, How, Said};
use crate::engine::attempt::files::{self, Files};
use crate::engine::attempt::orders::Orders;
use crate::engine::attempt::output::{Output, Stream};
use crate::engine::attempt::secrets;
use crate::engine::database::Looker;
use crate::engine::questions;

/// Rows written to the output at most.
const SHOWN_ROWS: usize = 500;
/// Bytes of rows that are kept for a comparison at most.
const KEPT_CAP: usize = 32 * 1024 * 1024;
/// A question without a `timeout` is ended by the server after this.
const LONGEST: Duration = Duration::from_hours(1);

/// What a look brought: the rows, and what is shown and judged of them.
struct Look {
    check: &'static Check,
    place: String,
    seen: Table,
    /// The differences, where it was held against an earlier look.
    shown: Table,
    judged: Judged,
}

/// Asks a ready check, and keeps the rows of one that can be compared.
pub async fn run(
    work: &ReadyWork,
    assignment: &Assignment,
    files: &Files,
    output: &mut Output,
    orders: &mut Orders,
) -> Ending {
    let redactor = secrets::redactor(assignment);
    let looked = tokio::select! {
        stop = orders.stopped() => Err(How::Stopped(stop)),
        looked = look(work, assignment, files, &redactor) => looked,
    };
    let (how, said, seen) = match looked {
        Err(how) => {
            if let How::Failed(why) | How::NotStarted(why) = &how {
                output.say(why);
            }
            (how, None, Seen::default())
        }
        Ok(look) => {
            print(&look, output);
            match keep(&look, files) {
                Ok(kept) => {
                    let seen = Seen {
                        rows: Some(look.shown.rows.len() as u64),
                        value: look.shown.rows.first().and_then(|row| row.first()?.clone()),
                        ..Seen::default()
                    };
                    let said = Said {
                        title: look.check.title.clone(),
                        judged: look.judged,
                        kept,
                    };
                    (How::Done, Some(said), seen)
                }
                Err(why) => (How::Failed(why), None, Seen::default()),
            }
        }
    };
    output.flush();
    let printed = output.kept(Stream::Out);
    Ending {
        how,
        texts: seen
            .value
            .clone()
            .into_iter()
            .chain([printed.clone()])
            .collect(),
        seen: Seen {
            stdout: said.is_some().then_some(printed),
            ..seen
        },
        said,
        ..Ending::default()
    }
}

async fn look(
    work: &ReadyWork,
    assignment: &Assignment,
    files: &Files,
    redactor: &Redactor,
) -> Result<Look, How> {
    let not_started = |why: String| How::NotStarted(why);
    let check = ready::find(&work.check)
        .ok_or_else(|| not_started(format!("there is no ready check {}", work.check)))?;
    let arguments = Arguments::new(check, &work.with).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_started(said.join("; "))
    })?;
    let before = work.before.as_ref().map(|b| earlier(b, files)).transpose();
    let before = before.map_err(not_started)?;
    let url = env::var(&work.url_env).map_err(|_| {
        let name = &work.url_env;
        not_started(format!(
            "the environment variable {name} with the connection string is not set"
        ))
    })?;
    let mut looker = Looker::open(&url, &assignment.app_name)
        .await
        .map_err(|error| How::Failed(error.said))?;
    let limit = assignment.timeout_ms.map_or(LONGEST, Duration::from_millis);
    let dir = Path::new(&work.dir);
    let asked = questions::ask(&mut looker, check, &arguments, dir, limit).await;
    if let Some(judged) = asked.as_ref().err().and_then(|e| uncounted(check, &e.code)) {
        return Ok(Look {
            check,
            place: looker.place(),
            seen: Table::default(),
            shown: Table::default(),
            judged,
        });
    }
    let seen = asked.map_err(|error| {
        let said = error.lines("").join("; ");
        How::Failed(format!(
            "it could not be asked: {said}; it needs: {}",
            check.rights
        ))
    })?;
    let seen = clean(seen, redactor);
    let held = before.and_then(|before| compare(check, &arguments, &before, &seen));
    let (shown, judged) = held.unwrap_or_else(|| (seen.clone(), judge(check.rows, &seen)));
    Ok(Look {
        check,
        place: looker.place(),
        seen,
        shown,
        judged,
    })
}

/// Nothing secret is kept or compared.
fn clean(mut seen: Table, redactor: &Redactor) -> Table {
    for text in seen.rows.iter_mut().flatten().flatten() {
        *text = redactor.redact_text(text);
    }
    seen
}

/// Reads the rows of an earlier look: what was changed since is worth nothing.
fn earlier(before: &Before, files: &Files) -> Result<Table, String> {
    let path = files
        .run_dir()
        .join("attempts")
        .join(&before.attempt)
        .join("rows.json");
    let step = &before.step;
    let bytes = fs::read(&path)
        .map_err(|e| format!("the rows that step {step} kept cannot be read: {e}"))?;
    if digest::sha256_hex(&bytes) != before.kept.sha256 {
        return Err(format!(
            "the rows that step {step} kept are not what they were: somebody changed {}",
            path.display()
        ));
    }
    serde_json::from_slice(&bytes)
        .map_err(|e| format!("the rows that step {step} kept cannot be understood: {e}"))
}

/// Writes the rows of a check that can be compared.
fn keep(look: &Look, files: &Files) -> Result<Option<Kept>, String> {
    if look.check.comparison.is_none() {
        return Ok(None);
    }
    let not_kept = |why: String| format!("the rows could not be kept for a comparison: {why}");
    let json = serde_json::to_vec(&look.seen).map_err(|e| not_kept(e.to_string()))?;
    if json.len() > KEPT_CAP {
        return Err(not_kept(format!("they have {} bytes", json.len())));
    }
    files::write_whole(&files.dir().join("rows.json"), &json)
        .map_err(|e| not_kept(e.to_string()))?;
    Ok(Some(Kept {
        rows: look.seen.rows.len() as u64,
        sha256: digest::sha256_hex(&json),
    }))
}

fn print(look: &Look, output: &mut Output) {
    let Look {
        check,
        place,
        shown,
        judged,
        ..
    } = look;
    let mut lines = vec![format!("{} on {place}", check.name)];
    lines.extend(shown.lines(SHOWN_ROWS));
    let verdict = judged.verdict.word();
    lines.push(format!("{verdict}: {}", judged.said));
    if judged.verdict > Verdict::Pass && judged.found > 0 {
        lines.push(format!("remedy: {}", check.remedy));
    }
    if check.rows == Rows::Shown && check.comparison.is_some() && !look.seen.rows.is_empty() {
        let kept = serde_json::to_vec(&look.seen.rows).unwrap_or_default();
        lines.push(format!(
            "digest of {} rows: {}",
            look.seen.rows.len(),
            digest::sha256_hex(&kept)
        ));
    }
    for line in lines {
        output.take(Stream::Out, format!("{line}\n").as_bytes());
    }
}
