//! What is asked for the sessions: by the views that the server has and this role may read.

use crate::domain::sample::news::Extra;
use crate::engine::database::monitor::Budget;
use crate::engine::database::mysql::connect::Brand;
use crate::engine::database::mysql::rights::{Right, Rights};

/// Sessions read at most; more are counted.
const READ: usize = 3_000;

pub(super) fn statements(rights: &Rights, budget: &Budget<'_>) -> Vec<String> {
    let from = from(rights);
    let transactions = "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX";
    let at_work = match (budget.idle, rights.may(Right::Process)) {
        (Extra::Asked, _) => String::new(),
        (Extra::Unasked, true) => {
            format!(
                " AND ({} NOT IN ('Sleep', 'Daemon') OR {} IN ({transactions}))",
                from.command, from.id
            )
        }
        (Extra::Unasked, false) => format!(" AND {} NOT IN ('Sleep', 'Daemon')", from.command),
    };
    let clock = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS at_ms, VARIABLE_VALUE AS uptime FROM ";
    let status = match rights.brand {
        Brand::MariaDb => "information_schema.GLOBAL_STATUS",
        Brand::MySql => "performance_schema.global_status",
    };
    vec![
        format!("{clock}{status} WHERE VARIABLE_NAME = 'Uptime'"),
        format!(
            "{}{at_work} ORDER BY {} = 'Sleep', {} DESC LIMIT {READ}",
            select(&from, budget),
            from.command,
            from.id
        ),
        format!(
            "SELECT {} AS USER, {} AS DB, {} AS COMMAND, COUNT(*) AS n, MAX({}) AS largest FROM {} WHERE {} IS NOT NULL GROUP BY 1, 2, 3",
            from.user, from.db, from.command, from.id, from.table, from.id
        ),
        if rights.may(Right::Process) {
            "SELECT trx_id, trx_mysql_thread_id AS pid, trx_state, trx_requested_lock_id, trx_lock_structs, \
                    TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) DIV 1000 AS ms, \
                    TIMESTAMPDIFF(MICROSECOND, trx_wait_started, NOW(6)) DIV 1000 AS wait_ms \
             FROM information_schema.INNODB_TRX"
                .to_owned()
        } else {
            "SELECT NULL AS trx_id LIMIT 0".to_owned()
        },
    ]
}

/// Where sessions are listed: what is cheap to read differs.
struct From {
    table: &'static str,
    id: &'static str,
    user: &'static str,
    host: &'static str,
    db: &'static str,
    command: &'static str,
    ms: &'static str,
    state: &'static str,
    query: &'static str,
}

fn from(rights: &Rights) -> From {
    let plain = From {
        table: "information_schema.PROCESSLIST",
        id: "ID",
        user: "USER",
        host: "HOST",
        db: "DB",
        command: "COMMAND",
        ms: "TIME_MS",
        state: "STATE",
        query: "INFO_BINARY",
    };
    match rights.brand {
        Brand::MariaDb => plain,
        // The old list holds a lock over all sessions while it is read.
        Brand::MySql if rights.may(Right::Threads) => From {
            table: "performance_schema.threads",
            id: "PROCESSLIST_ID",
            user: "PROCESSLIST_USER",
            host: "PROCESSLIST_HOST",
            db: "PROCESSLIST_DB",
            command: "PROCESSLIST_COMMAND",
            ms: "PROCESSLIST_TIME * 1000",
            state: "PROCESSLIST_STATE",
            query: "CAST(PROCESSLIST_INFO AS BINARY)",
        },
        Brand::MySql => From {
            ms: "TIME * 1000",
            query: "CAST(INFO AS BINARY)",
            ..plain
        },
    }
}

fn select(from: &From, budget: &Budget<'_>) -> String {
    format!(
        "SELECT {id} AS ID, {} AS USER, {} AS HOST, {} AS DB, {} AS COMMAND, {} AS ms, {} AS STATE, LEFT({}, {}) AS query \
         FROM {} WHERE {id} IS NOT NULL AND {id} <> CONNECTION_ID()",
        from.user,
        from.host,
        from.db,
        from.command,
        from.ms,
        from.state,
        from.query,
        budget.query_bytes,
        from.table,
        id = from.id,
    )
}

pub(super) fn by_number(rights: &Rights, budget: &Budget<'_>, pids: &[i32]) -> String {
    let from = from(rights);
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    format!(
        "{} AND {} IN ({})",
        select(&from, budget),
        from.id,
        pids.join(", ")
    )
}
