//! Which server it is, as it says itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::run::event::TargetSeen;
use crate::domain::sample::own::MONITOR_NAME;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::{Link, ask, connect};
use crate::engine::database::postgres::dsn::Dsn;

const LIMIT: Duration = Duration::from_secs(5);

const WHO: &str = "select pg_catalog.current_setting('server_version'), pg_catalog.current_database(), \
     current_user, pg_catalog.pg_is_in_recovery(), \
     (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::bigint";

const SYSTEM: &str = "select system_identifier from pg_catalog.pg_control_system()";

/// Connects and asks the server who it is. `differs` is left empty: see `domain::sample::identity`.
///
/// # Errors
/// Why it cannot be reached or asked, with a hint.
pub async fn identify(dsn: &Dsn) -> Result<TargetSeen, DatabaseError> {
    let mut link = connect(
        dsn,
        MONITOR_NAME,
        &[("default_transaction_read_only", "on")],
    )
    .await?;
    who(&mut link).await
}

pub(super) async fn who(link: &mut Link) -> Result<TargetSeen, DatabaseError> {
    let before = now_ms();
    let rows = ask(link, WHO, LIMIT).await?;
    let after = now_ms();
    let mut row = rows
        .into_iter()
        .flatten()
        .map(|v| tame::line(v.unwrap_or_default()));
    let mut next = || row.next().unwrap_or_default();
    let version = next();
    let mut seen = TargetSeen {
        version: format!(
            "PostgreSQL {}",
            version.split(' ').next().unwrap_or_default()
        ),
        database: next(),
        address: link.address.clone(),
        user: next(),
        role: if next() == "t" { "standby" } else { "primary" }.to_owned(),
        ..TargetSeen::default()
    };
    let server: i64 = next().parse().unwrap_or(after);
    seen.clock_offset_ms = server - i64::midpoint(before, after);
    // Not every service lets everybody read it; the rest of the answer stands without it.
    let system = ask(link, SYSTEM, LIMIT).await.unwrap_or_default();
    let system = system.into_iter().flatten().next().flatten();
    seen.system_identifier = system.unwrap_or_default();
    Ok(seen)
}

/// Returns our clock in milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
