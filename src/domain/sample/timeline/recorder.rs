//! Samples become lines as they come.

use crate::domain::sample::model::Sample;
use crate::domain::sample::timeline::point::{Gap, Line, Point, Running, Why};

/// Points of one width before the width doubles.
pub const PER_WIDTH: u32 = 240;

/// Milliseconds of the first points while a step runs.
const STEP_WIDTH: i64 = 1_000;

/// Milliseconds of the first points while none does.
const REST_WIDTH: i64 = 10_000;

/// So many intervals without a sample are a gap.
const MISSED: i64 = 4;

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
