//! Lengths of time, as they are said.

use std::time::Duration;

/// Returns `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
pub fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => {
            let tenths = time.as_millis() / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_two_units_at_most() {
        let said =
            [40, 1_990, 12_999, 185_000, 7_800_000].map(|ms| length(Duration::from_millis(ms)));
        assert_eq!(said, ["0.0 s", "1.9 s", "12 s", "3 min 5 s", "2 h 10 min"]);
    }
}
