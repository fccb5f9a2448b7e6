//! What each version of the server wants to be asked differently: one text a statement, with these places filled in.

use std::sync::Arc;

/// The statements of every refresh, as one version understands them.
#[derive(Debug, Clone)]
pub(super) struct Dialect {
    /// The sessions.
    pub activity: Arc<str>,
    /// Who waits for whom.
    pub locks: Arc<str>,
    /// The counters.
    pub server: Arc<str>,
}

/// A place in the texts: the first version that has what is asked for, how it is asked for, and what stands in for it before.
struct Difference {
    place: &'static str,
    since: i32,
    then: &'static str,
    before: &'static str,
}

const fn differs(
    place: &'static str,
    since: i32,
    then: &'static str,
    before: &'static str,
) -> Difference {
    Difference {
        place,
        since,
        then,
        before,
    }
}

const DIFFERENCES: &[Difference] = &[
    differs("{leader_pid}", 13, "a.leader_pid", "NULL::int"),
    // Before, the start of the statement stands in for the start of the wait.
    differs("{waitstart}", 14, "l.waitstart", "q.query_start"),
    differs(
        "{asked}",
        14,
        "",
        "LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) q ON q.pid = l.pid AND NOT l.granted",
    ),
    differs("{wal_status}", 13, "wal_status", "NULL::text"),
    differs("{safe_wal_size}", 13, "safe_wal_size", "NULL::bigint"),
    differs(
        "{pause}",
        14,
        "pg_catalog.pg_get_wal_replay_pause_state()",
        "CASE WHEN pg_catalog.pg_is_wal_replay_paused() THEN 'paused' ELSE 'not paused' END",
    ),
    differs(
        "{checkpoints_timed}",
        17,
        "pg_catalog.pg_stat_get_checkpointer_num_timed()",
        "pg_catalog.pg_stat_get_bgwriter_timed_checkpoints()",
    ),
    differs(
        "{checkpoints_requested}",
        17,
        "pg_catalog.pg_stat_get_checkpointer_num_requested()",
        "pg_catalog.pg_stat_get_bgwriter_requested_checkpoints()",
    ),
    differs(
        "{progress_analyze}",
        13,
        "UNION ALL SELECT pid, 'ANALYZE', phase, datid, relid, CASE WHEN datid = me.oid THEN relid::regclass::text END, NULL, \
         sample_blks_scanned, sample_blks_total, NULL, NULL, NULL, NULL, NULL, child_tables_done, child_tables_total \
         FROM pg_catalog.pg_stat_progress_analyze",
        "",
    ),
    differs(
        "{progress_copy}",
        14,
        "UNION ALL SELECT pid, command, type, datid, relid, CASE WHEN datid = me.oid AND relid <> 0 THEN relid::regclass::text END, NULL, \
         bytes_processed, nullif(bytes_total, 0), tuples_processed, NULL, NULL, NULL, NULL, NULL, NULL \
         FROM pg_catalog.pg_stat_progress_copy",
        "",
    ),
    differs(
        "{progress_backup}",
        13,
        "UNION ALL SELECT pid, 'BASE BACKUP', phase, NULL, NULL, NULL, NULL, backup_streamed, backup_total, NULL, NULL, NULL, NULL, NULL, \
         tablespaces_streamed, tablespaces_total FROM pg_catalog.pg_stat_progress_basebackup",
        "",
    ),
];

impl Dialect {
    /// Returns the statements for a server whose `server_version_num` is `version`.
    pub fn of(version: i32) -> Self {
        let text = |template: &str| {
            let filled = DIFFERENCES.iter().fold(template.to_owned(), |text, d| {
                let known = version / 10_000 >= d.since;
                text.replace(d.place, if known { d.then } else { d.before })
            });
            filled.into()
        };
        Self {
            activity: text(include_str!("sql/activity.sql")),
            locks: text(include_str!("sql/locks.sql")),
            server: text(include_str!("sql/server.sql")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_stays_open_and_none_is_for_nothing() {
        let templates = [
            include_str!("sql/activity.sql"),
            include_str!("sql/locks.sql"),
            include_str!("sql/server.sql"),
        ];
        for d in DIFFERENCES {
            assert!(templates.concat().contains(d.place), "{}", d.place);
        }
        for major in 12..=18 {
            let Dialect {
                activity,
                locks,
                server,
            } = Dialect::of(major * 10_000);
            for text in [activity, locks, server] {
                assert!(!text.contains('{'), "{major}: {text}");
            }
        }
    }
}
