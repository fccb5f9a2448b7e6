//! The runbook's own values, on a connection of their own: a slow question must not hold up the panels.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::domain::runbook::model::OwnValue;
use crate::domain::sample::model::OwnReading;
use crate::domain::tame;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::monitor::{Connection as _, Source};

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How often is tried to connect again.
const AGAIN: Duration = Duration::from_secs(5);

/// What was last read of each value, and when.
pub(super) type Readings = Vec<(OwnReading, Option<Instant>)>;

/// Returns the readings with their ages.
pub(super) fn aged(readings: &Readings) -> Vec<OwnReading> {
    let aged = |(reading, at): &(OwnReading, Option<Instant>)| OwnReading {
        age_ms: at.map_or(0, |at| {
            u64::try_from(at.elapsed().as_millis()).unwrap_or_default()
        }),
        ..reading.clone()
    };
    readings.iter().map(aged).collect()
}

/// Returns the readings before anything was read.
pub(super) fn unread(values: &[OwnValue]) -> Readings {
    let unread = |value: &OwnValue| OwnReading {
        name: value.name.clone(),
        ..OwnReading::default()
    };
    values.iter().map(|value| (unread(value), None)).collect()
}

/// Asks for every value as often as it wants to be asked, until nobody listens any more.
pub(super) async fn watch_values<S: Source>(
    source: S,
    values: Vec<OwnValue>,
    tell: watch::Sender<Readings>,
) {
    let mut due: Vec<Instant> = vec![Instant::now(); values.len()];
    let mut link: Option<S::Link> = None;
    while !values.is_empty() && !tell.is_closed() {
        let Some(connected) = &mut link else {
            match source.for_values().await {
                Ok(connected) => link = Some(connected),
                Err(error) => {
                    fail_all(&tell, &error.said);
                    sleep(AGAIN).await;
                }
            }
            continue;
        };
        let now = Instant::now();
        let Some(at) = due.iter().position(|due| *due <= now) else {
            let next = due.iter().min().copied().unwrap_or(now);
            let _ = timeout(next - now, tell.closed()).await;
            continue;
        };
        due[at] = now + values[at].every.max(Duration::from_millis(200));
        let answer = connected.ask(&values[at].sql, LIMIT).await;
        if answer.as_ref().is_err_and(|e| e.kind != Trouble::Refused) {
            link = None;
        }
        tell.send_modify(|readings| note(&mut readings[at], answer));
    }
}

fn note(
    (reading, read_at): &mut (OwnReading, Option<Instant>),
    answer: Result<Vec<Vec<Option<String>>>, DatabaseError>,
) {
    match answer {
        Ok(rows) => {
            let first = rows.into_iter().next();
            let value = first.and_then(|row| row.into_iter().next().flatten());
            reading.value = value.map(tame::line);
            reading.error.clear();
            *read_at = Some(Instant::now());
        }
        Err(error) => reading.error = error.said,
    }
}

fn fail_all(tell: &watch::Sender<Readings>, why: &str) {
    tell.send_modify(|readings| {
        for (reading, _) in readings {
            why.clone_into(&mut reading.error);
        }
    });
}
