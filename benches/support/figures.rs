//! Figures as text: times, ratios, and tables.

use std::time::Duration;

/// Returns `time` in milliseconds, as text.
pub fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}

/// Returns how many times `of` there is in `time`, as text; `–` where that says nothing.
pub fn ratio(time: Duration, of: Duration) -> String {
    if of.is_zero() {
        return "–".to_owned();
    }
    format!("{:.2}×", time.as_secs_f64() / of.as_secs_f64())
}

/// Returns a markdown table.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(heads.to_vec()) + &line(vec!["---"; heads.len()]);
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}
