//! Columns of a row by name. Everything comes as text; what is null or of another kind is `None`: a monitor shows what it has.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Column as _, Either, Executor as _, Row as _};
use tokio::time::timeout;

use crate::domain::redact::redact_text;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::Link;
use crate::engine::database::mysql::trouble;

/// What every statement of the monitor begins with: so it is known in the list of sessions, whoever runs it.
pub(super) const SIGN: &str = "/* holdpoint monitor */ ";

/// One row of an answer.
pub(super) struct Row(MySqlRow);

impl Row {
    /// Bytes as the server wrote them; null is `None`.
    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        // Names of columns are written large by some servers and small by others.
        let columns = self.0.columns();
        let at = columns
            .iter()
            .position(|c| c.name().eq_ignore_ascii_case(name))?;
        self.0
            .try_get_unchecked::<Option<Vec<u8>>, _>(at)
            .ok()
            .flatten()
    }

    /// A text for machines, decoded lossily; null is empty.
    pub fn raw(&self, name: &str) -> String {
        let bytes = self.bytes(name).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A text for machines; null is `None`.
    pub fn known(&self, name: &str) -> Option<String> {
        let bytes = self.bytes(name)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A text for people, whatever is in it: one harmless line; null is empty.
    pub fn text(&self, name: &str) -> String {
        tame::line(self.bytes(name).unwrap_or_default())
    }

    /// A statement for people: as [`Row::text`], with every run of blanks and line ends made one blank, and without passwords.
    pub fn statement(&self, name: &str) -> String {
        let bytes = self.bytes(name).unwrap_or_default();
        let words = bytes.split(u8::is_ascii_whitespace);
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        redact_text(&tame::line(words.join(&b' ')))
    }

    /// A statement for people line by line, without passwords.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let bytes = self.bytes(name).unwrap_or_default();
        let lines = bytes.split(|b| *b == b'\n').map(tame::line);
        lines.map(|line| redact_text(&line)).collect()
    }

    /// A whole number; fractions are cut off.
    pub fn long(&self, name: &str) -> Option<i64> {
        let text = self.known(name)?;
        text.split('.').next()?.parse().ok()
    }

    /// A duration or a counter: a clock that was set back gives zero.
    pub fn unsigned(&self, name: &str) -> Option<u64> {
        let text = self.known(name)?;
        let whole = text.split('.').next()?;
        whole.parse().ok().or(whole.starts_with('-').then_some(0))
    }

    /// A count; what is not known is none.
    pub fn count(&self, name: &str) -> u32 {
        let count = self.unsigned(name).unwrap_or_default();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A fraction.
    pub fn fraction(&self, name: &str) -> Option<f64> {
        self.known(name)?.parse().ok()
    }

    /// The number of a session, where it fits what can be shown and acted on.
    pub fn pid(&self, name: &str) -> Option<i32> {
        self.long(name)
            .and_then(|n| i32::try_from(n).ok())
            .filter(|n| *n > 0)
    }
}

/// Asks several statements at once; returns the rows of each.
pub(super) async fn sets(
    link: &mut Link,
    sql: &[String],
    limit: Duration,
) -> Result<Vec<Vec<Row>>, DatabaseError> {
    let text: Vec<String> = sql.iter().map(|sql| format!("{SIGN}{sql}")).collect();
    link.questions += 1;
    let conn = &mut link.conn;
    let reading = async {
        let mut sets = vec![Vec::new()];
        let mut answers = conn.fetch_many(sqlx::raw_sql(AssertSqlSafe(text.join(";"))));
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Left(_) => sets.push(Vec::new()),
                Either::Right(row) => {
                    if let Some(set) = sets.last_mut() {
                        set.push(Row(row));
                    }
                }
            }
        }
        Ok::<_, sqlx::Error>(sets)
    };
    let mut sets = match timeout(limit, reading).await {
        Ok(sets) => sets.map_err(|e| trouble::asking(&e))?,
        Err(_) => return Err(trouble::silent(&link.address, limit.as_secs())),
    };
    sets.resize_with(sql.len(), Vec::new);
    Ok(sets)
}

/// Asks one statement.
pub(super) async fn fetch(
    link: &mut Link,
    sql: &str,
    limit: Duration,
) -> Result<Vec<Row>, DatabaseError> {
    let sets = sets(link, &[sql.to_owned()], limit).await?;
    Ok(sets.into_iter().next().unwrap_or_default())
}
