//! All sessions, counted, and those of them that are worth a row.

use std::collections::BTreeMap;

use crate::domain::sample::model::{ClientTally, Counts, Session, Tally};
use crate::domain::sample::own::MONITOR_NAME;
use crate::engine::database::monitor::Budget;
use crate::engine::database::mysql::rights::Rights;
use crate::engine::database::mysql::row::Row;
use crate::engine::database::mysql::sessions::{CLIENT, kind};

/// Clients that are told apart in the counts.
const CLIENTS: usize = 24;

pub(super) fn counts(groups: &[Row], sessions: &[Session], rights: &Rights) -> Counts {
    let mut counts = Counts {
        limit: rights.max_connections,
        reserved: 1, // beyond the limit: whoever has CONNECTION ADMIN or SUPER may be one more
        ..Counts::default()
    };
    let clients = sessions.iter().filter(|s| s.kind == CLIENT);
    let in_transaction = clients.clone().filter(|s| s.is_idle_in_transaction());
    counts.idle_in_transaction = u32::try_from(in_transaction.count()).unwrap_or(u32::MAX);
    counts.longest_xact_ms = clients.filter_map(|s| s.xact_ms).max();
    let blocked = sessions
        .iter()
        .filter(|s| s.lock.is_some() && s.application != MONITOR_NAME);
    counts.blocked = u32::try_from(blocked.count()).unwrap_or(u32::MAX);
    let mut by_client: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    let mut idle = 0;
    for row in groups {
        let (user, command, n) = (row.text("USER"), row.text("COMMAND"), row.count("n"));
        if kind(&command, &user) != CLIENT {
            continue;
        }
        counts.connections += n;
        let client = by_client.entry((user, row.text("DB"))).or_default();
        client.0 += n;
        if command == "Sleep" {
            idle += n;
        } else {
            counts.active += n;
            client.1 += n;
        }
    }
    // The monitor's own works only to look.
    counts.active = counts.active.saturating_sub(1);
    counts.idle = (idle + 1).saturating_sub(counts.idle_in_transaction);
    counts.by_state = by_state(sessions, counts.idle);
    let mut by_client: Vec<ClientTally> = by_client
        .into_iter()
        .map(|((user, database), (n, active))| ClientTally {
            user,
            database,
            application: String::new(),
            n,
            active,
        })
        .collect();
    by_client.sort_by_key(|c| std::cmp::Reverse(c.n));
    by_client.truncate(CLIENTS);
    counts.by_client = by_client;
    counts
}

fn by_state(sessions: &[Session], idle: u32) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for session in sessions.iter().filter(|s| s.state != "idle") {
        let same = tallies.iter_mut().find(|t| {
            (&t.kind, &t.state, &t.wait) == (&session.kind, &session.state, &session.wait)
        });
        match same {
            Some(tally) => {
                tally.n += 1;
                tally.xact_ms = tally.xact_ms.max(session.xact_ms);
            }
            None => tallies.push(Tally {
                kind: session.kind.clone(),
                state: session.state.clone(),
                wait: session.wait.clone(),
                n: 1,
                xact_ms: session.xact_ms,
            }),
        }
    }
    tallies.push(Tally {
        kind: CLIENT.to_owned(),
        state: "idle".to_owned(),
        n: idle,
        ..Tally::default()
    });
    tallies
}

/// Blockers with most waiters first, then who waits longest, then who works longest.
pub(super) fn worth_a_row(mut sessions: Vec<Session>, budget: &Budget<'_>) -> Vec<Session> {
    sessions.sort_by_key(|s| {
        let first = s.lock.as_ref().map_or(u32::MAX, |l| l.place);
        (
            std::cmp::Reverse(s.n_waiters),
            first,
            s.kind != CLIENT,
            s.state == "idle",
            std::cmp::Reverse(s.xact_ms.max(s.query_ms)),
        )
    });
    sessions.truncate(usize::try_from(budget.rows).unwrap_or_default());
    sessions
}
