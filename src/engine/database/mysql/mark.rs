//! How our sessions are known on a server that has no application names.
//!
//! A session that works for a step holds a user lock (`GET_LOCK`) named like the step's attempt; `IS_USED_LOCK` tells
//! anybody which connection holds it. It needs no right, and it is given back when the session is gone and its work is
//! rolled back, not before. Of this process's other sessions (monitor, control, console) a list is kept.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::domain::sample::own::{CONSOLE_NAME, CONTROL_NAME, MONITOR_NAME};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::{Link, ask};

type Known = BTreeMap<(String, u64), String>;

static OWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// A session of this process's; known as long as this is kept.
#[derive(Debug)]
pub(super) struct Own {
    at: (String, u64),
}

/// Keeps the session `id` at `address` in mind as `name`.
pub(super) fn own(address: &str, id: u64, name: &str) -> Own {
    let at = (address.to_owned(), id);
    known(|known| known.insert(at.clone(), name.to_owned()));
    Own { at }
}

impl Drop for Own {
    fn drop(&mut self) {
        known(|known| known.remove(&self.at));
    }
}

fn known<T>(with: impl FnOnce(&mut Known) -> T) -> T {
    with(&mut OWN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Returns the name of this process's session `id` at `address`.
pub(super) fn name_of(address: &str, id: u64) -> Option<String> {
    known(|known| known.get(&(address.to_owned(), id)).cloned())
}

/// Whether sessions called so are marked on the server too: those that outlive this process.
pub(super) fn on_the_server(name: &str) -> bool {
    ![MONITOR_NAME, CONTROL_NAME, CONSOLE_NAME].contains(&name)
}

/// Returns the statement that marks a session as `name`.
pub(super) fn statement(name: &str) -> String {
    format!("select get_lock({}, 0)", quoted(name))
}

/// Returns which connections are marked with one of `names`, with the name.
///
/// # Errors
/// Why the server cannot be asked.
pub(super) async fn holders(
    link: &mut Link,
    names: &[String],
    limit: std::time::Duration,
) -> Result<Vec<(u64, String)>, DatabaseError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<String> = names
        .iter()
        .map(|n| format!("is_used_lock({})", quoted(n)))
        .collect();
    let rows = ask(link, &format!("select {}", asked.join(", ")), limit).await?;
    let ids = rows.into_iter().flatten();
    let found = ids
        .zip(names)
        .filter_map(|(id, name)| Some((id?.parse().ok()?, name.clone())));
    Ok(found.collect())
}

/// Returns `text` as a literal that means the same whatever the session's `sql_mode`.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" ._-:@/".contains(&byte);
    if text.bytes().all(plain) {
        return format!("'{text}'");
    }
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("convert(x'{hex}' using utf8mb4)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_session_is_known_as_long_as_it_lives() {
        let own = own("h:1", 7, "holdpoint monitor");
        assert_eq!(name_of("h:1", 7).as_deref(), Some("holdpoint monitor"));
        assert_eq!(name_of("h:2", 7), None);
        drop(own);
        assert_eq!(name_of("h:1", 7), None);
    }

    #[test]
    fn a_literal_holds_whatever_it_must() {
        assert_eq!(quoted("holdpoint.7f.apply.2"), "'holdpoint.7f.apply.2'");
        assert_eq!(quoted("a'b"), "convert(x'612762' using utf8mb4)");
    }
}
