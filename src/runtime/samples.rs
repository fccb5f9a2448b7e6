//! Keeps what the monitor saw, in a thread of its own: a slow or full disk holds neither the screen nor the run up.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::domain::sample::timeline::Line;
use crate::engine::samples::SampleFile;

/// How long leaving waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who keeps the samples of a run.
#[derive(Debug)]
pub struct SampleKeeper {
    lines: Option<Sender<Vec<Line>>>,
    done: Receiver<()>,
}

impl SampleKeeper {
    /// Starts keeping them in the file at `path`.
    pub fn start(path: PathBuf) -> Self {
        let (lines, kept) = channel::<Vec<Line>>();
        let (tell, done) = channel();
        thread::spawn(move || {
            let mut file = None;
            for lines in kept {
                // What a full disk does not take is lost: the journal holds the peaks, and it stops the run by itself.
                let open = file.take().or_else(|| SampleFile::open(&path).ok());
                file = open.and_then(|mut open| open.append(&lines).ok().map(|()| open));
            }
            let _ = tell.send(());
        });
        Self {
            lines: Some(lines),
            done,
        }
    }

    /// Keeps `lines`.
    pub fn keep(&self, lines: Vec<Line>) {
        if let Some(keeper) = &self.lines {
            let _ = keeper.send(lines);
        }
    }
}

impl Drop for SampleKeeper {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.done.recv_timeout(PATIENCE);
    }
}
