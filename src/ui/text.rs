//! Text in cells: measured, cut, padded and wrapped by display width, so that nothing drawn breaks the layout.

use ratatui::buffer::CellWidth;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Cells between two tab stops.
const TAB: usize = 4;

/// Returns the cells that a grapheme takes; control characters are not drawn and take none.
fn cells(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) {
        0
    } else {
        usize::from(grapheme.cell_width())
    }
}

/// Returns whether each byte is a cell: nearly all that is drawn is such text, and need not be taken apart into graphemes.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Returns the cells that `text` takes.
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.graphemes(true).map(cells).sum()
}

/// Returns the cells that `line` takes.
pub fn line_width(line: &Line) -> usize {
    line.spans.iter().map(|span| width(&span.content)).sum()
}

/// Returns the longest beginning of `text` that fits into `room` cells.
pub fn head(text: &str, room: usize) -> &str {
    if is_plain(text) {
        return &text[..text.len().min(room)];
    }
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += cells(grapheme);
        if taken > room {
            return &text[..at];
        }
    }
    text
}

/// Returns the longest end of `text` that fits into `room` cells.
pub fn tail(text: &str, room: usize) -> &str {
    if is_plain(text) {
        return &text[text.len().saturating_sub(room)..];
    }
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        taken += cells(grapheme);
        if taken > room {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// Returns `text` in one line of at most `room` cells; where something is cut away, `mark` says so.
pub fn cut(text: &str, room: usize, mark: &str) -> String {
    let flat = flat(text);
    if width(&flat) <= room {
        return flat;
    }
    let mark = head(mark, room);
    format!("{}{mark}", head(&flat, room - width(mark)).trim_end())
}

/// Returns `text` cut to `room` cells with its end kept: `…/releases/v1.2.3`.
pub fn cut_front(text: &str, room: usize, mark: &str) -> String {
    let flat = flat(text);
    if width(&flat) <= room {
        return flat;
    }
    let mark = head(mark, room);
    format!("{mark}{}", tail(&flat, room - width(mark)))
}

/// Returns `text` in one line: line ends and tabs become spaces.
pub fn flat(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Returns `text` cut or filled up to exactly `room` cells.
pub fn pad(text: &str, room: usize, mark: &str) -> String {
    let mut text = cut(text, room, mark);
    let missing = room.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// Returns `text` cut or filled up to exactly `room` cells, standing at the right.
pub fn pad_left(text: &str, room: usize, mark: &str) -> String {
    let text = cut(text, room, mark);
    let missing = room.saturating_sub(width(&text));
    format!("{}{text}", " ".repeat(missing))
}

/// Returns `line` cut to `room` cells; where something is cut away, `mark` says so.
pub fn fit<'a>(line: Line<'a>, room: usize, mark: &str) -> Line<'a> {
    if line_width(&line) <= room {
        return line;
    }
    let mark = head(mark, room);
    let mut left = room - width(mark);
    let mut kept: Vec<Span<'a>> = Vec::new();
    let mut style = Style::default();
    for span in line.spans {
        let text = head(&span.content, left);
        style = span.style;
        left -= width(text);
        let whole = text.len() == span.content.len();
        let text = if whole { text } else { text.trim_end() }.to_owned();
        kept.push(Span::styled(text, style));
        if !whole {
            break;
        }
    }
    kept.push(Span::styled(mark.to_owned(), style));
    Line {
        spans: kept,
        ..Line::default()
    }
    .style(line.style)
}

/// Returns `left` and `right` in one line of `room` cells; `left` gives way.
pub fn apart<'a>(left: Line<'a>, right: Line<'a>, room: usize, mark: &str) -> Line<'a> {
    let of_right = line_width(&right);
    if of_right + 1 >= room {
        return fit(left, room, mark);
    }
    let gap = usize::from(of_right > 0);
    let mut line = fit(left, room - of_right - gap, mark);
    let missing = room - of_right - line_width(&line);
    line.spans.push(Span::raw(" ".repeat(missing)));
    line.spans.extend(right.spans);
    line
}

/// Returns `parts` side by side with two cells between them, in as many lines of `room` cells as that takes.
pub fn flow(parts: Vec<Span<'static>>, room: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = vec![Line::default()];
    let mut taken = 0;
    for part in parts {
        let of_part = width(&part.content);
        let full = taken > 0 && taken + 2 + of_part > room;
        if full {
            lines.push(Line::default());
            taken = 0;
        }
        if let Some(line) = lines.last_mut() {
            if taken > 0 {
                line.spans.push(Span::raw("  "));
                taken += 2;
            }
            line.spans.push(part);
            taken += of_part;
        }
    }
    lines
}

/// Returns `text` wrapped by words into lines of at most `room` cells; its own line ends and indentation are kept.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let styled = text.lines().map(|line| Line::raw(line.to_owned()));
    let wrapped = styled.flat_map(|line| wrap_line(&line, room, 0));
    wrapped
        .map(|line| line.spans.iter().map(|s| s.content.as_ref()).collect())
        .collect()
}

/// A word with the styles of its parts, and the cells that it and the space before it take.
struct Word {
    space: Span<'static>,
    parts: Vec<Span<'static>>,
}

/// Returns `line` wrapped by words into lines of at most `room` cells; later lines are indented as far as the first
/// and by `hang` more.
pub fn wrap_line(line: &Line, room: usize, hang: usize) -> Vec<Line<'static>> {
    let room = room.max(1);
    let words = words(line);
    let indent = words.first().map_or(0, |word| width(&word.space.content)) + hang;
    let indent = if indent * 2 > room { 0 } else { indent };
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut current: Vec<Span<'static>> = Vec::new();
    let mut taken = 0;
    for word in words {
        let of_space = width(&word.space.content);
        let of_word: usize = word.parts.iter().map(|p| width(&p.content)).sum();
        let fresh = current.is_empty() || taken == indent && !lines.is_empty();
        if !fresh && taken + of_space + of_word > room {
            lines.push(Line::from(std::mem::take(&mut current)));
            current.push(Span::raw(" ".repeat(indent)));
            taken = indent;
        } else {
            taken += of_space;
            current.push(word.space);
        }
        for part in word.parts {
            push_broken(&part, room, indent, &mut taken, &mut current, &mut lines);
        }
    }
    lines.push(Line::from(current));
    lines
}

/// Pushes a part of a word; what is longer than a line is broken where the line ends.
fn push_broken(
    part: &Span<'static>,
    room: usize,
    indent: usize,
    taken: &mut usize,
    current: &mut Vec<Span<'static>>,
    lines: &mut Vec<Line<'static>>,
) {
    let mut rest = part.content.as_ref();
    loop {
        let fits = head(rest, room.saturating_sub(*taken));
        let stuck = fits.is_empty() && *taken <= indent;
        let fits = if stuck {
            rest.graphemes(true).next().unwrap_or_default()
        } else {
            fits
        };
        *taken += width(fits);
        current.push(Span::styled(fits.to_owned(), part.style));
        rest = &rest[fits.len()..];
        if rest.is_empty() {
            return;
        }
        lines.push(Line::from(std::mem::take(current)));
        current.push(Span::raw(" ".repeat(indent)));
        *taken = indent;
    }
}

/// Takes a line apart into words, each with the space before it; parts of one word may differ in style.
fn words(line: &Line) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for span in &line.spans {
        let style = line.style.patch(span.style);
        for piece in pieces(&expand_tabs(&span.content)) {
            let ended = words.last().is_none_or(|word| !word.parts.is_empty());
            let blank = piece.starts_with(' ');
            if ended && (blank || words.is_empty()) {
                let space = Span::styled(String::new(), style);
                words.push(Word {
                    space,
                    parts: Vec::new(),
                });
            }
            if let Some(word) = words.last_mut() {
                if blank {
                    word.space.content.to_mut().push_str(&piece);
                } else {
                    word.parts.push(Span::styled(piece, style));
                }
            }
        }
    }
    // Space at the end of a line is not worth a line of its own.
    words.retain(|word| !word.parts.is_empty());
    words
}

fn expand_tabs(text: &str) -> String {
    let spread = text.replace('\t', &" ".repeat(TAB));
    flat(&spread)
}

/// Splits a text into runs of spaces and runs of anything else.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        match pieces.last_mut() {
            Some(last) if last.starts_with(' ') == (c == ' ') => last.push(c),
            Some(_) | None => pieces.push(c.to_string()),
        }
    }
    pieces
}

/// Rounds what is told in whole days: what is due in seven days, less the time since the start, is not due in six.
pub fn to_the_day(ms: u64) -> u64 {
    const HALF: u64 = 12 * 3_600 * 1_000;
    if ms < 4 * HALF { ms } else { ms + HALF }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_measures_as_its_graphemes_do() {
        for c in (0..=0x17f).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let taken: usize = text.graphemes(true).map(cells).sum();
            assert_eq!(width(&text), taken, "{c:?}");
            assert!(
                width(head(&text, 2)) <= 2 && width(tail(&text, 2)) <= 2,
                "{c:?}"
            );
        }
    }

    #[test]
    fn a_cut_text_says_that_it_was_cut_and_never_splits_a_wide_character() {
        assert_eq!(cut("alembic upgrade head", 10, "…"), "alembic u…");
        assert_eq!(cut("alembic", 7, "…"), "alembic");
        assert_eq!(cut("漢字漢字", 4, "…"), "漢…");
        assert_eq!(cut("漢字", 1, "…"), "…");
        assert_eq!(cut("abc", 0, "…"), "");
        assert_eq!(cut("a\nb\tc", 9, "…"), "a b c");
        assert_eq!(cut("abcdef", 4, "..."), "a...");
        assert_eq!(cut_front("/srv/app/releases", 9, "…"), "…releases");
    }

    #[test]
    fn padding_counts_cells_and_not_characters() {
        assert_eq!(pad("漢", 4, "…"), "漢  ");
        assert_eq!(pad_left("0:42", 6, "…"), "  0:42");
        assert_eq!(pad("e\u{301}", 3, "…"), "e\u{301}  ");
    }

    #[test]
    fn words_are_kept_whole_where_a_line_has_room_for_them() {
        assert_eq!(
            wrap("the team knows about it", 10),
            ["the team", "knows", "about it"]
        );
        assert_eq!(wrap("  - a list item", 9), ["  - a", "  list", "  item"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("see abcdefghij", 6), ["see", "abcdef", "ghij"]);
        assert_eq!(wrap("漢字漢", 3), ["漢", "字", "漢"]);
        assert_eq!(wrap("漢", 1), ["漢"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        assert_eq!(wrap("a  \nb", 1), ["a", "b"]);
    }

    #[test]
    fn styles_survive_wrapping() {
        let bold = Style::new().bold();
        let line = Line::from(vec![
            Span::raw("ask "),
            Span::styled("the DBA", bold),
            Span::raw(", then go"),
        ]);
        let wrapped = wrap_line(&line, 9, 0);
        let text: Vec<String> = wrapped.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["ask the", "DBA, then", "go"]);
        assert_eq!(
            wrapped[1]
                .spans
                .iter()
                .find(|s| s.content == "DBA")
                .map(|s| s.style),
            Some(bold)
        );
    }

    #[test]
    fn the_left_gives_way_to_the_right() {
        let line = apart(Line::raw("a long title"), Line::raw("3/4"), 12, "…");
        assert_eq!(line.to_string(), "a long…  3/4");
        let line = apart(Line::raw("short"), Line::raw("3/4"), 12, "…");
        assert_eq!(line.to_string(), "short    3/4");
        assert_eq!(
            apart(Line::raw("abc"), Line::raw("123456"), 5, "…").to_string(),
            "abc"
        );
    }

    #[test]
    fn what_is_due_in_seven_days_is_not_told_as_six() {
        let hour = 3_600_000;
        assert_eq!(to_the_day(7 * 24 * hour - 1) / (24 * hour), 7);
        assert_eq!(to_the_day(5 * hour), 5 * hour);
    }
}
