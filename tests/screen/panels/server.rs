//! A server on which everything happens at once, look by look.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be told is a broken test"
)]

use std::sync::Arc;

use holdpoint::domain::runbook::model::ServerRole;
use holdpoint::domain::sample::extra::{
    Cleaned, CleanedBy, Lack, Measured, Statement, Statements, Table, Tables,
};
use holdpoint::domain::sample::model::{
    Extras, OwnReading, Prepared, Progress, Sample, Sender, Server, Slot, SlotUse,
};

use crate::panels::MIB;
use crate::scenes;

fn table(name: &str, mib: u64, grown: i64, dead: u64) -> Table {
    Table {
        oid: u32::try_from(mib).unwrap(),
        name: name.into(),
        bytes: mib * MIB,
        index_bytes: mib * MIB / 3,
        grown: Some(grown),
        live: mib * 8_000,
        dead,
        vacuumed: Some(Cleaned {
            ago_ms: 5_400_000,
            by: CleanedBy::Auto,
        }),
        seq_scans: 3,
        index_scans: mib * 1_000,
        writes_per_s: Some(12.5),
        frozen_age: 90_000_000,
        ..Table::default()
    }
}

fn tables() -> Tables {
    let held = Table {
        measured: Measured::Estimated,
        grown: None,
        vacuumed: None,
        writes_per_s: None,
        ..table("public.invoices", 18_400, 0, 64_000_000)
    };
    Tables {
        rows: vec![
            held,
            table("public.payments", 9_120, 41_000_000, 120_000),
            table("audit.\"Ünïcode 漢字\"", 4, -8_192, 7),
        ],
        of: 212,
        since_ms: 1_140_000,
        lack: Some(Lack::SizesWithheld(1)),
        ..Tables::default()
    }
}

fn statement(id: i64, query: &str, calls: u64, total_ms: f64, share: f64) -> Statement {
    Statement {
        id: Some(id),
        user: "api".into(),
        database: "billing".into(),
        query: query.into(),
        calls,
        calls_per_s: Some(41.2),
        total_ms,
        rows: calls * 3,
        share,
        blocks_hit: 996,
        blocks_read: 4,
        ..Statement::default()
    }
}

fn statements() -> Statements {
    Statements {
        rows: vec![
            statement(
                1,
                "SELECT * FROM invoices WHERE id = $1",
                1_240_000,
                482_000.0,
                0.61,
            ),
            statement(
                2,
                "UPDATE jobs SET state = $1 WHERE id = $2",
                92_000,
                241_000.0,
                0.305,
            ),
            statement(3, "", 12, 90.0, 0.0001),
        ],
        of: 87,
        total_ms: 790_000.0,
        since_ms: 1_140_000,
        ..Statements::default()
    }
}

fn replicas(step: u64) -> Server {
    let sender = |pid, name: &str, behind, lag| Sender {
        pid,
        application: name.into(),
        client: "10.0.4.12".into(),
        state: "streaming".into(),
        sync: "async".into(),
        unreplayed: Some(behind),
        replay_lag_ms: Some(lag),
        ..Sender::default()
    };
    let slot = |name: &str, usage, retained| Slot {
        name: name.into(),
        kind: "physical".into(),
        usage,
        wal_status: "extended".into(),
        retained: Some(retained),
        safe: None,
        xmin_age: None,
    };
    Server {
        at_ms: 1_795_140_000_000 + i64::try_from(step * 2_000).unwrap(),
        role: Some(ServerRole::Primary),
        database_bytes: Some(41_000 * MIB + step * MIB),
        frozen_age: 1_200_000_000,
        senders: vec![
            sender(811, "replica_a", 16_384, 3),
            Sender {
                stuck_ms: Some(64_000),
                ..sender(812, "replica_b", step * 900 * MIB, 12_000)
            },
        ],
        slots: vec![
            slot("replica_a", SlotUse::Active, 16_384),
            slot("forgotten", SlotUse::Inactive, 12_000 * MIB),
        ],
        prepared: vec![Prepared {
            xid: "77".into(),
            gid: "tx-2026-11".into(),
            age_ms: 640_000,
            owner: "app".into(),
            ..Prepared::default()
        }],
        progress: vec![
            progress(
                4960,
                "CREATE INDEX CONCURRENTLY",
                "payments_by_day",
                41_200,
                120_000,
            ),
            Progress {
                waits_for: Some(4711),
                phase: "waiting for writers before build".into(),
                unit: "lockers".into(),
                ..progress(4961, "CREATE INDEX CONCURRENTLY", "invoices_by_day", 1, 3)
            },
            Progress {
                unit: "bytes".into(),
                phase: String::new(),
                ..progress(4962, "COPY FROM", "", 41_000_000, 0)
            },
        ],
        ..scenes::calm().server.unwrap()
    }
}

fn progress(pid: i32, command: &str, index: &str, done: u64, total: u64) -> Progress {
    Progress {
        pid,
        command: command.into(),
        phase: "building index: scanning table".into(),
        relation: "public.payments".into(),
        index: index.into(),
        done,
        total,
        unit: "blocks".into(),
        rate: Some(2_100.0),
        left_ms: (total > done).then_some(37_500),
        ..Progress::default()
    }
}

/// Returns the look number `step`, two seconds after the one before.
pub(super) fn full(step: u64) -> Sample {
    let own = |name: &str, value: Option<&str>, error: &str| OwnReading {
        name: name.into(),
        value: value.map(Into::into),
        error: error.into(),
        age_ms: 4_000,
    };
    let rows = (step * 40).to_string();
    Sample {
        at_ms: 1_795_140_000_000 + i64::try_from(step * 2_000).unwrap(),
        server: Some(replicas(step)),
        extras: Extras {
            tables: Some(Arc::new(tables())),
            statements: Some(Arc::new(statements())),
        },
        values: vec![
            own("rows_to_move", Some(&rows), ""),
            own("revision", Some("4f1c0d2a77be"), ""),
            own("queue", None, "relation \"jobs\" does not exist"),
        ],
        ..scenes::lock_storm()
    }
}
