//! The bytes of a log, and its layout: nothing may hide in either.

use crate::domain::report::FORMAT;
use crate::domain::report::signoff::{self, Layout};
use crate::domain::tame;
use crate::engine::seal::verify::{Lines, Mark};

/// Looks at the bytes; returns the log as it was signed, with what mail and editors do to line ends undone.
pub fn look(lines: &mut Lines, bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        lines.say(Mark::Fail, "bytes", "the log is not UTF-8");
        return None;
    };
    let (bare, had_mark) = match text.strip_prefix('\u{feff}') {
        Some(bare) => (bare, true),
        None => (text, false),
    };
    let has_crlf =
        bare.contains('\n') && bare.matches('\n').count() == bare.matches("\r\n").count();
    let mut log = if has_crlf {
        bare.replace("\r\n", "\n")
    } else {
        bare.to_owned()
    };
    let has_end = log.ends_with('\n');
    if !has_end {
        log.push('\n');
    }
    if let Some((line, what)) = fault(&log) {
        lines.say(Mark::Fail, "bytes", format!("line {line}: {what}"));
        return None;
    }
    let done: Vec<&str> = [
        (had_mark, "a byte order mark was added"),
        (has_crlf, "line ends were changed to CRLF"),
        (!has_end, "the last line end was lost"),
    ]
    .into_iter()
    .filter_map(|(is, what)| is.then_some(what))
    .collect();
    if done.is_empty() {
        lines.say(
            Mark::Pass,
            "bytes",
            "UTF-8, LF, no control or invisible characters",
        );
    } else {
        let text = format!("{}; checked after undoing that", done.join(" and "));
        lines.say(Mark::Warn, "bytes", text);
    }
    Some(log)
}

/// Returns the first line that holds what no log holds.
fn fault(log: &str) -> Option<(usize, String)> {
    for (at, line) in log.split('\n').enumerate() {
        let mut before = None;
        for c in line.chars() {
            if tame::is_hidden(before, c) {
                return Some((
                    at + 1,
                    format!("a control or invisible character (U+{:04X})", u32::from(c)),
                ));
            }
            before = Some(c);
        }
        if line.ends_with(' ') {
            return Some((at + 1, "a blank at its end".to_owned()));
        }
    }
    None
}

/// Takes the log apart.
pub fn layout<'a>(lines: &mut Lines, log: &'a str) -> Option<Layout<'a>> {
    let Some(layout) = signoff::read(log) else {
        lines.say(
            Mark::Fail,
            "layout",
            "there is no part for sign-offs: this is no log of holdpoint, or it was cut",
        );
        return None;
    };
    if !layout.record.contains(&format!("\nFormat `{FORMAT}`.")) {
        lines.say(
            Mark::Fail,
            "layout",
            format!("the log does not say that its format is {FORMAT}"),
        );
        return None;
    }
    match (layout.unsigned, layout.blocks.len()) {
        (0, n) => lines.say(
            Mark::Pass,
            "layout",
            format!("{n} signature(s), no text outside of what they cover"),
        ),
        (bytes, 0) => lines.say(
            Mark::Fail,
            "layout",
            format!("{bytes} bytes after the headline of the sign-offs are no signature"),
        ),
        (bytes, _) => lines.say(
            Mark::Fail,
            "layout",
            format!("{bytes} bytes of unsigned text after the last signature that can be read"),
        ),
    }
    Some(layout)
}
