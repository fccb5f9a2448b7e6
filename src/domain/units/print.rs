//! Durations and sizes for people.

use std::time::Duration;

/// Prints a duration as a clock: `0:42`, `14:02`, `1:02:03`; parts of a second are dropped.
pub fn clock(duration: Duration) -> String {
    let all = duration.as_secs();
    let (h, m, s) = (all / 3_600, all / 60 % 60, all % 60);
    if h == 0 {
        format!("{m}:{s:02}")
    } else {
        format!("{h}:{m:02}:{s:02}")
    }
}

/// Prints seconds before (negative) or after a moment as a clock with a sign: `-14:02`, `+0:42`.
pub fn signed_clock(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!(
        "{sign}{}",
        clock(Duration::from_secs(seconds.unsigned_abs()))
    )
}

/// Prints a duration in words, two units at most: `0.4 s`, `41 s`, `14 min 32 s`, `2 h 5 min`, `3 d 4 h`.
pub fn words(duration: Duration) -> String {
    let all = duration.as_secs();
    if all < 10 && duration.subsec_millis() > 0 {
        let ms = duration.as_millis();
        return if ms < 100 {
            format!("{ms} ms")
        } else {
            format!("{}.{} s", ms / 1_000, ms / 100 % 10)
        };
    }
    let two = |a: u64, a_unit: &str, b: u64, b_unit: &str| {
        if b == 0 {
            format!("{a} {a_unit}")
        } else {
            format!("{a} {a_unit} {b} {b_unit}")
        }
    };
    match all {
        0..60 => format!("{all} s"),
        60..3_600 => two(all / 60, "min", all % 60, "s"),
        3_600..86_400 => two(all / 3_600, "h", all / 60 % 60, "min"),
        _ => two(all / 86_400, "d", all / 3_600 % 24, "h"),
    }
}

/// Prints a duration as a runbook writes it: `1h30m`, `90s` as `1m30s`, `500ms`; less than a millisecond is dropped.
pub fn short(duration: Duration) -> String {
    let all = duration.as_secs();
    let parts = [
        (all / 86_400, "d"),
        (all / 3_600 % 24, "h"),
        (all / 60 % 60, "m"),
        (all % 60, "s"),
        (u64::from(duration.subsec_millis()), "ms"),
    ];
    let some = parts.iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, unit)| format!("{n}{unit}")).collect();
    if words.is_empty() {
        "0s".into()
    } else {
        words.concat()
    }
}

/// Prints a size in thousands, with one decimal below a hundred: `999 B`, `1.5 kB`, `12 MB`, `140 GB`.
pub fn bytes(bytes: u64) -> String {
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let bytes = u128::from(bytes);
    let mut scale: u128 = 1;
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
        scale *= 1_000;
        let tenths = (bytes * 10 + scale / 2) / scale;
        let whole = (bytes + scale / 2) / scale;
        match tenths {
            0..1_000 if tenths.is_multiple_of(10) => return format!("{} {unit}", tenths / 10),
            0..1_000 => return format!("{}.{} {unit}", tenths / 10, tenths % 10),
            _ if whole < 1_000 => return format!("{whole} {unit}"),
            _ => {}
        }
    }
    format!("{} PB", bytes / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_clock_shows_hours_only_when_there_are_some() {
        assert_eq!(clock(ms(42_900)), "0:42");
        assert_eq!(clock(ms(842_000)), "14:02");
        assert_eq!(clock(ms(3_723_000)), "1:02:03");
        assert_eq!(signed_clock(-842), "-14:02");
        assert_eq!(signed_clock(5), "+0:05");
    }

    #[test]
    fn words_take_two_units_at_most() {
        for (n, text) in [
            (0, "0 s"),
            (12, "12 ms"),
            (430, "0.4 s"),
            (9_960, "9.9 s"),
            (41_000, "41 s"),
            (60_000, "1 min"),
            (872_000, "14 min 32 s"),
            (7_500_000, "2 h 5 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(words(ms(n)), text);
        }
    }

    #[test]
    fn a_short_duration_is_read_back_as_itself() {
        for n in [0, 500, 90_000, 5_400_000, 90_061_001] {
            assert_eq!(crate::domain::units::duration(&short(ms(n))), Ok(ms(n)));
        }
    }

    #[test]
    fn sizes_are_rounded_and_never_to_a_thousand() {
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_540, "1.5 kB"),
            (99_940, "99.9 kB"),
            (99_960, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (12_000_000, "12 MB"),
            (3_240_000_000, "3.2 GB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }
}
