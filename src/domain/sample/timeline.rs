//! What the database felt during a run, point by point: the form of `samples.jsonl`, how it is thinned, how it is read back.
//!
//! The file holds one JSON object a line, the oldest first, in two kinds: a [`Point`] (`{"at":…,"n":…}`) and a [`Gap`]
//! (`{"gap":…,"why":…}`). It is appended to and never rewritten. A point sums up all samples of its time: the worst of each
//! amount, the mean of the rates. It begins with a second a point; after [`PER_WIDTH`] points of the same steps the time
//! doubles, so that a step of a day has some thousand points.
//!
//! It is no evidence: neither the journal's chain nor a signature covers it. What is signed are the peaks that the journal
//! holds with each step's end; the points only draw the way there.

mod point;
mod recorder;

use crate::domain::run::event::Peaks;
use crate::domain::runbook::model::StepId;
use crate::domain::sample::history::median;
use crate::domain::sample::rates::number;

pub use point::{Gap, Line, Point, Running, Why};
pub use recorder::{PER_WIDTH, Recorder};

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
    fn of_attempt(&self, step: &StepId, attempt: u32) -> Vec<Line> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::model::Counts;
    use crate::domain::sample::model::Sample;

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
