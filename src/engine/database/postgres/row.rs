//! Columns of a row by name. What is null, hidden or of another type is `None`: a monitor shows what it has.

use sqlx::postgres::PgRow;
use sqlx::postgres::types::Oid;
use sqlx::{Decode, Postgres, Row as _, Type};

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

/// A text in whatever encoding, decoded lossily; null is empty.
pub(super) fn text(row: &PgRow, name: &str) -> String {
    let raw = row.try_get_raw(name).ok();
    let bytes = raw.as_ref().and_then(|value| value.as_bytes().ok());
    bytes.map_or_else(String::new, |b| String::from_utf8_lossy(b).into_owned())
}
