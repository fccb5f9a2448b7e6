//! The target's server: the monitor, the connection that acts, and statements by hand.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::app::dialog::SessionRef;
use crate::app::message::Msg;
use crate::domain::attempt::SqlWork;
use crate::domain::ready::Family;
use crate::domain::redact::{Redactor, written_in};
use crate::domain::run::assign::URL_ENV;
use crate::domain::run::event::{BackendAct, SqlEnd};
use crate::domain::runbook::model::{Access, MonitorPlan, Transaction};
use crate::domain::sample::news::{Watched, Wishes};
use crate::domain::sample::own::CONSOLE_NAME;
use crate::domain::signal::StatementEnd;
use crate::domain::statements::{self, Effect, mysql};
use crate::domain::tame;
use crate::engine::database::target::{observe, run_statements};
use crate::engine::database::{Control, Dsn};

/// How often is looked whether the connection that acts still stands.
const KEEP: Duration = Duration::from_secs(10);
/// How long after it could not be opened it is tried again, at first and at most.
const AGAIN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(30);
/// Lines of a statement's output that are kept for the screen.
const LINES_KEPT: usize = 500;

/// The target's server.
#[derive(Debug)]
pub struct Server {
    dsn: Dsn,
    wishes: watch::Sender<Wishes>,
    acts: UnboundedSender<Ask>,
    out: UnboundedSender<Msg>,
}

/// What is asked of the connection that acts.
#[derive(Debug)]
enum Ask {
    Act(SessionRef, BackendAct),
    Inspect(SessionRef),
}

impl Server {
    /// Starts watching the server at `dsn`; everything goes on in `tasks`.
    pub fn start(
        dsn: Dsn,
        plan: &MonitorPlan,
        tasks: &mut JoinSet<()>,
        out: UnboundedSender<Msg>,
    ) -> Self {
        let (wishes, wished) = watch::channel(Wishes::default());
        let (acts, asked) = unbounded_channel();
        let watched = Watched {
            every: plan.every,
            values: plan.values.clone(),
            ..Watched::default()
        };
        let news = out.clone();
        tasks.spawn(observe(dsn.clone(), watched, wished, move |told| {
            let _ = news.send(Msg::Monitor(told));
        }));
        tasks.spawn(control(dsn.clone(), asked, out.clone()));
        Self {
            dsn,
            wishes,
            acts,
            out,
        }
    }

    /// Tells the monitor what is wanted.
    pub fn wish(&self, wishes: Wishes) {
        self.wishes.send_replace(wishes);
    }

    /// Acts on a session.
    pub fn act(&self, session: SessionRef, act: BackendAct) {
        let _ = self.acts.send(Ask::Act(session, act));
    }

    /// Fetches all of a session.
    pub fn inspect(&self, session: SessionRef) {
        let _ = self.acts.send(Ask::Inspect(session));
    }

    /// Sends a statement by hand.
    pub fn send(&self, number: u32, sql: String, tasks: &mut JoinSet<()>) {
        let (dsn, out) = (self.dsn.clone(), self.out.clone());
        tasks.spawn(async move {
            let _ = out.send(Msg::Statement(by_hand(&dsn, number, sql).await));
        });
    }
}

/// One connection is opened at the start and kept, also over a restart of the server: when it is needed, new ones may no
/// longer be let in.
async fn control(dsn: Dsn, mut asked: UnboundedReceiver<Ask>, out: UnboundedSender<Msg>) {
    let (mut control, mut pause) = match Control::open(&dsn).await {
        Ok(open) => (open, KEEP),
        Err(_) => (Control::closed(&dsn), AGAIN), // the monitor tells why
    };
    loop {
        let ask = match timeout(pause, asked.recv()).await {
            Ok(Some(ask)) => ask,
            Ok(None) => return,
            Err(_) => {
                pause = match control.keep().await {
                    Ok(()) => KEEP,
                    Err(_) if pause == KEEP => AGAIN,
                    Err(_) => (pause * 2).min(SELDOM),
                };
                continue;
            }
        };
        let msg = match ask {
            Ask::Act(session, act) => {
                let outcome = control.act(session.pid, &session.backend_start, act).await;
                Msg::Acted {
                    session,
                    act,
                    outcome,
                }
            }
            Ask::Inspect(session) => Msg::Inspected {
                pid: session.pid,
                found: control.detail(session.pid).await.map_err(|e| e.said),
            },
        };
        if out.send(msg).is_err() {
            return;
        }
    }
}

async fn by_hand(dsn: &Dsn, number: u32, sql: String) -> StatementEnd {
    let reads = match dsn.family() {
        Family::MySql => mysql::split(&sql)
            .iter()
            .all(|s| mysql::effect(s) == Effect::Reads),
        Family::Postgres | Family::Any => statements::split(&sql)
            .iter()
            .all(|s| s.effect() == Effect::Reads),
    };
    let work = SqlWork {
        url_env: URL_ENV.to_owned(),
        text: sql.clone(),
        values: None,
        lock_timeout_ms: Some(10_000),
        statement_timeout_ms: None,
        transaction: Transaction::AsWritten,
        access: if reads {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        },
        row_cap: LINES_KEPT as u64,
    };
    let redactor = Redactor::new(written_in(sql.as_bytes()));
    let told = |line: &str| tame::line(redactor.redact_text(line));
    let mut lines = Vec::new();
    let began = Instant::now();
    let mut keep = |line: &str| {
        if lines.len() < LINES_KEPT {
            lines.push(told(line));
        }
    };
    let done = run_statements(dsn, &work, CONSOLE_NAME, &mut keep).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (result, ended) = match done {
        Ok(seen) => (seen.tag, SqlEnd::Ok),
        Err(e) => {
            lines.extend(e.lines(&sql).iter().map(|line| told(line)));
            (
                format!("{} {}", e.code, e.message).trim().to_owned(),
                SqlEnd::Error,
            )
        }
    };
    StatementEnd {
        number,
        lines,
        result: told(&result),
        ended,
        duration_ms,
    }
}
