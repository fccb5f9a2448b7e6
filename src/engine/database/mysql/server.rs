//! What the server says of itself: counters, replication, prepared transactions, progress.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::runbook::model::ServerRole;
use crate::domain::sample::model::{Progress, Server, Totals};
use crate::domain::sample::rates::{self, whole};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::replication;
use crate::engine::database::mysql::rights::{Right, Rights};
use crate::engine::database::mysql::row::{Row, sets};

/// Counters that are read.
const COUNTERS: &[&str] = &[
    "Binlog_bytes_written",
    "Binlog_commits",
    "Com_commit",
    "Com_rollback",
    "Created_tmp_disk_tables",
    "Handler_delete",
    "Handler_update",
    "Handler_write",
    "Innodb_buffer_pool_read_requests",
    "Innodb_buffer_pool_reads",
    "Innodb_deadlocks",
    "Innodb_history_list_length",
    "Innodb_os_log_written",
    "Innodb_rows_deleted",
    "Innodb_rows_inserted",
    "Innodb_rows_updated",
    "Questions",
];

/// Asks the server; rates and deadlocks are counted from `before`.
pub(super) async fn ask(
    link: &mut Link,
    rights: &Rights,
    before: Option<&Server>,
    limit: Duration,
) -> Result<Server, DatabaseError> {
    let answers = sets(link, &statements(rights), limit).await?;
    let [
        clock,
        counters,
        own,
        engine,
        schema,
        fed,
        feeds,
        recovered,
        detached,
        progress,
    ] = answers.as_slice()
    else {
        return Ok(Server::default());
    };
    let at_ms = clock.first().and_then(|r| r.long("at_ms"));
    let at_ms = at_ms.unwrap_or_default();
    let counters = Counters::read(counters, own, &[engine, schema]);
    let receiver = replication::receiver(fed);
    let read_only = clock.first().is_some_and(|r| r.raw("read_only") == "1");
    let standby = receiver.is_some() || read_only;
    let detached: Vec<(String, u64)> = detached
        .iter()
        .map(|r| (r.raw("trx_id"), r.unsigned("ms").unwrap_or_default()))
        .collect();
    let mut server = Server {
        at_ms,
        role: Some(if standby {
            ServerRole::Standby
        } else {
            ServerRole::Primary
        }),
        totals: counters.totals(at_ms),
        history_list: counters.of("Innodb_history_list_length"),
        senders: feeds.iter().filter_map(replication::sender).collect(),
        receiver,
        prepared: replication::prepared(recovered, &detached),
        progress: progress.iter().filter_map(how_far).collect(),
        ..Server::default()
    };
    if let Some(before) = before {
        rates::follow(&mut server, before);
    }
    server.own_tps = None; // the server counts for all its databases together
    Ok(server)
}

fn statements(rights: &Rights) -> Vec<String> {
    let nothing = || "SELECT 1 FROM DUAL WHERE FALSE".to_owned();
    let or_nothing = |may: bool, sql: &str| if may { sql.to_owned() } else { nothing() };
    let names: Vec<String> = COUNTERS.iter().map(|name| format!("'{name}'")).collect();
    let senders = match rights.brand {
        Brand::MySql if rights.may(Right::Threads) => {
            "SELECT PROCESSLIST_ID AS ID, PROCESSLIST_USER AS USER, PROCESSLIST_HOST AS HOST, PROCESSLIST_STATE AS STATE \
             FROM performance_schema.threads WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%'"
        }
        Brand::MariaDb | Brand::MySql => {
            "SELECT ID, USER, HOST, STATE FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
        }
    };
    let engine = "SELECT IF(NAME = 'lock_deadlocks', 'Innodb_deadlocks', 'Innodb_history_list_length') AS Variable_name, \
                COUNT AS Value FROM information_schema.INNODB_METRICS WHERE NAME IN ('lock_deadlocks', 'trx_rseg_history_len')";
    // The statements that commit by themselves count here too.
    let schema = "SELECT 'Binlog_bytes_written' AS Variable_name, SUM_NUMBER_OF_BYTES_WRITE AS Value \
                  FROM performance_schema.file_summary_by_event_name WHERE EVENT_NAME = 'wait/io/file/sql/binlog' AND @@log_bin \
         UNION ALL SELECT 'Transactions', COUNT_STAR \
                  FROM performance_schema.events_transactions_summary_global_by_event_name WHERE EVENT_NAME = 'transaction'";
    vec![
        "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS at_ms, @@global.read_only AS read_only".to_owned(),
        format!("SHOW GLOBAL STATUS WHERE Variable_name IN ({})", names.join(", ")),
        // What we ask is no work of others.
        "SHOW SESSION STATUS WHERE Variable_name IN ('Questions', 'Created_tmp_disk_tables')"
            .to_owned(),
        // MariaDB has these among its counters, where they are cheaper.
        or_nothing(rights.brand == Brand::MySql && rights.may(Right::Process), engine),
        or_nothing(rights.brand == Brand::MySql && rights.may(Right::Threads), schema),
        or_nothing(rights.may(Right::Replication), replication::statement(rights.brand, rights.version)),
        senders.to_owned(),
        or_nothing(rights.may(Right::Recover), replication::recover(rights.brand)),
        or_nothing(
            rights.may(Right::Process),
            "SELECT trx_id, TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) DIV 1000 AS ms \
             FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0",
        ),
        match rights.brand {
            Brand::MariaDb => {
                "SELECT ID, STAGE, MAX_STAGE, PROGRESS, STATE, LEFT(INFO_BINARY, 400) AS query \
                 FROM information_schema.PROCESSLIST WHERE MAX_STAGE > 0"
                    .to_owned()
            }
            Brand::MySql => or_nothing(
                rights.may(Right::Threads),
                "SELECT t.PROCESSLIST_ID AS ID, s.EVENT_NAME AS STATE, s.WORK_COMPLETED AS done, s.WORK_ESTIMATED AS total, \
                        LEFT(CAST(t.PROCESSLIST_INFO AS BINARY), 400) AS query \
                 FROM performance_schema.events_stages_current s JOIN performance_schema.threads t USING (THREAD_ID) \
                 WHERE s.WORK_ESTIMATED > 0",
            ),
        },
    ]
}

/// Counters by their names.
struct Counters(HashMap<String, u64>);

impl Counters {
    /// `more`: what the status does not hold.
    fn read(status: &[Row], own: &[Row], more: &[&[Row]]) -> Self {
        let rows = status.iter().chain(more.iter().copied().flatten());
        let counter = |r: &Row| Some((r.raw("Variable_name"), r.unsigned("Value")?));
        let mut all: HashMap<String, u64> = rows.filter_map(counter).collect();
        for row in own {
            if let Some(count) = all.get_mut(&row.raw("Variable_name")) {
                *count = count.saturating_sub(row.unsigned("Value").unwrap_or_default());
            }
        }
        Self(all)
    }

    fn of(&self, name: &str) -> Option<u64> {
        self.0.get(name).copied()
    }

    fn totals(&self, at_ms: i64) -> Totals {
        let of = |name| self.of(name).unwrap_or_default();
        // Some servers count what the engine does, others what is asked of it.
        let rows = |engine, handler| self.of(engine).unwrap_or_else(|| of(handler));
        let asked = of("Innodb_buffer_pool_read_requests");
        let rollbacks = of("Com_rollback");
        let ended = of("Transactions").saturating_sub(rollbacks);
        Totals {
            at_ms,
            // A statement that commits by itself is no COMMIT: what is written to the binary log counts it on MariaDB.
            commits: of("Com_commit").max(of("Binlog_commits")).max(ended),
            rollbacks,
            blocks_fetched: asked,
            blocks_hit: asked.saturating_sub(of("Innodb_buffer_pool_reads")),
            inserted: rows("Innodb_rows_inserted", "Handler_write"),
            updated: rows("Innodb_rows_updated", "Handler_update"),
            deleted: rows("Innodb_rows_deleted", "Handler_delete"),
            wal_bytes: of("Innodb_os_log_written"),
            deadlocks: of("Innodb_deadlocks"),
            statements: self.of("Questions"),
            disk_tables: self.of("Created_tmp_disk_tables"),
            binlog_bytes: self.of("Binlog_bytes_written"),
            ..Totals::default()
        }
    }
}

/// MariaDB tells stages and the part of each, MySQL work done of work estimated.
fn how_far(row: &Row) -> Option<Progress> {
    let query = row.statement("query");
    let mut words = query.split_whitespace();
    let command = [words.next(), words.next()].into_iter().flatten();
    let command = command.collect::<Vec<_>>().join(" ").to_uppercase();
    let relation = words.find(|word| !is_filler(word)).unwrap_or_default();
    let relation = relation
        .split('(')
        .next()
        .unwrap_or_default()
        .replace('`', "");
    let state = row.text("STATE");
    let phase = state.strip_prefix("stage/").unwrap_or(&state).to_owned();
    let (phase, done, total, unit) = if let Some(percent) = row.fraction("PROGRESS") {
        let stage = row.unsigned("STAGE").unwrap_or(1);
        let of = row.unsigned("MAX_STAGE").unwrap_or(1).max(stage);
        let phase = format!("stage {stage} of {of}: {phase}");
        (phase, whole(percent * 1_000.0), 100_000, "%")
    } else {
        let done = row.unsigned("done").unwrap_or_default();
        let total = row.unsigned("total").unwrap_or_default();
        (phase, done, total, "units of work")
    };
    Some(Progress {
        pid: row.pid("ID")?,
        command,
        phase,
        relation,
        done,
        total,
        unit: unit.to_owned(),
        ..Progress::default()
    })
}

/// Words that stand between a command and the table that it is about.
fn is_filler(word: &str) -> bool {
    [
        "if",
        "not",
        "exists",
        "ignore",
        "online",
        "table",
        "index",
        "into",
        "from",
        "local",
        "no_write_to_binlog",
    ]
    .contains(&word.to_ascii_lowercase().as_str())
}
