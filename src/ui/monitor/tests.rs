//! The lock tree as text.

use std::sync::Arc;

use super::locks;
use crate::app::model::{Model, Purpose};
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::sample::model::{
    Blocker, Counts, LockWait, Ours, Prepared, Sample, Server, Session,
};
use crate::ui::theme::Theme;

fn session(pid: i32, application: &str, query: &str) -> Session {
    Session {
        pid,
        kind: "client backend".into(),
        application: application.into(),
        state: "active".into(),
        query: query.into(),
        xact_ms: Some(20_000),
        ..Session::default()
    }
}

fn behind(mut session: Session, pid: i32, wait_ms: u64) -> Session {
    session.lock = Some(LockWait {
        mode: "ShareLock".into(),
        object: "public.t".into(),
        group: session.pid.to_string(),
        place: 1,
        of: 1,
        wait_ms: Some(wait_ms),
    });
    let modes = "RowExclusiveLock".to_owned();
    let prepared = if pid == 0 {
        vec!["77".to_owned()]
    } else {
        Vec::new()
    };
    session.hard = vec![Blocker {
        pid,
        modes,
        prepared,
    }];
    session.n_blockers = 1;
    session
}

fn drawn(sessions: Vec<Session>, server: Server) -> Vec<String> {
    drawn_in(70, sessions, server)
}

fn drawn_in(width: u16, sessions: Vec<Session>, server: Server) -> Vec<String> {
    let mut model = Model::new(
        Purpose::Monitor,
        Arc::new(Runbook::default()),
        RunState::default(),
    );
    let sample = Sample {
        sessions,
        server: Some(server),
        counts: Counts {
            blocked: 1,
            ..Counts::default()
        },
        ..Sample::default()
    };
    model.monitor.take(Box::new(sample), 0);
    let area = ratatui::layout::Rect::new(0, 0, width, 20);
    let content = locks::content(&model, &Theme::default(), area);
    let rows = content
        .lines
        .iter()
        .map(|l| l.to_string().trim_end().to_owned());
    rows.filter(|row| row.contains(':')).collect()
}

#[test]
fn a_chain_hangs_from_its_root_and_our_step_is_marked() {
    let ours = Ours::Step {
        step: StepId::new("apply"),
        attempt: 1,
    };
    let root = Session {
        state: "idle in transaction".into(),
        state_ms: Some(130_000),
        ..session(1, "cron", "")
    };
    let us = Session {
        ours,
        ..session(2, "x", "alter table t add c int")
    };
    let rows = drawn(
        vec![
            root,
            behind(us, 1, 6_000),
            behind(session(3, "api", "select 1"), 2, 400),
            behind(session(4, "api", "update t set a = 1"), 1, 1_200),
        ],
        Server::default(),
    );
    assert_eq!(
        rows,
        [
            "▼ 1 cron       idle in xact, holds RowExclusive on t            2:10 !",
            "├ 2 our step ◀ alter table → t (Share)                          0:06 !",
            "│ └ 3 api      SELECT → t (Share)                               0:00 !",
            "└ 4 api        UPDATE → t (Share)                               0:01 ▲",
        ]
    );
}

#[test]
fn a_prepared_transaction_says_how_it_is_ended() {
    let prepared = Prepared {
        xid: "77".into(),
        gid: "tx1".into(),
        age_ms: 400_000,
        owner: "app".into(),
        ..Prepared::default()
    };
    let server = Server {
        prepared: vec![prepared],
        ..Server::default()
    };
    let rows = drawn(
        vec![behind(session(5, "api", "delete from t"), 0, 9_000)],
        server,
    );
    assert_eq!(
        rows,
        [
            "▼ prepared tx1: COMMIT PREPARED 'tx1' or ROLLBACK PREPARED 'tx… 6:40 !",
            "└ 5 api    DELETE → t (Share)                                   0:09 !",
        ]
    );
}

#[test]
fn who_must_end_first_is_told_so_and_wide_screens_show_statements() {
    let root = Session {
        state: "idle in transaction".into(),
        state_ms: Some(22_000),
        ..session(1, "report", "select count(*) from t")
    };
    let mut build = behind(
        session(
            2,
            "deploy",
            "set lock_timeout = '2s'; create index concurrently on t (a)",
        ),
        1,
        12_000,
    );
    if let Some(lock) = &mut build.lock {
        lock.object = "the end of transaction 51/4".into();
    }
    let rows = drawn_in(120, vec![root, build], Server::default());
    assert_eq!(
        rows,
        [
            "▼ 1 report idle in xact, must end first                        select count(*) from t                             0:22 ▲",
            "└ 2 deploy create index → the end of transaction 51/4 (Share)  set lock_timeout = '2s'; create index concurrentl… 0:12 !",
        ]
    );
}
