//! Who keeps old rows from being cleaned: the oldest snapshot that anybody may still look through (PostgreSQL's xmin horizon).

use crate::domain::sample::model::Sample;

/// The oldest snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oldest {
    /// Transactions that have begun since.
    pub transactions: u64,
    /// Whose it is, in words; empty: somebody who has no row.
    pub whose: String,
}

/// Returns the oldest snapshot of a session, a replication slot or a prepared transaction; `None`: nobody has one.
pub fn oldest(sample: &Sample) -> Option<Oldest> {
    let sessions = sample.sessions.iter();
    let sessions = sessions.filter_map(|s| Some((s.xmin_age?, s.words())));
    let server = sample.server.iter();
    let slots = server.clone().flat_map(|s| &s.slots);
    let slots = slots.filter_map(|s| Some((s.xmin_age?, format!("replication slot {}", s.name))));
    let prepared = server.flat_map(|s| &s.prepared);
    let prepared = prepared.filter_map(|p| Some((p.xid_age?, p.words())));
    let unlisted = sample.counts.xmin_age.map(|age| (age, String::new()));
    // Of those with the same snapshot the first one stands for all: one with a name.
    let all = unlisted
        .into_iter()
        .chain(prepared)
        .chain(slots)
        .chain(sessions);
    let oldest = all.max_by_key(|(age, _)| *age);
    oldest.map(|(transactions, whose)| Oldest {
        transactions,
        whose,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::model::{Counts, Prepared, Server, Session, Slot};

    #[test]
    fn the_oldest_snapshot_is_told_with_whose_it_is_be_it_a_session_a_slot_or_a_prepared_transaction()
     {
        let mut sample = Sample::default();
        assert_eq!(oldest(&sample), None);
        sample.counts = Counts {
            xmin_age: Some(40),
            ..Counts::default()
        };
        let session = Session {
            pid: 7,
            application: "report".into(),
            state: "idle in transaction".into(),
            state_ms: Some(61_000),
            xmin_age: Some(40),
            ..Session::default()
        };
        let found = |sample: &Sample| oldest(sample).map(|o| (o.transactions, o.whose));
        assert_eq!(found(&sample), Some((40, String::new())));
        sample.sessions.push(session);
        let idle = "pid 7 report, idle in transaction for 61 s";
        assert_eq!(found(&sample), Some((40, idle.to_owned())));
        let slot = Slot {
            name: "replica1".into(),
            xmin_age: Some(900),
            ..Slot::default()
        };
        let prepared = Prepared {
            gid: "x".into(),
            owner: "app".into(),
            xid_age: Some(5_000),
            ..Prepared::default()
        };
        sample.server = Some(Server {
            slots: vec![slot],
            ..Server::default()
        });
        let by_slot = "replication slot replica1".to_owned();
        assert_eq!(found(&sample), Some((900, by_slot)));
        sample.server.get_or_insert_default().prepared = vec![prepared];
        let by_prepared = "prepared transaction 'x' of app, 0 s old".to_owned();
        assert_eq!(found(&sample), Some((5_000, by_prepared)));
    }
}
