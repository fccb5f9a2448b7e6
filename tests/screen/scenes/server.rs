//! What the server looks like: quiet, and in a lock storm.

use holdpoint::domain::run::event::TargetSeen;
use holdpoint::domain::runbook::model::StepId;
use holdpoint::domain::sample::model::{
    Blocker, ClientTally, Counts, LockWait, Ours, Progress, Rates, Sample, Server, Session, Wait,
};

use crate::scenes::story::START_MS;

/// Returns what the server says of itself when somebody connects.
pub(super) fn identity() -> TargetSeen {
    TargetSeen {
        version: "PostgreSQL 15.4".into(),
        database: "billing".into(),
        address: "db1:5432".into(),
        user: "deploy".into(),
        role: "primary".into(),
        ..TargetSeen::default()
    }
}

fn session(pid: i32, user: &str, application: &str, state: &str, query: &str, ms: u64) -> Session {
    Session {
        pid,
        kind: "client backend".into(),
        user: user.into(),
        application: application.into(),
        client: "10.0.4.17".into(),
        database: "billing".into(),
        state: state.into(),
        xact_ms: Some(ms),
        query_ms: Some(ms),
        state_ms: Some(ms),
        query: query.into(),
        ..Session::default()
    }
}

pub(super) fn lock(mode: &str, group: &str, of: u32, wait_ms: u64) -> LockWait {
    LockWait {
        mode: mode.into(),
        object: "public.invoices".into(),
        group: group.into(),
        place: 1,
        of,
        wait_ms: Some(wait_ms),
    }
}

pub(super) fn waits(mut session: Session, lock: LockWait, behind: i32, held: &str) -> Session {
    session.wait = Some(Wait {
        kind: "Lock".into(),
        event: "relation".into(),
    });
    session.lock = Some(lock);
    session.n_blockers = 1;
    if held.is_empty() {
        session.soft = Some(behind);
    } else {
        session.hard = vec![Blocker {
            pid: behind,
            modes: held.into(),
            prepared: Vec::new(),
        }];
    }
    session
}

pub(super) fn counts(connections: u32, blocked: u32) -> Counts {
    let client = |user: &str, application: &str, n, active| ClientTally {
        user: user.into(),
        database: "billing".into(),
        application: application.into(),
        n,
        active,
    };
    Counts {
        connections,
        limit: 97,
        reserved: 3,
        active: 12,
        idle: connections.saturating_sub(15),
        idle_in_transaction: 3,
        blocked,
        longest_xact_ms: Some(842_000),
        by_client: vec![
            client("api", "billing-api", 41, 9),
            client("worker", "celery", 24, 2),
            client("report", "", 11, 1),
            client("cron", "nightly-invoices", 4, 0),
            client("deploy", "holdpoint.7f3a2c.apply.1", 1, 1),
        ],
        ..Counts::default()
    }
}

/// A quiet server.
pub fn calm() -> Sample {
    Sample {
        at_ms: START_MS,
        sessions: vec![
            session(
                4950,
                "api",
                "billing-api",
                "active",
                "SELECT * FROM invoices WHERE id = $1",
                3,
            ),
            session(
                4951,
                "worker",
                "celery",
                "active",
                "UPDATE jobs SET state = 'done' WHERE id = $1",
                12,
            ),
        ],
        counts: counts(48, 0),
        server: Some(Server {
            rates: Some(rates()),
            ..Server::default()
        }),
        interval_ms: 1_000,
        took_ms: 2,
        ..Sample::default()
    }
}

fn rates() -> Rates {
    Rates {
        tps: 412.0,
        rollbacks: 1.0,
        rows: 903.0,
        temp_bytes: 0.0,
        wal_bytes: 1.9e6,
        hit_ratio: Some(0.996),
        ..Rates::default()
    }
}

/// Our ALTER waits for a forgotten transaction, and the application waits behind our ALTER.
pub fn lock_storm() -> Sample {
    let cron = Session {
        state_ms: Some(842_000),
        ..session(
            4711,
            "cron",
            "nightly-invoices",
            "idle in transaction",
            "SELECT * FROM invoices FOR UPDATE",
            842_000,
        )
    };
    let ours = Session {
        ours: Ours::Step {
            step: StepId::new("apply"),
            attempt: 1,
        },
        ..session(
            4802,
            "deploy",
            "holdpoint.7f3a2c.apply.1",
            "active",
            "ALTER TABLE invoices ADD COLUMN currency text",
            41_000,
        )
    };
    let ours = waits(
        ours,
        lock("AccessExclusiveLock", "a", 1, 41_000),
        4711,
        "RowShareLock",
    );
    let mut sessions = vec![cron, ours];
    for pid in 4810..4816 {
        let waiter = session(
            pid,
            "api",
            "billing-api",
            "active",
            "SELECT * FROM invoices WHERE id = $1",
            38_000,
        );
        sessions.push(waits(
            waiter,
            lock("AccessShareLock", "b", 31, 38_000),
            4802,
            "",
        ));
    }
    let update = session(
        4822,
        "worker",
        "celery",
        "active",
        "UPDATE invoices SET paid = true WHERE id = $1",
        800,
    );
    sessions.push(waits(
        update,
        lock("RowExclusiveLock", "c", 1, 800),
        4802,
        "",
    ));
    sessions.push(session(
        4950,
        "api",
        "billing-api",
        "active",
        "SELECT * FROM customers WHERE id = $1",
        3,
    ));
    let progress = Progress {
        pid: 4960,
        command: "CREATE INDEX CONCURRENTLY".into(),
        phase: "building index: scanning table".into(),
        relation: "public.payments".into(),
        index: "payments_by_day".into(),
        done: 41_200,
        total: 120_000,
        unit: "blocks".into(),
        ..Progress::default()
    };
    Sample {
        at_ms: START_MS + 90_000,
        sessions,
        counts: counts(83, 33),
        server: Some(Server {
            rates: Some(rates()),
            progress: vec![progress],
            ..Server::default()
        }),
        interval_ms: 1_000,
        took_ms: 4,
        ..Sample::default()
    }
}

/// The same for somebody who drives no run.
pub(super) fn of_strangers(mut sample: Sample) -> Sample {
    for session in &mut sample.sessions {
        session.ours = Ours::No;
    }
    sample
}
