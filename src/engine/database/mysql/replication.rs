//! Replication: where the server is fed, whom it feeds, and transactions prepared for another coordinator.

use crate::domain::sample::model::{Prepared, PreparedIn, Receiver, Sender};
use crate::engine::database::mysql::connect::Brand;
use crate::engine::database::mysql::row::Row;

/// Returns the statement that tells where the server is fed.
pub(super) fn statement(brand: Brand, version: [u32; 3]) -> &'static str {
    match brand {
        Brand::MariaDb => "SHOW ALL SLAVES STATUS",
        Brand::MySql if version >= [8, 0, 22] => "SHOW REPLICA STATUS",
        Brand::MySql => "SHOW SLAVE STATUS",
    }
}

/// Returns the statement that lists prepared XA transactions as they must be named to end them.
pub(super) fn recover(brand: Brand) -> &'static str {
    match brand {
        Brand::MariaDb => "XA RECOVER FORMAT='SQL'",
        Brand::MySql => "XA RECOVER CONVERT XID",
    }
}

/// One source that feeds the server. New names and old ones mean the same.
struct Channel<'a>(&'a Row);

impl Channel<'_> {
    fn text(&self, new: &str, old: &str) -> String {
        let text = self.0.text(new);
        if text.is_empty() {
            self.0.text(old)
        } else {
            text
        }
    }

    fn number(&self, new: &str, old: &str) -> Option<u64> {
        self.0.unsigned(new).or_else(|| self.0.unsigned(old))
    }

    fn receives(&self) -> bool {
        self.text("Replica_IO_Running", "Slave_IO_Running") == "Yes"
    }

    fn applies(&self) -> bool {
        self.text("Replica_SQL_Running", "Slave_SQL_Running") == "Yes"
    }

    fn behind_s(&self) -> Option<u64> {
        self.number("Seconds_Behind_Source", "Seconds_Behind_Master")
    }

    /// The worst comes first.
    fn health(&self) -> (bool, bool, u64) {
        (
            self.applies(),
            self.receives(),
            u64::MAX - self.behind_s().unwrap_or_default(),
        )
    }

    fn receiver(&self, of: usize) -> Receiver {
        let host = self.text("Source_Host", "Master_Host");
        let port = self.text("Source_Port", "Master_Port");
        let name = self.text("Channel_Name", "Connection_name");
        let read_file = self.text("Source_Log_File", "Master_Log_File");
        let done_file = self.text("Relay_Source_Log_File", "Relay_Master_Log_File");
        let read = self.number("Read_Source_Log_Pos", "Read_Master_Log_Pos");
        let done = self.number("Exec_Source_Log_Pos", "Exec_Master_Log_Pos");
        // Positions in different files have no distance that anybody tells.
        let unreplayed = (read_file == done_file)
            .then(|| Some(read?.saturating_sub(done?)))
            .flatten();
        let trouble = |number: &str, said: &str| {
            let said = self.0.text(said);
            match self.0.unsigned(number).unwrap_or_default() {
                0 => said,
                number => format!("{said} ({number})"),
            }
        };
        let pause = match (self.applies(), self.receives()) {
            (false, _) => format!(
                "has stopped: {}",
                trouble("Last_SQL_Errno", "Last_SQL_Error")
            ),
            (true, false) => format!(
                "goes on, but nothing is received: {}",
                trouble("Last_IO_Errno", "Last_IO_Error")
            ),
            (true, true) => String::new(),
        };
        let state = self.text("Replica_IO_State", "Slave_IO_State");
        let state = if self.receives() {
            state
        } else {
            "not fed".to_owned()
        };
        let of = match of {
            1 => String::new(),
            n => format!(", the worst of {n} sources"),
        };
        Receiver {
            status: format!("{state}{of}"),
            from: format!("{host}:{port}"),
            slot: name,
            heard_ms: None,
            replayed: position(&done_file, done),
            unreplayed,
            replay_age_ms: self.behind_s().filter(|s| *s > 0).map(|s| s * 1_000),
            pause: pause.trim_end_matches([' ', ':']).to_owned(),
            stuck_ms: None,
        }
    }
}

/// A place in the log as one number: the number of its file, then the place in it.
fn position(file: &str, at: Option<u64>) -> Option<u64> {
    let file: u64 = file.rsplit_once('.')?.1.parse().ok()?;
    Some((file << 40) | at?)
}

/// Returns where the server is fed: of several sources the one that is worst off.
pub(super) fn receiver(rows: &[Row]) -> Option<Receiver> {
    let worst = rows.iter().map(Channel).min_by_key(Channel::health)?;
    Some(worst.receiver(rows.len()))
}

/// Returns a replica that is fed. What it has replayed is not told to the server that feeds it.
pub(super) fn sender(row: &Row) -> Option<Sender> {
    let host = row.text("HOST");
    Some(Sender {
        pid: row.pid("ID")?,
        application: row.text("USER"),
        client: host
            .rsplit_once(':')
            .map_or(host.as_str(), |(h, _)| h)
            .to_owned(),
        state: row.text("STATE"),
        ..Sender::default()
    })
}

/// Returns the prepared XA transactions; `detached` are those of the engine that no session has: number and milliseconds.
///
/// Where there is one of each they are the same; else nobody tells which is which.
pub(super) fn prepared(rows: &[Row], detached: &[(String, u64)]) -> Vec<Prepared> {
    let alone = match (rows, detached) {
        ([_], [one]) => Some(one),
        _ => None,
    };
    let oldest = detached.iter().map(|(_, ms)| *ms).max();
    let prepared = |row: &Row| Prepared {
        xid: alone.map_or_else(String::new, |(number, _)| number.clone()),
        gid: gid(row),
        age_ms: alone.map(|(_, ms)| *ms).or(oldest).unwrap_or_default(),
        owner: String::new(),
        place: PreparedIn::Branch,
        xid_age: None,
    };
    rows.iter().map(prepared).collect()
}

/// `XA RECOVER` writes MySQL's as one number in hexadecimal: its first part, then its second. Where both are plain text they
/// are written so, as MariaDB does it.
fn gid(row: &Row) -> String {
    let data = row.text("data");
    let Some(digits) = data.strip_prefix("0x") else {
        return data;
    };
    let first =
        usize::try_from(row.unsigned("gtrid_length").unwrap_or_default()).unwrap_or_default();
    let format = row.unsigned("formatID").unwrap_or(1);
    match digits.split_at_checked(first * 2) {
        Some((one, two)) => format!("{},{},{format}", literal(one), literal(two)),
        None => data,
    }
}

/// Returns bytes given in hexadecimal as a literal: readable where nothing in them needs care.
fn literal(digits: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-:@/+".contains(c);
    match text {
        Some(text) if text.chars().all(plain) => format!("'{text}'"),
        Some(_) | None => format!("X'{digits}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_transaction_is_named_readably_where_that_is_safe() {
        assert_eq!(literal("63617365"), "'case'");
        assert_eq!(literal(""), "''");
        for odd in ["27", "ff00", "0a", "5c"] {
            assert_eq!(literal(odd), format!("X'{odd}'"));
        }
    }
}
