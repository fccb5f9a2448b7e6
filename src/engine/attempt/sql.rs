//! Statements.

use std::borrow::Cow;
use std::env;

use crate::domain::attempt::SqlWork;
use crate::domain::expect::Seen;
use crate::domain::runbook::sql::expand_sql;
use crate::engine::attempt::ending::{Ending, How};
use crate::engine::attempt::orders::Orders;
use crate::engine::attempt::output::{Output, Stream};
use crate::engine::database::target::{quoting, run_statements};
use crate::engine::database::{Dsn, SqlError, SqlSeen};

/// Sends statements on a session called `app_name` and takes what comes back.
pub async fn run(
    work: &SqlWork,
    app_name: &str,
    output: &mut Output,
    orders: &mut Orders,
) -> Ending {
    let dsn = match address(&work.url_env) {
        Ok(dsn) => dsn,
        Err(why) => return Ending::not_started(why),
    };
    let work = match put_in(&dsn, work).await {
        Ok(work) => &work.into_owned(),
        Err(why) => return Ending::not_started(why),
    };
    let answered = {
        let mut print = |line: &str| output.take(Stream::Out, format!("{line}\n").as_bytes());
        tokio::select! {
            stop = orders.stopped() => Err(How::Stopped(stop)),
            seen = run_statements(&dsn, work, app_name, &mut print) => Ok(seen),
        }
    };
    output.flush();
    let printed = output.kept(Stream::Out);
    match answered {
        Ok(Ok(seen)) => ending(seen, printed),
        Ok(Err(err)) => ended(refused(&err, work, output), printed),
        Err(how) => ended(how, printed),
    }
}

/// Quotes the values in, by the rules of the server at `dsn`.
async fn put_in<'w>(dsn: &Dsn, work: &'w SqlWork) -> Result<Cow<'w, SqlWork>, String> {
    let Some(values) = &work.values else {
        return Ok(Cow::Borrowed(work));
    };
    let quoting = quoting(dsn, &work.text).await.map_err(|e| e.said)?;
    let text = expand_sql(&work.text, quoting, &|name| values.get(name).cloned());
    Ok(Cow::Owned(SqlWork {
        text: text.map_err(|e| e.to_string())?,
        values: None,
        ..work.clone()
    }))
}

fn ending(seen: SqlSeen, printed: String) -> Ending {
    Ending {
        how: How::Done,
        // A capture means the value before it means the table around it, whose first line is the columns' names.
        texts: seen
            .first_value
            .clone()
            .into_iter()
            .chain([printed])
            .collect(),
        seen: Seen {
            rows: Some(seen.rows),
            value: seen.first_value,
            ..Seen::default()
        },
        ..Ending::default()
    }
}

fn ended(how: How, printed: String) -> Ending {
    Ending {
        how,
        texts: vec![printed],
        ..Ending::default()
    }
}

/// Reads the connection string from the environment; the error is a sentence.
pub fn address(url_env: &str) -> Result<Dsn, String> {
    let text = env::var(url_env).map_err(|_| {
        format!("the environment variable {url_env} with the connection string is not set")
    })?;
    Dsn::read(&text).map_err(|err| err.said)
}

/// Writes the server's whole account into the output, and makes a sentence of it.
fn refused(err: &SqlError, work: &SqlWork, output: &mut Output) -> How {
    let lines = err.lines(&work.text);
    for line in &lines {
        output.say(line);
    }
    let message = lines
        .first()
        .map_or("", |line| line.trim_start_matches("ERROR: "));
    let place = lines
        .iter()
        .find_map(|line| line.strip_prefix("LINE ")?.split_once(':'));
    let place = place
        .map(|(line, _)| format!(", line {line}"))
        .unwrap_or_default();
    How::Failed(format!("{message}{place}"))
}
