//! Why an attempt must stop: its time is up, or somebody asks.

use std::path::PathBuf;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Why an attempt must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its own time is up.
    TimedOut,
    /// Somebody asked, by the `cancel` file.
    Cancelled,
    /// Somebody asked, with a signal to the supervisor.
    Told,
    /// It was a try of several, and the time for all of them is up.
    TriesOver,
}

/// Tells when to stop. Copies tell the same.
#[derive(Debug, Clone)]
pub struct Orders {
    asked: watch::Receiver<Option<Stop>>,
    timeout: Option<Instant>,
    tries_end: Option<Instant>,
}

/// The signals that mean something to a supervisor.
#[derive(Debug)]
pub struct Signals {
    look: Signal,
    term: Signal,
    interrupt: Signal,
    hang_up: Signal,
    quit: Signal,
}

/// Whether an interrupt from the terminal is meant for the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupts {
    /// It has no terminal: an interrupt is a wish to stop.
    Stop,
    /// The step has the terminal: they are the step's.
    Pass,
}

impl Signals {
    /// Takes them from now on. A hang-up is taken and means nothing: the step outlives the terminal.
    pub fn take() -> std::io::Result<Self> {
        Ok(Self {
            look: signal(SignalKind::user_defined1())?,
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Returns once somebody asks to stop.
    async fn asked(mut self, cancel: PathBuf, interrupts: Interrupts) -> Stop {
        loop {
            if cancel.exists() {
                return Stop::Cancelled;
            }
            tokio::select! {
                _ = self.look.recv() => {}
                _ = self.term.recv() => return Stop::Told,
                _ = self.interrupt.recv() => if interrupts == Interrupts::Stop { return Stop::Told },
                _ = self.quit.recv() => if interrupts == Interrupts::Stop { return Stop::Told },
                _ = self.hang_up.recv() => {}
                () = sleep(Duration::from_millis(250)) => {}
            }
        }
    }
}

impl Orders {
    /// Listens from now on; must be called within the runtime.
    pub fn listen(
        signals: Signals,
        cancel: PathBuf,
        interrupts: Interrupts,
        timeout: Option<Duration>,
    ) -> Self {
        let (tell, asked) = watch::channel(None);
        tokio::spawn(async move {
            tell.send_replace(Some(signals.asked(cancel, interrupts).await));
            // Kept open, so that the order stands for whoever looks later.
            tell.closed().await;
        });
        Self {
            asked,
            timeout: timeout.and_then(|t| Instant::now().checked_add(t)),
            tries_end: None,
        }
    }

    /// Returns the same, which also stop at `end`.
    #[must_use]
    pub fn until(&self, end: Instant) -> Self {
        Self {
            tries_end: Some(end),
            ..self.clone()
        }
    }

    /// Returns once it must stop. May be dropped and called again.
    pub async fn stopped(&mut self) -> Stop {
        tokio::select! {
            biased;
            asked = self.asked.wait_for(Option::is_some) => match asked {
                Ok(stop) => stop.unwrap_or(Stop::Told),
                Err(_) => std::future::pending().await,
            },
            () = reached(self.timeout) => Stop::TimedOut,
            () = reached(self.tries_end) => Stop::TriesOver,
        }
    }
}

async fn reached(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
