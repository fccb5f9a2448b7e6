//! How one try ended, before anybody has judged it.

use crate::domain::attempt::Kept;
use crate::domain::expect::Seen;
use crate::domain::ready::Judged;
use crate::engine::attempt::orders::Stop;

/// How one try ended.
#[derive(Debug, Default)]
pub struct Ending {
    /// In which way.
    pub how: How,
    /// What expectations look at.
    pub seen: Seen,
    /// What captures look at, first one, then the other.
    pub texts: Vec<String>,
    /// What it left behind, as sentences.
    pub left_behind: Vec<String>,
    /// What a ready check says of itself.
    pub said: Option<Said>,
}

/// What a ready check says of itself.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its title: what should be so.
    pub title: String,
    /// Its verdict.
    pub judged: Judged,
    /// The rows it kept.
    pub kept: Option<Kept>,
}

/// In which way a try ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum How {
    /// By itself, with nothing more to say than what was seen.
    #[default]
    Done,
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal, which holdpoint did not send.
    Signalled(i32),
    /// It was refused, or went wrong: a sentence.
    Failed(String),
    /// It could not be begun: a sentence.
    NotStarted(String),
    /// It was stopped.
    Stopped(Stop),
}

impl Ending {
    /// Returns the ending of something that could not be begun.
    pub fn not_started(why: impl Into<String>) -> Self {
        Self {
            how: How::NotStarted(why.into()),
            ..Self::default()
        }
    }

    /// Returns why it was stopped, where it was.
    pub fn stopped(&self) -> Option<Stop> {
        match self.how {
            How::Stopped(stop) => Some(stop),
            How::Done
            | How::Exited(_)
            | How::Signalled(_)
            | How::Failed(_)
            | How::NotStarted(_) => None,
        }
    }
}
