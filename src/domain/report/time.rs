//! Times and durations as the log prints them.

use chrono::{DateTime, FixedOffset, Timelike as _, Utc};

use crate::domain::tame;

/// Returns a journal's time; `None` where it cannot be read.
pub fn read(t: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(t).ok().map(|t| t.to_utc())
}

/// Returns `2026-11-20T09:04:12Z (10:04:12 +01:00)` for a clock so many minutes east of UTC.
pub fn whole(t: DateTime<Utc>, offset_min: i32) -> String {
    let utc = t.format("%Y-%m-%dT%H:%M:%SZ");
    match FixedOffset::east_opt(offset_min.saturating_mul(60)) {
        Some(zone) => format!("{utc} ({})", t.with_timezone(&zone).format("%H:%M:%S %:z")),
        None => utc.to_string(),
    }
}

/// Returns [`whole`] of a journal's time, or the text as it stands where it is none.
pub fn whole_of(t: &str, offset_min: i32) -> String {
    read(t).map_or_else(|| tame::code_cell(t), |t| whole(t, offset_min))
}

/// Returns `09:04:12`, with the date where it is another than that of `start`.
pub fn clock(t: &str, start: &str) -> String {
    match (read(t), read(start)) {
        (Some(t), Some(start)) if t.date_naive() == start.date_naive() => {
            t.format("%H:%M:%S").to_string()
        }
        (Some(t), _) => t.format("%Y-%m-%d %H:%M:%S").to_string(),
        (None, _) => tame::code_cell(t),
    }
}

/// Returns `UTC+01:00` for a clock so many minutes east of UTC.
pub fn zone(offset_min: i32) -> String {
    let sign = if offset_min < 0 { '-' } else { '+' };
    let minutes = offset_min.unsigned_abs();
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Returns a duration for people: `12 ms`, `6.4 s`, `14 min 32 s`, `2 h 5 min 0 s`.
pub fn took(ms: u64) -> String {
    let seconds = ms / 1_000;
    match ms {
        0 => "0 s".to_owned(),
        1..100 => format!("{ms} ms"),
        100..60_000 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!(
            "{} h {} min {} s",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        ),
    }
}

/// Returns a difference of clocks: `+0.04 s`, `-3573.70 s`.
pub fn offset(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:02} s", ms / 1_000, ms % 1_000 / 10)
}

/// Returns `t` without parts of a second: what a signature states.
pub fn to_second<Tz: chrono::TimeZone>(t: DateTime<Tz>) -> DateTime<Tz> {
    t.with_nanosecond(0).unwrap_or(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_once_in_utc_with_the_operators_own() {
        let t = read("2026-11-20T09:04:12.999Z").unwrap();
        assert_eq!(whole(t, 60), "2026-11-20T09:04:12Z (10:04:12 +01:00)");
        assert_eq!(whole(t, -210), "2026-11-20T09:04:12Z (05:34:12 -03:30)");
        assert_eq!(whole(t, i32::MAX), "2026-11-20T09:04:12Z");
        assert_eq!(zone(-210), "UTC-03:30");
    }

    #[test]
    fn the_date_is_said_where_it_is_another() {
        let start = "2026-11-20T23:04:12Z";
        assert_eq!(clock("2026-11-20T23:05:00.1Z", start), "23:05:00");
        assert_eq!(clock("2026-11-21T00:05:00Z", start), "2026-11-21 00:05:00");
        assert_eq!(clock("|moon", start), "`\\|moon`");
    }

    #[test]
    fn durations_are_for_people() {
        let said = [0, 7, 412, 41_760, 872_000, 7_500_000].map(took);
        assert_eq!(
            said,
            [
                "0 s",
                "7 ms",
                "0.4 s",
                "41.7 s",
                "14 min 32 s",
                "2 h 5 min 0 s"
            ]
        );
        assert_eq!(offset(-3_573_700), "-3573.70 s");
    }
}
