//! Bars and sparklines out of single cells.

use crate::ui::theme::Glyphs;

/// Returns a bar of `room` cells of which `part` (0 to 1) is filled.
pub fn bar(part: f64, room: usize, glyphs: &Glyphs) -> String {
    let part = if part.is_finite() {
        part.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let filled = scaled(part, room);
    // What has begun shows, and what has not ended does not look ended.
    let filled = match filled {
        0 if part > 0.0 && room > 1 => 1,
        n if n == room && part < 1.0 && room > 1 => room - 1,
        n => n,
    };
    format!(
        "{}{}",
        glyphs.bar[0].repeat(filled),
        glyphs.bar[1].repeat(room.saturating_sub(filled))
    )
}

/// Returns the last `room` values as a sparkline, from zero to `ceiling` or the largest; gaps stay gaps.
pub fn spark(values: &[Option<f64>], room: usize, ceiling: Option<f64>, glyphs: &Glyphs) -> String {
    let shown = &values[values.len().saturating_sub(room)..];
    let largest = shown.iter().flatten().copied().fold(0.0, f64::max);
    let top = ceiling.unwrap_or(largest).max(largest);
    let levels = glyphs.spark.len() - 1;
    let level = |value: f64| {
        glyphs.spark[if top > 0.0 {
            scaled(value / top, levels)
        } else {
            0
        }]
    };
    shown.iter().map(|value| value.map_or(" ", level)).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a few cells"
)]
fn scaled(part: f64, of: usize) -> usize {
    ((part.clamp(0.0, 1.0) * of as f64).round() as usize).min(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_tells_beginning_and_end_apart_from_nearly() {
        let bar = |part| bar(part, 5, &Glyphs::UNICODE);
        assert_eq!(bar(0.0), "░░░░░");
        assert_eq!(bar(0.01), "▓░░░░");
        assert_eq!(bar(0.5), "▓▓▓░░");
        assert_eq!(bar(0.99), "▓▓▓▓░");
        assert_eq!(bar(7.0), "▓▓▓▓▓");
        assert_eq!(bar(f64::NAN), "░░░░░");
    }

    #[test]
    fn a_sparkline_shows_the_newest_values_and_gaps() {
        let values = [Some(9.0), Some(0.0), None, Some(4.0), Some(8.0)];
        assert_eq!(spark(&values, 4, None, &Glyphs::UNICODE), "▁ ▅█");
        assert_eq!(spark(&values, 4, Some(100.0), &Glyphs::UNICODE), "▁ ▁▂");
        assert_eq!(spark(&[Some(0.0)], 4, None, &Glyphs::UNICODE), "▁");
        assert_eq!(spark(&[], 4, None, &Glyphs::UNICODE), "");
    }
}
