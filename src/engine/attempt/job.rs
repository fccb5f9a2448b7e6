//! A child process, seen through to its end: all it prints, its exit, and whatever it leaves behind.
//!
//! Both pipes are read to their end and only then the exit is told; racing the two loses output.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::signal::unix::{self, SignalKind};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::domain::attempt::TerminalUse;
use crate::domain::runbook::model::StopSignal;
use crate::engine::attempt::files;
use crate::engine::attempt::orders::{Orders, Stop};
use crate::engine::attempt::output::{Output, Stream};
use crate::engine::attempt::process::{self, Life, Process};

/// How long a pipe may stay open after the exit: some other process holds it.
const HELD: Duration = Duration::from_secs(2);
/// How long is waited for killed processes to be gone.
const DYING: Duration = Duration::from_secs(3);
const LONGEST_GRACE: Duration = Duration::from_hours(24);
const BUFFER: usize = 64 * 1024;

/// A child process and what is known of it so far.
#[derive(Debug)]
pub struct Job {
    child: Child,
    pid: Option<u32>,
    out: Option<pipe::Receiver>,
    err: Option<pipe::Receiver>,
    status: Option<ExitStatus>,
    exited: Option<Instant>,
    stopping: Option<Stopping>,
    first_signal: StopSignal,
    terminal: TerminalUse,
    grace: Duration,
    left_behind: Vec<String>,
}

/// How a child ended.
#[derive(Debug)]
pub struct JobEnd {
    /// Its exit, where it was told.
    pub status: Option<ExitStatus>,
    /// Why it was stopped, where it was.
    pub stopped: Option<Stop>,
    /// What it left behind, as sentences.
    pub left_behind: Vec<String>,
}

/// A stop under way.
#[derive(Debug)]
struct Stopping {
    why: Stop,
    /// Signals still to be sent, the next one last.
    ahead: Vec<(Instant, Signal)>,
    killed: Option<Instant>,
    family: Family,
}

/// Whether anything that descends from the child still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Alive,
    Gone,
}

impl Job {
    /// Takes `child` over, and the pipes it writes into.
    pub fn new(
        child: Child,
        pipes: [Option<pipe::Receiver>; 2],
        first_signal: StopSignal,
        terminal: TerminalUse,
        grace: Duration,
    ) -> Self {
        let [out, err] = pipes;
        Self {
            pid: child.id(),
            out,
            err,
            child,
            status: None,
            exited: None,
            stopping: None,
            first_signal,
            terminal,
            grace: grace.min(LONGEST_GRACE),
            left_behind: Vec::new(),
        }
    }

    /// Writes down which process it is, for whoever finds it without its supervisor.
    #[must_use]
    pub fn note(self, path: &Path) -> Self {
        if let Some(job) = self.pid.and_then(process::look)
            && let Ok(json) = serde_json::to_vec(&job.id)
        {
            // Only a help in a bad hour: the step does not depend on it.
            files::write_whole(path, &json).ok();
        }
        self
    }

    /// Reads all it prints, waits for its end, stops it when told to.
    pub async fn see_through(mut self, output: &mut Output, orders: &mut Orders) -> JobEnd {
        let (mut out_buffer, mut err_buffer) = (vec![0; BUFFER], vec![0; BUFFER]);
        let mut tick = interval(Duration::from_millis(50));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut children = unix::signal(SignalKind::child()).ok();
        let mut orphans = false;
        while !self.is_over() {
            let may_stop = self.stopping.is_none() && self.status.is_none();
            let ticking = self.stopping.is_some() || self.exited.is_some() || orphans;
            tokio::select! {
                why = orders.stopped(), if may_stop => self.stop(why),
                status = self.child.wait(), if self.exited.is_none() => {
                    self.status = status.ok();
                    self.exited = Some(Instant::now());
                }
                _ = tick.tick(), if ticking => {
                    orphans = false;
                    self.tick();
                }
                Some(()) = heard(children.as_mut()) => orphans = true,
                read = read(self.out.as_mut(), &mut out_buffer) => match read {
                    0 => self.out = None,
                    n => output.take(Stream::Out, &out_buffer[..n]),
                },
                read = read(self.err.as_mut(), &mut err_buffer) => match read {
                    0 => self.err = None,
                    n => output.take(Stream::Err, &err_buffer[..n]),
                },
            }
        }
        self.end().await
    }

    fn is_over(&self) -> bool {
        let silent = self.out.is_none() && self.err.is_none();
        match &self.stopping {
            None => self.exited.is_some() && silent,
            Some(stopping) => {
                let gave_up = stopping.killed.is_some_and(|at| at.elapsed() > DYING);
                gave_up || self.exited.is_some() && silent && stopping.family == Family::Gone
            }
        }
    }

    /// Returns what descends from the child and still runs, ended orphans having been taken notice of.
    fn family(&self) -> Vec<Process> {
        let mut family = process::descendants();
        let job = self.pid.filter(|_| self.exited.is_none());
        process::reap_orphans(&family, job);
        family.retain(|p| p.life == Life::Runs);
        family
    }

    fn stop(&mut self, why: Stop) {
        let now = Instant::now();
        let mut ahead = match self.first_signal {
            StopSignal::Term => vec![(now, Signal::TERM)],
            StopSignal::Int => vec![(now, Signal::INT), (now + self.grace / 2, Signal::TERM)],
        };
        ahead.push((now + self.grace, Signal::KILL));
        ahead.reverse();
        self.stopping = Some(Stopping {
            why,
            ahead,
            killed: None,
            family: Family::Alive,
        });
        self.tick();
    }

    fn tick(&mut self) {
        let family = self.family();
        if let Some(stopping) = &mut self.stopping {
            if family.is_empty() {
                stopping.family = Family::Gone;
            }
            while let Some((_, signal)) = stopping.ahead.pop_if(|(at, _)| *at <= Instant::now()) {
                let group = self.pid.filter(|_| self.terminal == TerminalUse::Captured);
                send(signal, group, &family);
                if signal == Signal::KILL {
                    stopping.killed = Some(Instant::now());
                }
            }
            if stopping.killed.is_some() {
                // Again and again: one may have been born since the last look.
                send(Signal::KILL, None, &family);
            }
        }
        if self.exited.is_some_and(|at| at.elapsed() > HELD)
            && (self.out.is_some() || self.err.is_some())
        {
            self.out = None;
            self.err = None;
            self.left_behind.push(
                "its output was still held open 2 s after the exit: what was printed from then on is not kept".into(),
            );
        }
    }

    async fn end(mut self) -> JobEnd {
        if self.stopping.is_none() {
            // What is just ending is nothing left behind.
            let deadline = Instant::now() + Duration::from_millis(300);
            while !self.family().is_empty() && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        for process in self.family() {
            let Process { id, name, .. } = process;
            self.left_behind.push(match self.stopping {
                None => format!("process {} ({name}) still runs", id.pid),
                Some(_) => format!("process {} ({name}) could not be stopped", id.pid),
            });
        }
        JobEnd {
            status: self.status,
            stopped: self.stopping.map(|s| s.why),
            left_behind: self.left_behind,
        }
    }
}

/// Sends `signal` to the process group of `group` and to every process of `family` outside it.
fn send(signal: Signal, group: Option<u32>, family: &[Process]) {
    if let Some(leader) = group
        .and_then(|g| i32::try_from(g).ok())
        .and_then(Pid::from_raw)
    {
        kill_process_group(leader, signal).ok();
    }
    for process in family.iter().filter(|p| Some(p.group) != group) {
        process.id.signal(signal).ok();
    }
}

async fn heard(children: Option<&mut unix::Signal>) -> Option<()> {
    match children {
        Some(children) => children.recv().await,
        None => std::future::pending().await,
    }
}

/// Reads what is there; 0: nothing will come any more.
async fn read(pipe: Option<&mut (impl tokio::io::AsyncRead + Unpin)>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}
