//! Later duties: whether their records go on from the signed ones, and whether the addenda tell what they say.

use crate::domain::report::later::{self, Records, Told, is_act};
use crate::domain::report::signoff::{Addendum, Layout, addendum};
use crate::domain::report::time;
use crate::domain::run::later::{Duty, Stage, duties, first_due};
use crate::domain::run::state::RunState;
use crate::engine::clock;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::later::addenda;
use crate::engine::seal::verify::{Chain, Lines, Mark};

/// What the lines of the report are called.
const NAME: &str = "later";

/// Looks at what was done after the window.
pub fn look(lines: &mut Lines, bundle: &Bundle, layout: &Layout, chain: &Chain) {
    let records = match &chain.later {
        Ok(records) => records.clone().unwrap_or_default(),
        Err(why) => {
            let text = format!(
                "{} does not go on from the signed journal: {why}",
                later::FILE
            );
            return lines.say(Mark::Fail, NAME, text);
        }
    };
    if records.journal.torn > 0 {
        let text = format!(
            "the last {} bytes of {} have no line end",
            records.journal.torn,
            later::FILE
        );
        lines.say(Mark::Fail, NAME, text);
    }
    let Ok(book) = bundle.book() else { return };
    let window = &chain.journal.entries;
    let mut signed = window.len() as u64;
    let mut told_all = 0;
    for (number, added, told) in addenda(layout) {
        let agrees = if told.from != signed + 1 || told.to < told.from {
            Err("records are left out or told twice".to_owned())
        } else {
            signed = told.to;
            let records = Records {
                book: &book,
                window,
                later: records.until(told.to),
            };
            agrees(chain, records, added, &told)
        };
        match agrees {
            Ok(()) => told_all += 1,
            Err(why) => lines.say(Mark::Fail, NAME, format!("addendum {number}: {why}")),
        }
    }
    if told_all > 0 {
        let count = records.journal.entries.len();
        lines.say(
            Mark::Pass,
            NAME,
            format!("{count} records behind the window's, chain whole; addenda told again from them: {told_all}"),
        );
    }
    if records.after(signed).iter().any(|e| is_act(&e.event)) {
        let run = chain.opened().map_or("RUN", |o| o.run.as_str());
        let text = format!(
            "what was done after record {signed} is not signed: `holdpoint sign {run} --later`"
        );
        lines.say(Mark::Todo, NAME, text);
    }
    let run = RunState::fold(window.iter().chain(&records.journal.entries));
    if run.closed.is_some() {
        stand(lines, &duties(&book, &run));
    }
}

/// Whether the records are those that an addendum was told from, and tell its text; else in what they do not.
fn agrees(chain: &Chain, records: Records, added: &Addendum, told: &Told) -> Result<(), String> {
    let head = usize::try_from(told.to)
        .ok()
        .and_then(|at| chain.heads.get(at.checked_sub(1)?));
    if head.is_none_or(|head| *head != told.head) {
        return Err(format!(
            "record {} of {} is not the one that it was told from (cut short or replaced)",
            told.to,
            later::FILE
        ));
    }
    let again = later::text(records, told.from, &told.head);
    if addendum::text(again.as_bytes()).is_ok_and(|again| again == added.text) {
        Ok(())
    } else {
        Err("its text is not what its records tell".to_owned())
    }
}

/// That a duty is late changes no verdict on the record: it is told, and `holdpoint audit` counts it.
fn stand(lines: &mut Lines, all: &[Duty]) {
    let now = clock::wall_ms();
    for duty in all.iter().filter(|d| d.stage(now) == Stage::Overdue) {
        lines.say(Mark::Warn, NAME, overdue(duty));
    }
    let open = all.iter().filter(|d| d.is_open()).count();
    match first_due(all) {
        Some(first) if first.stage(now) != Stage::Overdue => {
            let due = at(first.due_ms);
            let text = format!(
                "{open} of {} duties open, the first, “{}”, due by {due}",
                all.len(),
                first.title
            );
            lines.say(Mark::Pass, NAME, text);
        }
        Some(_) => {}
        None if all.is_empty() => {}
        None => lines.say(
            Mark::Pass,
            NAME,
            format!("all {} duties settled", all.len()),
        ),
    }
}

/// Returns what is said of a duty that is overdue.
pub fn overdue(duty: &Duty) -> String {
    let (open, all) = (duty.all - duty.done, duty.all);
    format!(
        "“{}” was due by {}: {open} of {all} steps open",
        duty.title,
        at(duty.due_ms)
    )
}

fn at(ms: i64) -> String {
    let t = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let utc = time::whole(t, 0);
    utc.split(' ').next().unwrap_or_default().to_owned()
}
