//! What the database felt during a run, point by point: the form of `samples.jsonl`, how it is thinned, how it is read back.
//!
//! The file holds one JSON object a line, the oldest first, in two kinds: a [`Point`] (`{"at":…,"n":…}`) and a [`Gap`]
//! (`{"gap":…,"why":…}`). It is appended to and never rewritten. A point sums up all samples of its time: the worst of each
//! amount, the mean of the rates. It begins with a second a point; after [`PER_WIDTH`] points of the same steps the time
//! doubles, so that a step of a day has some thousand points.
//!
//! It is no evidence: neither the journal's chain nor a signature covers it. What is signed are the peaks that the journal
//! holds with each step's end; the points only draw the way there.

use serde::{Deserialize, Serialize};

use crate::domain::run::event::Peaks;
use crate::domain::runbook::model::StepId;
use crate::domain::sample::history::median;
use crate::domain::sample::metric::amount;
use crate::domain::sample::model::Sample;
use crate::domain::sample::rates::{number, whole};

/// Points of one width before the width doubles.
pub const PER_WIDTH: u32 = 240;
/// Milliseconds of the first points while a step runs.
const STEP_WIDTH: i64 = 1_000;
/// Milliseconds of the first points while none does.
const REST_WIDTH: i64 = 10_000;
/// So many intervals without a sample are a gap.
const MISSED: i64 = 4;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// From here on nothing was seen, until the next point.
    Gap(Gap),
    /// What was seen.
    Point(Box<Point>),
}

/// What the samples of some time have in common: the worst of each amount.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Point {
    /// When its first sample came, by our clock, in milliseconds since 1970.
    #[serde(rename = "at")]
    pub at_ms: i64,
    /// Milliseconds from there to its last sample.
    #[serde(rename = "len", default, skip_serializing_if = "is_zero")]
    pub length_ms: i64,
    /// How many samples it sums up.
    pub n: u32,
    /// The steps that ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Running>,
    /// Sessions that waited for a lock.
    pub blocked: u32,
    /// Milliseconds that the longest of them had waited.
    pub wait_ms: u64,
    /// Sessions that waited behind a step of the run.
    pub by_us: u32,
    /// Milliseconds that a step of the run had waited for a lock.
    pub our_wait_ms: u64,
    /// Connections.
    pub connections: u32,
    /// Clients at work.
    pub active: u32,
    /// Milliseconds that the longest transaction had lasted.
    pub transaction_ms: u64,
    /// Transactions a second, the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tps: Option<u64>,
    /// Bytes of write-ahead log a second, the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_s: Option<u64>,
    /// Bytes by which the slowest replica lagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<u64>,
    /// Milliseconds by which the slowest replica lagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
}

/// A time of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gap {
    /// Since when, by our clock, in milliseconds since 1970; it ends with the next point.
    #[serde(rename = "gap")]
    pub at_ms: i64,
    /// Why.
    pub why: Why,
}

/// Why nothing is known of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The server did not answer.
    #[default]
    Unreachable,
    /// Nobody watched: the screen was away.
    Away,
    /// No sample came: the machine slept, or the server was very slow.
    Silent,
}

/// A step that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl Point {
    fn of(sample: &Sample, at_ms: i64, steps: &[Running]) -> Self {
        let of = |name: &str| amount(name, sample).map(whole);
        let count = |name: &str| of(name).and_then(|n| u32::try_from(n).ok());
        Self {
            at_ms,
            length_ms: 0,
            n: 1,
            steps: steps.to_vec(),
            blocked: sample.counts.blocked,
            wait_ms: of("longest_wait").unwrap_or_default(),
            by_us: count("blocked_by_us").unwrap_or_default(),
            our_wait_ms: of("our_wait").unwrap_or_default(),
            connections: sample.counts.connections,
            active: sample.counts.active,
            transaction_ms: sample.counts.longest_xact_ms.unwrap_or_default(),
            tps: of("tps"),
            wal_bytes_per_s: of("wal_bytes_per_s"),
            lag_bytes: of("replication_lag_bytes"),
            lag_ms: of("replication_lag"),
        }
    }

    /// Takes a later one in.
    fn merge(&mut self, later: &Self) {
        let parts = (self.n, later.n);
        self.length_ms = later.at_ms + later.length_ms - self.at_ms;
        self.n += later.n;
        self.blocked = self.blocked.max(later.blocked);
        self.wait_ms = self.wait_ms.max(later.wait_ms);
        self.by_us = self.by_us.max(later.by_us);
        self.our_wait_ms = self.our_wait_ms.max(later.our_wait_ms);
        self.connections = self.connections.max(later.connections);
        self.active = self.active.max(later.active);
        self.transaction_ms = self.transaction_ms.max(later.transaction_ms);
        self.tps = mean(self.tps, later.tps, parts);
        self.wal_bytes_per_s = mean(self.wal_bytes_per_s, later.wal_bytes_per_s, parts);
        self.lag_bytes = self.lag_bytes.max(later.lag_bytes);
        self.lag_ms = self.lag_ms.max(later.lag_ms);
    }

    /// Returns whether attempt `attempt` at `step` ran.
    pub fn during(&self, step: &StepId, attempt: u32) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|r| r.step == *step && r.attempt == attempt)
    }
}

/// The mean of two means of so many samples each.
fn mean(before: Option<u64>, later: Option<u64>, parts: (u32, u32)) -> Option<u64> {
    let (Some(before), Some(later)) = (before, later) else {
        return before.or(later);
    };
    let (old, new) = (u64::from(parts.0), u64::from(parts.1));
    let sum = before
        .saturating_mul(old)
        .saturating_add(later.saturating_mul(new));
    Some(sum / (old + new).max(1))
}

/// Makes lines of samples as they come.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorder {
    open: Option<Box<Point>>,
    /// How many points of the same steps there are already.
    points: u32,
    last_ms: Option<i64>,
    gap: bool,
}

impl Recorder {
    /// Takes a sample in that came at `at_ms` while `steps` ran; returns the lines that are whole now.
    pub fn take(&mut self, sample: &Sample, steps: &[Running], at_ms: i64) -> Vec<Line> {
        let mut lines = Vec::new();
        let interval = i64::try_from(sample.interval_ms)
            .unwrap_or(i64::MAX)
            .max(1_000);
        let missed = |last: i64| at_ms - last > interval.saturating_mul(MISSED);
        if let Some(last) = self.last_ms.filter(|last| missed(*last)) {
            lines.extend(self.gap(last, Why::Silent));
        }
        self.last_ms = Some(at_ms);
        self.gap = false;
        let point = Point::of(sample, at_ms, steps);
        let width = self.width(steps);
        match &mut self.open {
            Some(open) if open.steps == steps && (0..width).contains(&(at_ms - open.at_ms)) => {
                open.merge(&point);
            }
            Some(open) => {
                self.points = if open.steps == steps {
                    self.points + 1
                } else {
                    0
                };
                lines.extend(self.open.replace(Box::new(point)).map(Line::Point));
            }
            None => self.open = Some(Box::new(point)),
        }
        lines
    }

    /// Notes that nothing is known from `at_ms` on; told once until the next sample.
    pub fn gap(&mut self, at_ms: i64, why: Why) -> Vec<Line> {
        let mut lines = self.close();
        self.last_ms = None;
        if !self.gap {
            self.gap = true;
            lines.push(Line::Gap(Gap { at_ms, why }));
        }
        lines
    }

    /// Returns what was not told yet: the run ends, or is left.
    pub fn close(&mut self) -> Vec<Line> {
        let open = self.open.take();
        open.map(Line::Point).into_iter().collect()
    }

    fn width(&self, steps: &[Running]) -> i64 {
        let first = if steps.is_empty() {
            REST_WIDTH
        } else {
            STEP_WIDTH
        };
        first << (self.points / PER_WIDTH).min(20)
    }
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Its lines, the oldest first.
    pub lines: Vec<Line>,
    /// Lines that could not be read: a torn last one, or somebody's hand.
    pub unread: u32,
}

impl Timeline {
    /// Reads the file's text.
    pub fn read(text: &str) -> Self {
        let mut timeline = Self::default();
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(line) => timeline.lines.push(line),
                Err(_) => timeline.unread += 1,
            }
        }
        timeline
    }

    /// Returns the points of one attempt at a step, and the gaps between them.
    pub fn of_attempt(&self, step: &StepId, attempt: u32) -> Vec<Line> {
        let ran = |line: &Line| matches!(line, Line::Point(p) if p.during(step, attempt));
        let first = self.lines.iter().position(ran);
        let last = self.lines.iter().rposition(ran);
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let within = self.lines[first..=last].iter();
        let kept = within.filter(|line| ran(line) || matches!(line, Line::Gap(_)));
        kept.cloned().collect()
    }

    /// Returns what was usual of the transactions a second before the first of the steps that `changes` ran, and before
    /// `until_ms`: the median.
    pub fn usual_tps(&self, until_ms: i64, changes: impl Fn(&StepId) -> bool) -> Option<f64> {
        let points = self.lines.iter().filter_map(|line| match line {
            Line::Point(point) => Some(point),
            Line::Gap(_) => None,
        });
        let before = points.take_while(|point| {
            let ended_ms = point.at_ms + point.length_ms;
            ended_ms < until_ms && !point.steps.iter().any(|r| changes(&r.step))
        });
        median(before.filter_map(|p| p.tps).map(number).collect())
    }

    /// Returns the worst of one attempt at a step, as far as it was seen.
    pub fn peaks(&self, step: &StepId, attempt: u32) -> Peaks {
        let mut peaks = Peaks::default();
        for line in self.of_attempt(step, attempt) {
            let Line::Point(point) = line else { continue };
            peaks.samples += u64::from(point.n);
            peaks.blocked = peaks.blocked.max(point.blocked);
            peaks.longest_wait_ms = peaks.longest_wait_ms.max(point.wait_ms);
            peaks.blocked_by_us = peaks.blocked_by_us.max(point.by_us);
            peaks.longest_transaction_ms = peaks.longest_transaction_ms.max(point.transaction_ms);
            peaks.connections = peaks.connections.max(point.connections);
            peaks.lag_bytes = peaks.lag_bytes.max(point.lag_bytes);
        }
        peaks
    }
}

/// Returns `lines` with at most `at_most` points of even width, gaps kept: what a chart of so many columns needs.
pub fn thinned(lines: &[Line], at_most: usize) -> Vec<Line> {
    let points = || {
        lines.iter().filter_map(|line| match line {
            Line::Point(point) => Some(point),
            Line::Gap(_) => None,
        })
    };
    let (Some(first), Some(last)) = (points().next(), points().next_back()) else {
        return lines.to_vec();
    };
    if points().count() <= at_most {
        return lines.to_vec();
    }
    let whole_ms = last.at_ms + last.length_ms - first.at_ms + 1;
    let columns = i64::try_from(at_most.max(1)).unwrap_or(i64::MAX);
    let width = (whole_ms / columns + 1).max(1);
    let column = |at_ms: i64| (at_ms - first.at_ms) / width;
    let mut thin: Vec<Line> = Vec::new();
    for line in lines {
        match (thin.last_mut(), line) {
            (Some(Line::Point(open)), Line::Point(point))
                if column(open.at_ms) == column(point.at_ms) =>
            {
                open.merge(point);
            }
            (_, line) => thin.push(line.clone()),
        }
    }
    thin
}

/// Returns for how much of `lines` something is known, 0 to 1.
pub fn known(lines: &[Line]) -> f64 {
    let at = |line: &Line| match line {
        Line::Point(point) => (point.at_ms, point.at_ms + point.length_ms),
        Line::Gap(gap) => (gap.at_ms, gap.at_ms),
    };
    let (Some(first), Some(last)) = (lines.first().map(at), lines.last().map(at)) else {
        return 0.0;
    };
    let gaps = lines
        .windows(2)
        .filter(|pair| matches!(pair[0], Line::Gap(_)));
    let unknown: i64 = gaps.map(|pair| at(&pair[1]).0 - at(&pair[0]).0).sum();
    let all = u64::try_from(last.1 - first.0).unwrap_or_default();
    if all == 0 {
        return 1.0;
    }
    1.0 - number(u64::try_from(unknown).unwrap_or_default()) / number(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::model::Counts;

    fn sample(blocked: u32) -> Sample {
        Sample {
            counts: Counts {
                blocked,
                connections: 10,
                ..Counts::default()
            },
            interval_ms: 1_000,
            ..Sample::default()
        }
    }

    fn apply() -> Vec<Running> {
        vec![Running {
            step: StepId::new("apply"),
            attempt: 1,
        }]
    }

    /// Records `blocked` of every second from zero on, and writes and reads the file.
    fn written(
        recorder: &mut Recorder,
        from_ms: i64,
        blocked: impl IntoIterator<Item = u32>,
    ) -> String {
        let mut text = String::new();
        for (at, blocked) in (0..).zip(blocked) {
            for line in recorder.take(&sample(blocked), &apply(), from_ms + at * 1_000) {
                text += &(serde_json::to_string(&line).unwrap() + "\n");
            }
        }
        for line in recorder.close() {
            text += &(serde_json::to_string(&line).unwrap() + "\n");
        }
        text
    }

    #[test]
    fn a_step_of_a_day_stays_small_and_loses_no_peak() {
        let blocked = (0..86_400).map(|s| if s == 50_001 { 77 } else { s % 3 });
        let text = written(&mut Recorder::default(), 0, blocked);
        let timeline = Timeline::read(&text);
        assert!(timeline.lines.len() < 2_500, "{}", timeline.lines.len());
        assert!(text.len() < 500_000, "{} bytes", text.len());
        let peaks = timeline.peaks(&StepId::new("apply"), 1);
        assert_eq!(
            (peaks.samples, peaks.blocked, peaks.connections),
            (86_400, 77, 10)
        );
        let thin = thinned(&timeline.of_attempt(&StepId::new("apply"), 1), 100);
        assert!(thin.len() <= 101, "{}", thin.len());
        let highest = thin.iter().map(|line| match line {
            Line::Point(point) => point.blocked,
            Line::Gap(_) => 0,
        });
        assert_eq!(highest.max(), Some(77));
    }

    #[test]
    fn what_was_usual_was_seen_before_anything_changed() {
        let point = |at_s: i64, tps: u64, step: &str| {
            let step = (!step.is_empty()).then(|| Running {
                step: StepId::new(step),
                attempt: 1,
            });
            Line::Point(Box::new(Point {
                at_ms: at_s * 1_000,
                tps: Some(tps),
                steps: step.into_iter().collect(),
                ..Point::default()
            }))
        };
        let lines = vec![
            point(0, 100, ""),
            point(1, 300, "look"),
            point(2, 120, ""),
            point(3, 5, "apply"),
            point(4, 6, ""),
        ];
        let timeline = Timeline { lines, unread: 0 };
        let changes = |id: &StepId| *id == StepId::new("apply");
        assert_eq!(timeline.usual_tps(i64::MAX, changes), Some(120.0));
        assert_eq!(timeline.usual_tps(1_000, changes), Some(100.0));
        assert_eq!(timeline.usual_tps(0, changes), None);
    }

    #[test]
    fn a_gap_stays_a_gap_whoever_was_away() {
        let mut recorder = Recorder::default();
        let mut text = written(&mut recorder, 0, [1, 2, 3]);
        for line in recorder
            .gap(3_000, Why::Unreachable)
            .into_iter()
            .chain(recorder.gap(4_000, Why::Unreachable))
        {
            text += &(serde_json::to_string(&line).unwrap() + "\n");
        }
        text += &written(&mut recorder, 9_000, [4]);
        text += "{\"at\":torn";
        let timeline = Timeline::read(&text);
        assert_eq!(timeline.unread, 1);
        let lines = timeline.of_attempt(&StepId::new("apply"), 1);
        let gaps: Vec<_> = lines.iter().filter(|l| matches!(l, Line::Gap(_))).collect();
        assert_eq!(
            gaps,
            [&Line::Gap(Gap {
                at_ms: 3_000,
                why: Why::Unreachable
            })]
        );
        assert!(
            (known(&lines) - 3.0 / 9.0).abs() < 1e-9,
            "{}",
            known(&lines)
        );
        assert_eq!(thinned(&lines, 2).len(), 3);
        assert!(timeline.of_attempt(&StepId::new("apply"), 2).is_empty());
    }

    #[test]
    fn a_machine_that_slept_leaves_a_gap() {
        let mut recorder = Recorder::default();
        written(&mut recorder, 0, [1]);
        let lines = recorder.take(&sample(1), &apply(), 60_000);
        assert_eq!(
            lines,
            [Line::Gap(Gap {
                at_ms: 0,
                why: Why::Silent
            })]
        );
    }
}
