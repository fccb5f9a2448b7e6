//! Which server it is, as it says itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::run::event::TargetSeen;
use crate::domain::sample::own::MONITOR_NAME;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::{Brand, Link, ask, connect};
use crate::engine::database::mysql::dsn::Dsn;

const LIMIT: Duration = Duration::from_secs(5);

const WHO: &str = "select database(), current_user(), @@global.read_only, @@hostname, \
     cast(unix_timestamp(now(3)) * 1000 as signed)";

/// Connects and asks the server who it is. `differs` is left empty: see `domain::sample::identity`.
///
/// # Errors
/// Why it cannot be reached or asked, with a hint.
pub async fn identify(dsn: &Dsn) -> Result<TargetSeen, DatabaseError> {
    let mut link = connect(dsn, MONITOR_NAME, &[]).await?;
    who(&mut link).await
}

/// Its role is `standby` when it follows another server or takes no writes. The system identifier is MySQL's
/// `server_uuid`; MariaDB has none before 10.10, there it is `HOSTNAME:server_id`.
pub(super) async fn who(link: &mut Link) -> Result<TargetSeen, DatabaseError> {
    let before = now_ms();
    let rows = ask(link, WHO, LIMIT).await?;
    let after = now_ms();
    let row = rows.into_iter().flatten();
    let mut row = row.map(|v| tame::line(v.unwrap_or_default()));
    let mut next = || row.next().unwrap_or_default();
    let (database, user, read_only, hostname) = (next(), next(), next(), next());
    let server: f64 = next().parse().unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit"
    )]
    let server = if server == 0.0 { after } else { server as i64 };
    let standby = ["1", "ON"].contains(&read_only.as_str()) || follows(link).await;
    Ok(TargetSeen {
        version: link.version.name(),
        database,
        address: link.address.clone(),
        user,
        role: if standby { "standby" } else { "primary" }.to_owned(),
        clock_offset_ms: server - i64::midpoint(before, after),
        system_identifier: system(link, &hostname).await,
        ..TargetSeen::default()
    })
}

/// Not everybody may ask; who may not takes the server for one that follows nobody.
async fn follows(link: &mut Link) -> bool {
    for sql in ["show replica status", "show slave status"] {
        if let Ok(rows) = ask(link, sql, LIMIT).await {
            return !rows.is_empty();
        }
    }
    false
}

async fn system(link: &mut Link, hostname: &str) -> String {
    let sql = match link.version.brand {
        Brand::MySql => "select @@server_uuid",
        Brand::MariaDb => "select @@server_uid",
    };
    let first = |rows: Vec<Vec<Option<String>>>| rows.into_iter().flatten().next().flatten();
    if let Ok(rows) = ask(link, sql, LIMIT).await {
        return first(rows).map(tame::line).unwrap_or_default();
    }
    let id = ask(link, "select @@server_id", LIMIT)
        .await
        .unwrap_or_default();
    let id = first(id).unwrap_or_default();
    format!("{hostname}:{id}")
}

/// Returns our clock in milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
