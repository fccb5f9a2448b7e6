//! A closer look at one session: its whole statement and its locks.

use crate::domain::redact::redact_text;
use crate::domain::sample::detail::{LockSeen, SessionDetail, Standing};
use crate::domain::tame;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::postgres::control::Control;

impl Control {
    /// Looks at the session `pid`; `None`: it has ended.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub async fn detail(&mut self, pid: i32) -> Result<Option<SessionDetail>, DatabaseError> {
        // As bytes: the statement may be in another database's encoding.
        let session = self
            .ask(&format!(
                "SELECT backend_start::text, pg_catalog.textsend(query)::text \
                 FROM pg_catalog.pg_stat_get_activity({pid})"
            ))
            .await?;
        let Some(session) = session.into_iter().next() else {
            return Ok(None);
        };
        let mut session = session.into_iter().map(Option::unwrap_or_default);
        let backend_start = session.next().unwrap_or_default();
        let query = bytes(&session.next().unwrap_or_default());
        let lines = query.split(|b| *b == b'\n').map(tame::line);
        let lines = lines.map(|line| redact_text(&line));
        // Names need a catalog; while that is locked the numbers must do.
        let locks = match self.ask(&locks(pid, "l.relation::regclass::text")).await {
            Err(e) if e.kind == Trouble::Refused => {
                self.ask(&locks(pid, "l.relation::text")).await?
            }
            asked => asked?,
        };
        Ok(Some(SessionDetail {
            pid,
            backend_start,
            query: lines.collect(),
            locks: locks.into_iter().map(lock).collect(),
        }))
    }
}

/// What is locked, besides its relation: rows and pages that are held are counted, one that is waited for is named. Every session
/// holds its own virtual transaction, which says nothing.
const OBJECT: &str = "CASE \
     WHEN l.locktype = 'transactionid' AND l.granted THEN 'its own transaction ' || l.transactionid::text \
     WHEN l.locktype = 'transactionid' THEN 'transaction ' || l.transactionid::text \
     WHEN l.locktype = 'virtualxid' THEN 'the end of transaction ' || l.virtualxid \
     WHEN l.locktype = 'tuple' AND NOT l.granted THEN 'row (' || l.page || ',' || l.tuple || ')' \
     WHEN l.locktype = 'tuple' THEN 'row' \
     WHEN l.locktype = 'advisory' AND l.objsubid = 1 THEN 'advisory lock ' || (l.classid::bigint << 32 | l.objid::bigint) \
     WHEN l.locktype = 'advisory' THEN 'advisory lock (' || l.classid || ', ' || l.objid || ')' \
     ELSE l.locktype END";

fn locks(pid: i32, name: &str) -> String {
    format!(
        "SELECT {OBJECT}, CASE WHEN l.database = (SELECT a.datid FROM \
                pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a) THEN {name} ELSE l.relation::text END, \
                l.mode, l.granted, count(*) \
         FROM pg_catalog.pg_lock_status() l WHERE l.pid = {pid} AND NOT (l.locktype = 'virtualxid' AND l.granted) \
         GROUP BY 1, 2, l.mode, l.granted ORDER BY l.granted, l.mode = 'AccessExclusiveLock' DESC, l.mode, count(*) DESC LIMIT 200"
    )
}

fn lock(row: Vec<Option<String>>) -> LockSeen {
    let mut row = row.into_iter().map(Option::unwrap_or_default);
    let mut next = || row.next().unwrap_or_default();
    let (kind, relation, mode, granted, n) = (next(), next(), next(), next(), next());
    LockSeen {
        object: match (kind.as_str(), relation.is_empty()) {
            (_, true) => kind,
            ("relation", false) => relation,
            (_, false) => format!("{kind} of {relation}"),
        },
        mode,
        standing: if granted == "t" {
            Standing::Held
        } else {
            Standing::Wanted
        },
        n: n.parse().unwrap_or_default(),
    }
}

/// PostgreSQL prints bytes as `\x48656c6c6f`.
fn bytes(text: &str) -> Vec<u8> {
    let hex = text.strip_prefix("\\x").unwrap_or_default().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    hex.chunks(2).filter_map(byte).collect()
}
