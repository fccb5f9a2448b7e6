//! Columns of a row by name. What is null, hidden or of another type is `None`: a monitor shows what it has.

use sqlx::postgres::PgRow;
use sqlx::postgres::types::Oid;
use sqlx::{Decode, Postgres, Row as _, Type};

use crate::domain::redact::redact_text;
use crate::domain::tame;

pub(super) fn get<'r, T>(row: &'r PgRow, name: &str) -> Option<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get::<Option<T>, _>(name).ok().flatten()
}

pub(super) fn int(row: &PgRow, name: &str) -> Option<i32> {
    get(row, name)
}

/// A count that is never negative.
pub(super) fn count(row: &PgRow, name: &str) -> u32 {
    int(row, name)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or_default()
}

pub(super) fn long(row: &PgRow, name: &str) -> Option<i64> {
    get(row, name)
}

/// A duration or a counter: a clock that was set back gives zero.
pub(super) fn unsigned(row: &PgRow, name: &str) -> Option<u64> {
    long(row, name).map(|n| u64::try_from(n).unwrap_or_default())
}

pub(super) fn oid(row: &PgRow, name: &str) -> Option<u32> {
    get::<Oid>(row, name).map(|oid| oid.0)
}

/// A text for people, whatever its encoding and whatever is in it: one harmless line; null is empty.
pub(super) fn text(row: &PgRow, name: &str) -> String {
    tame::line(bytes(row, name))
}

/// A statement for people: as [`text`], with every run of blanks and line ends made one blank, and without passwords.
pub(super) fn statement(row: &PgRow, name: &str) -> String {
    let words = bytes(row, name).split(u8::is_ascii_whitespace);
    let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
    redact_text(&tame::line(words.join(&b' ')))
}

/// A text for machines, decoded lossily; null is empty.
pub(super) fn raw(row: &PgRow, name: &str) -> String {
    String::from_utf8_lossy(bytes(row, name)).into_owned()
}

fn bytes<'r>(row: &'r PgRow, name: &str) -> &'r [u8] {
    let value = row.try_get_raw(name).ok();
    value
        .and_then(|value| value.as_bytes().ok())
        .unwrap_or_default()
}
