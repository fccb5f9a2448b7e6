//! Reads the keyboard in a thread of its own, and notices when the terminal is gone.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, KeyEventKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::mpsc::UnboundedSender;

use crate::app::message::{Came, Msg};
use crate::engine::clock;

/// How long the reader looks before it asks whether anybody listens; who has it pause wakes it. crossterm spins through
/// the last millisecond of every look: twenty looks a second cost more than all the rest of the program.
const LOOK: Duration = Duration::from_secs(20);
/// How often a reader that pauses asks whether it is to go on.
const NAP: Duration = Duration::from_millis(50);

const READING: u8 = 0;
const ASKED_TO_PAUSE: u8 = 1;
const PAUSED: u8 = 2;
/// Nobody reads any more, and nobody will.
const GONE: u8 = 3;

/// The keyboard's reader.
#[derive(Debug, Clone)]
pub struct Input {
    state: Arc<AtomicU8>,
}

impl Input {
    /// Starts reading; each key is stamped with the moment at which it was read.
    pub fn start(out: UnboundedSender<Msg>) -> Self {
        let state = Arc::new(AtomicU8::new(READING));
        let seen = Arc::clone(&state);
        let gone = out.clone();
        thread::spawn(move || {
            let _reader = Reader(Arc::clone(&seen));
            read(&seen, &out);
        });
        thread::spawn(move || watch_terminal(&gone));
        Self { state }
    }

    /// Stops reading until [`Input::resume`]; returns once nobody reads.
    pub fn pause(&self) {
        let asked = self.state.compare_exchange(
            READING,
            ASKED_TO_PAUSE,
            Ordering::SeqCst,
            Ordering::SeqCst,
        );
        if asked.is_err() {
            return; // nobody reads: it pauses already, or its thread is gone
        }
        // The one thing that ends a look early and is no key: it is told of a size that has not changed.
        let _ = kill_process(getpid(), Signal::WINCH);
        while self.state.load(Ordering::SeqCst) == ASKED_TO_PAUSE {
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Reads again. What was typed meanwhile and not read by anybody is thrown away: it answers no question of ours.
    pub fn resume(&self) {
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        let _ = self
            .state
            .compare_exchange(PAUSED, READING, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// The thread that reads, as long as it lives: however it ends, nobody waits for it.
struct Reader(Arc<AtomicU8>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.store(GONE, Ordering::SeqCst);
    }
}

fn read(state: &AtomicU8, out: &UnboundedSender<Msg>) {
    let mut before = Came::Alone;
    loop {
        if state.load(Ordering::SeqCst) != READING {
            let _ =
                state.compare_exchange(ASKED_TO_PAUSE, PAUSED, Ordering::SeqCst, Ordering::SeqCst);
            while state.load(Ordering::SeqCst) == PAUSED {
                thread::sleep(NAP);
            }
            before = Came::Alone; // what was typed meanwhile has been thrown away
            continue;
        }
        let told = match event::poll(LOOK) {
            Ok(false) => continue,
            Ok(true) => event::read().map(|event| {
                // By what waits and not by the clock: two keys of one paste may be read at different times.
                let behind = waiting();
                let came = if before == Came::Alone {
                    behind
                } else {
                    before
                };
                before = behind;
                told(event, came)
            }),
            Err(e) => Err(e),
        };
        let msg = match told {
            Ok(None) => continue,
            Ok(Some(msg)) => msg,
            Err(e) => Msg::Terminated {
                how: format!("the keyboard cannot be read: {e}"),
            },
        };
        let last = matches!(msg, Msg::Terminated { .. });
        if out.send(msg).is_err() || last {
            return;
        }
    }
}

/// Whether more has come already; an error is told by the next look.
fn waiting() -> Came {
    match event::poll(Duration::ZERO) {
        Ok(true) => Came::InARush,
        Ok(false) | Err(_) => Came::Alone,
    }
}

fn told(event: Event, came: Came) -> Option<Msg> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Press => Some(Msg::Key {
            key,
            at_ms: clock::mono_ms(),
            came,
        }),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) => Some(Msg::Resized),
        Event::Key(_) | Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

/// crossterm's reader spins for ever on a terminal that has gone (its issue 793): this tells it.
fn watch_terminal(out: &UnboundedSender<Msg>) {
    let Ok(tty) = File::open("/dev/tty") else {
        return;
    };
    let pause = Timespec {
        tv_sec: LOOK.as_secs().cast_signed(), // what has gone is told at once
        tv_nsec: 0,
    };
    while !out.is_closed() {
        let mut fds = [PollFd::new(&tty, PollFlags::empty())];
        let gone = match poll(&mut fds, Some(&pause)) {
            Ok(_) => fds[0]
                .revents()
                .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
            Err(rustix::io::Errno::INTR) => false,
            Err(_) => true,
        };
        if gone {
            let _ = out.send(Msg::Terminated {
                how: "the terminal is gone".into(),
            });
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_reader_that_is_gone() {
        let state = Arc::new(AtomicU8::new(READING));
        let input = Input {
            state: Arc::clone(&state),
        };
        let dies = Arc::clone(&state);
        let reader = thread::spawn(move || {
            let _reader = Reader(dies);
            thread::sleep(Duration::from_millis(50));
            panic!("on purpose");
        });
        input.pause(); // asked while it lives, and answered by its end
        assert!(reader.join().is_err());
        input.pause();
        input.resume();
        assert_eq!(state.load(Ordering::SeqCst), GONE);
    }
}
