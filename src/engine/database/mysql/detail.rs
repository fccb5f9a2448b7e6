//! A closer look at one session: its whole statement and its locks.

use crate::domain::sample::detail::{LockSeen, SessionDetail, Standing};
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::connect::Brand;
use crate::engine::database::mysql::control::Control;
use crate::engine::database::mysql::row::Row;

impl Control {
    /// Looks at the session `pid`; `None`: it has ended.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub async fn detail(&mut self, pid: i32) -> Result<Option<SessionDetail>, DatabaseError> {
        let query = match self.brand() {
            Brand::MariaDb => "INFO_BINARY",
            Brand::MySql => "INFO",
        };
        let session = self
            .fetch(&format!(
                "SELECT {query} AS query FROM information_schema.PROCESSLIST WHERE ID = {pid}"
            ))
            .await?;
        let Some(session) = session.first() else {
            return Ok(None);
        };
        let mut query = session.lines("query");
        if query.iter().all(String::is_empty) {
            query = self.last_statement(pid).await?;
        }
        let mut locks = self.held(pid).await?;
        locks.extend(self.of_engine(pid).await?);
        Ok(Some(SessionDetail {
            pid,
            backend_start: String::new(),
            query,
            locks,
        }))
    }

    /// What an idle session did last, where the server keeps it.
    async fn last_statement(&mut self, pid: i32) -> Result<Vec<String>, DatabaseError> {
        let sql = format!(
            "SELECT s.SQL_TEXT AS query FROM performance_schema.events_statements_current s \
             JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID WHERE t.PROCESSLIST_ID = {pid} \
             AND s.SQL_TEXT IS NOT NULL ORDER BY s.EVENT_ID DESC LIMIT 1"
        );
        let rows = self.or_none(&sql).await?;
        Ok(rows.first().map(|r| r.lines("query")).unwrap_or_default())
    }

    /// Metadata locks, from the performance schema or MariaDB's plugin.
    async fn held(&mut self, pid: i32) -> Result<Vec<LockSeen>, DatabaseError> {
        let recorded = format!(
            "SELECT CONCAT_WS('.', m.OBJECT_SCHEMA, m.OBJECT_NAME) AS object, m.OBJECT_TYPE AS kind, m.LOCK_TYPE AS mode, \
                    m.LOCK_STATUS AS status, COUNT(*) AS n FROM performance_schema.metadata_locks m \
             JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID WHERE t.PROCESSLIST_ID = {pid} \
             GROUP BY 1, 2, 3, 4 ORDER BY m.LOCK_STATUS = 'GRANTED', 3 LIMIT 200"
        );
        let rows = self.or_none(&recorded).await?;
        if !rows.is_empty() || self.brand() == Brand::MySql {
            return Ok(rows.iter().map(metadata).collect());
        }
        let plugin = format!(
            "SELECT CONCAT_WS('.', TABLE_SCHEMA, TABLE_NAME) AS object, 'TABLE' AS kind, LOCK_MODE AS mode, \
                    'GRANTED' AS status, COUNT(*) AS n FROM information_schema.METADATA_LOCK_INFO \
             WHERE THREAD_ID = {pid} GROUP BY 1, 2, 3 LIMIT 200"
        );
        let rows = self.or_none(&plugin).await?;
        Ok(rows.iter().map(metadata).collect())
    }

    /// What the engine has locked. MariaDB lists only locks that somebody waits for, and counts the others.
    async fn of_engine(&mut self, pid: i32) -> Result<Vec<LockSeen>, DatabaseError> {
        let sql = match self.brand() {
            Brand::MariaDb => format!(
                "SELECT 'rows of InnoDB' AS object, trx_isolation_level AS mode, trx_rows_locked AS n, 'GRANTED' AS status \
                 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = {pid} AND trx_rows_locked > 0 \
                 UNION ALL SELECT CONCAT('row of ', REPLACE(l.lock_table, '`', '')), l.lock_mode, 1, 'WAITING' \
                 FROM information_schema.INNODB_LOCKS l JOIN information_schema.INNODB_TRX t ON t.trx_requested_lock_id = l.lock_id \
                 AND t.trx_id = l.lock_trx_id WHERE t.trx_mysql_thread_id = {pid}"
            ),
            Brand::MySql => format!(
                "SELECT CONCAT(IF(l.LOCK_TYPE = 'RECORD', 'rows of ', ''), l.OBJECT_SCHEMA, '.', l.OBJECT_NAME) AS object, \
                        l.LOCK_MODE AS mode, COUNT(*) AS n, l.LOCK_STATUS AS status FROM performance_schema.data_locks l \
                 JOIN performance_schema.threads t ON t.THREAD_ID = l.THREAD_ID WHERE t.PROCESSLIST_ID = {pid} \
                 GROUP BY 1, 2, 4 LIMIT 200"
            ),
        };
        let rows = self.or_none(&sql).await?;
        let seen = |row: &Row| LockSeen {
            object: row.text("object"),
            mode: row.text("mode"),
            standing: standing(row),
            n: row.count("n"),
        };
        let mut seen: Vec<LockSeen> = rows.iter().map(seen).collect();
        seen.sort_by_key(|l| l.standing == Standing::Held);
        Ok(seen)
    }

    /// What this user may not read, or this server does not have, is nothing.
    async fn or_none(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        match self.fetch(sql).await {
            Err(e) if e.kind == Trouble::Refused => Ok(Vec::new()),
            answered => answered,
        }
    }
}

fn standing(row: &Row) -> Standing {
    if row.raw("status") == "GRANTED" {
        Standing::Held
    } else {
        Standing::Wanted
    }
}

fn metadata(row: &Row) -> LockSeen {
    let kind = row.text("kind");
    let object = row.text("object");
    LockSeen {
        object: match (kind.as_str(), object.is_empty()) {
            ("TABLE", false) => object,
            (kind, true) => kind.to_lowercase(),
            (kind, false) => format!("{} {object}", kind.to_lowercase()),
        },
        mode: row.text("mode"),
        standing: standing(row),
        n: row.count("n"),
    }
}
