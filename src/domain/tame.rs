//! Untrusted text made harmless for a terminal and for markdown.
//!
//! Nothing is dropped but colour: what cannot be seen is spelled out (`\e`, `\r`, `\u{202e}`, `\xff`).

use std::fmt::Write as _;

/// Returns one line of untrusted text, safe to print on a terminal: no control or invisible character is left.
pub fn line(text: impl AsRef<[u8]>) -> String {
    let mut tamed = String::with_capacity(text.as_ref().len());
    let mut before = None;
    for chunk in text.as_ref().utf8_chunks() {
        for c in chunk.valid().chars() {
            push_visible(&mut tamed, before, c);
            before = Some(c);
        }
        for byte in chunk.invalid() {
            let _ = write!(tamed, "\\x{byte:02x}");
            before = None;
        }
    }
    tamed
}

/// Returns one line of a command's output as a terminal would leave it standing.
///
/// Of a progress line only what follows the last carriage return is kept; colours and line erasures are dropped.
pub fn terminal_line(text: &[u8]) -> String {
    let end = text.iter().rposition(|b| *b != b'\r').map_or(0, |i| i + 1);
    let shown = &text[..end];
    let start = shown.iter().rposition(|b| *b == b'\r').map_or(0, |i| i + 1);
    line(without_colours(&shown[start..]))
}

/// Returns whether `c` behind `before` would not be seen, or would change how its neighbours are seen.
pub fn is_hidden(before: Option<char>, c: char) -> bool {
    match c {
        '\u{fe0e}' | '\u{fe0f}' => before.is_none_or(|b| b.is_ascii() || is_hidden(None, b)),
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => true,
        '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fe00}'..='\u{fe0d}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
}

fn push_visible(tamed: &mut String, before: Option<char>, c: char) {
    match c {
        '\t' => tamed.push(' '),
        '\n' => tamed.push_str("\\n"),
        '\r' => tamed.push_str("\\r"),
        '\u{1b}' => tamed.push_str("\\e"),
        c if is_hidden(before, c) => {
            let _ = write!(tamed, "\\u{{{:x}}}", u32::from(c));
        }
        c => tamed.push(c),
    }
}

/// Takes out `ESC [ … m` (colour) and `ESC [ … K` (erase in line).
fn without_colours(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after_colour) = colour(rest) {
            rest = after_colour;
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

fn colour(text: &[u8]) -> Option<&[u8]> {
    let body = text.strip_prefix(b"\x1b[")?;
    let end = body
        .iter()
        .position(|b| !matches!(b, b'0'..=b'9' | b';' | b':'))?;
    matches!(body[end], b'm' | b'K').then(|| &body[end + 1..])
}

/// Returns untrusted text as a markdown code span for prose (in a table use [`code_cell`]).
pub fn code_span(text: impl AsRef<[u8]>) -> String {
    let text = line(text);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let needs_pad = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if needs_pad { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Returns untrusted text as a markdown code span for a cell of a table.
pub fn code_cell(text: impl AsRef<[u8]>) -> String {
    // Engines disagree whether `\\|` ends a cell: behind a backslash the bar is spelled out.
    code_span(text)
        .replace("\\|", "\\\\x7c")
        .replace('|', "\\|")
}

/// Returns untrusted text as markdown prose, for a table's cell too: every mark that means something is escaped.
pub fn cell(text: impl AsRef<[u8]>) -> String {
    let text = line(text);
    let text = text.trim();
    let mut escaped = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if means_something(text, at, c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn means_something(text: &str, at: usize, c: char) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + c.len_utf8()..].chars().next();
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' | '$' => true,
        '_' => !(in_word(before) && in_word(after)),
        '#' => before.is_none_or(|b| b.is_whitespace() || b == '#'),
        '&' => after.is_some_and(|a| a.is_ascii_alphanumeric() || a == '#'),
        '>' => at == 0,
        ':' => text[at + 1..].starts_with("//"),
        '.' if text[..at].to_ascii_lowercase().ends_with("www") => true,
        '.' | ')' => ends_number(&text[..at]) && after.is_none_or(char::is_whitespace),
        '-' | '+' | '=' => at == 0 || text[at..].starts_with("---"),
        _ => false,
    }
}

/// `12.` and `12)` at the start would be a list.
fn ends_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// One line of a quotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoted<'a> {
    /// Copied text: gets the gutter.
    Text(&'a [u8]),
    /// The beginning of copied text, of which so many bytes more are not at hand.
    Begun {
        /// The beginning: at most [`LINE_SHOWN`] bytes.
        text: &'a [u8],
        /// Bytes behind it.
        more: usize,
    },
    /// So many lines are left out here: stands without the gutter, so that no copied text can claim it.
    LeftOut(usize),
}

/// Longest quoted line, in bytes before it is tamed.
pub const LINE_SHOWN: usize = 2_000;

/// Returns a fenced block, line end included, in which every copied line begins with `| `.
pub fn fenced<'a>(lines: impl IntoIterator<Item = Quoted<'a>>) -> String {
    let mut body = String::new();
    for quoted in lines {
        match quoted {
            Quoted::Text(text) => push_quoted(&mut body, text, 0),
            Quoted::Begun { text, more } => push_quoted(&mut body, text, more),
            Quoted::LeftOut(lines) => {
                let _ = writeln!(
                    body,
                    "... {lines} lines left out; the whole output is in the evidence file ..."
                );
            }
        }
    }
    let fence = "`".repeat(longest_run(&body, '`').max(2) + 1);
    format!("{fence}text\n{body}{fence}\n")
}

fn push_quoted(body: &mut String, text: &[u8], more: usize) {
    let shown = &text[..text.len().min(LINE_SHOWN)];
    let more = more + text.len() - shown.len();
    let tamed = format!("| {}", line(shown));
    let _ = writeln!(body, "{}", tamed.trim_end());
    if more > 0 {
        let _ = writeln!(body, "... the line above goes on for {more} bytes ...");
    }
}

fn longest_run(text: &str, mark: char) -> usize {
    text.split(|c| c != mark).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};

    use super::*;

    fn read(markdown: &str) -> Vec<Event<'_>> {
        Parser::new_ext(
            markdown,
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
        )
        .collect()
    }

    fn text_of(events: &[Event]) -> String {
        events
            .iter()
            .filter_map(|e| match e {
                Event::Text(t) | Event::Code(t) => Some(t.to_string()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        assert_eq!(
            line("a\tb\r\u{1b}[31m\u{7f}\u{9b}\u{202e}\u{200b}\u{2028}\u{feff}\u{e0041}"),
            "a b\\r\\e[31m\\u{7f}\\u{9b}\\u{202e}\\u{200b}\\u{2028}\\u{feff}\\u{e0041}"
        );
        assert_eq!(line(b"ok\xff\xc3\n"), "ok\\xff\\xc3\\n");
        assert_eq!(line("Kovač ⚠\u{fe0f} 日本"), "Kovač ⚠\u{fe0f} 日本");
        assert_eq!(line("a\u{fe0f}"), "a\\u{fe0f}");
    }

    #[test]
    fn a_progress_line_shows_its_last_state_and_no_colour() {
        assert_eq!(
            terminal_line(b"10%\r 50%\r\x1b[K\x1b[1;32m100%\x1b[0m\r"),
            "100%"
        );
        assert_eq!(terminal_line(b"\x1b[2Jgone"), "\\e[2Jgone");
        assert_eq!(terminal_line(b"\r\r"), "");
        assert_eq!(terminal_line(b"\x1b[31"), "\\e[31");
    }

    #[test]
    fn a_code_span_holds_any_backticks() {
        for text in ["a", "`", "a``b`", " a ", "`|`", "x|y", "\\"] {
            let span = code_span(text);
            assert_eq!(text_of(&read(&span)), text, "{span}");
        }
        assert_eq!(code_span(""), "(empty)");
    }

    #[test]
    fn a_bar_never_ends_a_cell() {
        for text in ["a|b", "\\|", "|", "\\\\|x", "`|`|", "a\\"] {
            for made in [cell(text), code_cell(text)] {
                let table = format!("| h | i |\n|---|---|\n| {made} | end |\n");
                let cells = read(&table)
                    .iter()
                    .filter(|e| matches!(e, Event::End(pulldown_cmark::TagEnd::TableCell)))
                    .count();
                assert_eq!(cells, 4, "{table}");
                assert!(text_of(&read(&table)).ends_with("end"), "{table}");
            }
        }
    }

    #[test]
    fn a_quotation_is_fenced_longer_than_what_it_holds() {
        let made = fenced([
            Quoted::Text(b"# Status: SUCCESS"),
            Quoted::Text(b"`````"),
            Quoted::LeftOut(3),
            Quoted::Text(b""),
        ]);
        assert_eq!(
            made,
            "``````text\n| # Status: SUCCESS\n| `````\n\
             ... 3 lines left out; the whole output is in the evidence file ...\n|\n``````\n"
        );
    }

    proptest! {
        #[test]
        fn no_line_holds_a_hidden_character(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for tamed in [line(&bytes), terminal_line(&bytes)] {
                let mut before = None;
                for c in tamed.chars() {
                    prop_assert!(!is_hidden(before, c));
                    before = Some(c);
                }
            }
        }

        #[test]
        fn prose_is_only_ever_text(text in "[-`*_<>#|&~!\\[\\]()\\\\:/.w a1=+$\n]{0,40}") {
            let made = format!("Reason: {}", cell(&text));
            for event in read(&made) {
                let harmless = matches!(
                    event,
                    Event::Text(_)
                        | Event::Start(pulldown_cmark::Tag::Paragraph)
                        | Event::End(pulldown_cmark::TagEnd::Paragraph)
                );
                prop_assert!(harmless, "{:?} in {made}", event);
            }
        }
    }
}
