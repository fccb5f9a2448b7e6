//! What grew between two readings of the server's counters.

use crate::domain::sample::model::{Progress, Rates, Server, Totals};

/// Returns a count as a number to calculate with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts past 2^53 are shown rounded anyway"
)]
pub fn number(count: u64) -> f64 {
    count as f64
}

/// Returns an amount as a whole number, cut off below zero and above the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is cut off is below a millisecond or a byte"
)]
pub fn whole(value: f64) -> u64 {
    value as u64
}

/// Returns what grew a second from `before` to `after`; `None` where no time passed or the counters were reset.
pub fn between(before: &Totals, after: &Totals) -> Option<Rates> {
    let ms = u64::try_from(after.at_ms - before.at_ms)
        .ok()
        .filter(|ms| *ms > 0)?;
    let grew = |of: fn(&Totals) -> u64| of(after).checked_sub(of(before)).map(number);
    let rate = |of: fn(&Totals) -> u64| grew(of).map(|n| n * 1_000.0 / number(ms));
    let told = |of: fn(&Totals) -> Option<u64>| {
        let grew = of(after)?.checked_sub(of(before)?)?;
        Some(per_second(grew, ms))
    };
    let fetched = grew(|t| t.blocks_fetched)?;
    let hit = grew(|t| t.blocks_hit)?;
    Some(Rates {
        tps: rate(|t| t.commits + t.rollbacks)?,
        rollbacks: rate(|t| t.rollbacks)?,
        rows: rate(|t| t.inserted + t.updated + t.deleted)?,
        temp_bytes: rate(|t| t.temp_bytes)?,
        wal_bytes: rate(|t| t.wal_bytes)?,
        hit_ratio: (fetched > 0.0).then(|| (hit / fetched).min(1.0)),
        statements: told(|t| t.statements),
        disk_tables: told(|t| t.disk_tables),
        binlog_bytes: told(|t| t.binlog_bytes),
    })
}

/// How much the newest speed counts against what was seen before.
const NEWEST: f64 = 0.3;

/// Completes `now` by what only two readings tell: rates, what stands still, how long the rest takes.
pub fn follow(now: &mut Server, before: &Server) {
    now.rates = between(&before.totals, &now.totals);
    let ms = u64::try_from(now.at_ms - before.at_ms).unwrap_or_default();
    let own = now.totals.own_transactions;
    let own = own.checked_sub(before.totals.own_transactions);
    now.own_tps = own.filter(|_| ms > 0).map(|n| per_second(n, ms));
    let deadlocks = now.totals.deadlocks;
    now.deadlocks = before.deadlocks + deadlocks.saturating_sub(before.totals.deadlocks);
    for sender in &mut now.senders {
        let known = before.senders.iter().find(|s| s.pid == sender.pid);
        let before = known.map(|s| (s.replayed, s.stuck_ms));
        sender.stuck_ms = stuck(sender.unreplayed, sender.replayed, before, ms);
    }
    if let Some(receiver) = &mut now.receiver {
        let before = before.receiver.as_ref().map(|r| (r.replayed, r.stuck_ms));
        receiver.stuck_ms = stuck(receiver.unreplayed, receiver.replayed, before, ms);
    }
    for progress in &mut now.progress {
        let known = before.progress.iter().find(|p| is_same(p, progress));
        if let Some(before) = known {
            proceed(progress, before, ms);
        }
    }
}

fn per_second(n: u64, ms: u64) -> f64 {
    number(n) * 1_000.0 / number(ms)
}

/// A position that does not move counts only while there is more to replay.
fn stuck(
    unreplayed: Option<u64>,
    at: Option<u64>,
    before: Option<(Option<u64>, Option<u64>)>,
    ms: u64,
) -> Option<u64> {
    let (was_at, stuck) = before?;
    let stands = unreplayed? > 0 && at? == was_at?;
    stands.then(|| stuck.unwrap_or_default() + ms)
}

fn is_same(a: &Progress, b: &Progress) -> bool {
    (a.pid, &a.command, &a.phase, &a.unit) == (b.pid, &b.command, &b.phase, &b.unit)
        && a.done <= b.done
}

fn proceed(now: &mut Progress, before: &Progress, ms: u64) {
    now.phase_ms = before.phase_ms + ms;
    if ms == 0 {
        (now.rate, now.left_ms) = (before.rate, before.left_ms);
        return;
    }
    let newest = per_second(now.done - before.done, ms);
    let known = before.rate.map(|known| known + NEWEST * (newest - known));
    let rate = known.unwrap_or(newest);
    now.rate = Some(rate);
    let rest = now.total.checked_sub(now.done).filter(|_| now.total > 0);
    now.left_ms = rest
        .filter(|_| rate > 0.0)
        .map(|rest| whole(number(rest) * 1_000.0 / rate));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::model::{Receiver, Sender};

    #[test]
    fn a_replay_position_that_stands_still_while_there_is_more_is_counted() {
        let server = |at_ms, replayed, unreplayed| Server {
            at_ms,
            senders: vec![Sender {
                pid: 7,
                replayed: Some(replayed),
                unreplayed: Some(unreplayed),
                ..Sender::default()
            }],
            receiver: Some(Receiver {
                replayed: Some(replayed),
                unreplayed: Some(unreplayed),
                ..Receiver::default()
            }),
            ..Server::default()
        };
        let mut before = server(0, 100, 0);
        let mut seen = Vec::new();
        for (at_ms, replayed, unreplayed) in [
            (1_000, 100, 0),
            (2_000, 100, 50),
            (4_000, 100, 80),
            (5_000, 101, 90),
        ] {
            let mut now = server(at_ms, replayed, unreplayed);
            follow(&mut now, &before);
            let stuck = now.senders[0].stuck_ms;
            assert_eq!(now.receiver.as_ref().unwrap().stuck_ms, stuck);
            seen.push(stuck);
            before = now;
        }
        assert_eq!(seen, [None, Some(1_000), Some(3_000), None]);
    }

    #[test]
    fn the_rest_of_a_phase_is_counted_from_its_own_speed() {
        let server = |at_ms, phase: &str, done| Server {
            at_ms,
            progress: vec![Progress {
                pid: 7,
                phase: phase.into(),
                done,
                total: 1_000,
                ..Progress::default()
            }],
            ..Server::default()
        };
        let mut before = server(0, "scanning", 0);
        let mut seen = Vec::new();
        for (at_ms, phase, done) in [
            (1_000, "scanning", 100),
            (2_000, "scanning", 200),
            (3_000, "sorting", 0),
            (4_000, "sorting", 0),
        ] {
            let mut now = server(at_ms, phase, done);
            follow(&mut now, &before);
            seen.push((now.progress[0].phase_ms, now.progress[0].left_ms));
            before = now;
        }
        assert_eq!(
            seen,
            [
                (1_000, Some(9_000)),
                (2_000, Some(8_000)),
                (0, None),
                (1_000, None)
            ]
        );
    }

    fn totals(at_ms: i64, commits: u64, hit: u64) -> Totals {
        Totals {
            at_ms,
            commits,
            blocks_fetched: hit * 2,
            blocks_hit: hit,
            ..Totals::default()
        }
    }

    #[test]
    fn rates_are_per_second() {
        let rates = between(&totals(1_000, 10, 5), &totals(3_000, 50, 10)).unwrap();
        assert!((rates.tps - 20.0).abs() < 1e-9);
        assert!((rates.hit_ratio.unwrap() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_reset_of_the_statistics_is_a_gap_and_not_a_cliff() {
        assert_eq!(between(&totals(1_000, 50, 5), &totals(3_000, 10, 10)), None);
        assert_eq!(between(&totals(1_000, 5, 5), &totals(1_000, 10, 10)), None);
    }
}
