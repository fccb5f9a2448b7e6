//! How often the server is asked: quicker while something happens, slower where asking is dear.

use std::time::Duration;

/// A refresh may take this part of the interval before the interval is doubled.
const PART: u32 = 10;
/// The interval is doubled at most so often.
const DEAREST: u32 = 16;
/// Cheap refreshes in a row before a doubling is taken back.
const CALM: u32 = 5;

/// The shortest time between two refreshes.
const SHORTEST: Duration = Duration::from_millis(100);

/// How lively it is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// A step runs, or somebody waits.
    Busy,
    /// Nothing happens.
    Calm,
}

/// Remembers how dear refreshes were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pace {
    every: Duration,
    factor: u32,
    cheap: u32,
}

impl Pace {
    pub fn new(every: Duration) -> Self {
        Self {
            every: every.max(SHORTEST),
            factor: 1,
            cheap: 0,
        }
    }

    /// Takes another time between two refreshes; what is known of their cost is found out anew.
    pub fn aim(&mut self, every: Duration) {
        if every.max(SHORTEST) != self.every {
            *self = Self::new(every);
        }
    }

    /// Returns the time from one refresh to the next, after one that took `took`.
    pub fn next(&mut self, took: Duration, life: Life) -> Duration {
        let base = match life {
            Life::Busy => self.every,
            Life::Calm => self.every * 2,
        };
        if took * PART > base * self.factor {
            self.factor = (self.factor * 2).min(DEAREST);
            self.cheap = 0;
        } else if self.factor > 1 && took * PART * 2 < base * self.factor {
            self.cheap += 1;
            if self.cheap >= CALM {
                self.factor /= 2;
                self.cheap = 0;
            }
        } else {
            self.cheap = 0;
        }
        base * self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_is_quicker_while_something_happens() {
        let mut pace = Pace::new(ms(1_000));
        assert_eq!(pace.next(ms(3), Life::Busy), ms(1_000));
        assert_eq!(pace.next(ms(3), Life::Calm), ms(2_000));
    }

    #[test]
    fn another_time_may_be_asked_for() {
        let mut pace = Pace::new(ms(1_000));
        pace.aim(ms(5_000));
        assert_eq!(pace.next(ms(3), Life::Busy), ms(5_000));
        pace.aim(ms(1));
        assert_eq!(pace.next(ms(3), Life::Busy), ms(100));
    }

    #[test]
    fn dear_refreshes_come_less_often_and_again_more_often_once_they_are_cheap() {
        let mut pace = Pace::new(ms(1_000));
        assert_eq!(pace.next(ms(150), Life::Busy), ms(2_000));
        assert_eq!(pace.next(ms(150), Life::Busy), ms(2_000));
        let calm: Vec<_> = (0..5).map(|_| pace.next(ms(3), Life::Busy)).collect();
        assert_eq!(calm.last(), Some(&ms(1_000)));
        for _ in 0..9 {
            pace.next(ms(60_000), Life::Busy);
        }
        assert_eq!(pace.next(ms(60_000), Life::Busy), ms(16_000));
    }
}
