//! Light markdown for notes and instructions: headings, **bold**, *emphasis*, `code`, lists, tables. Anything else is text.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::ui::text::{width, wrap_line};
use crate::ui::theme::Theme;

/// Returns `text` as wrapped lines of at most `room` cells.
pub fn lines(text: &str, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut in_code = false;
    for block in blocks(text) {
        match block {
            Block::Fence => in_code = !in_code,
            Block::Table(rows) => lines.extend(table(&rows, room, theme)),
            Block::Line(line) if in_code => {
                lines.extend(wrap_line(
                    &Line::styled(format!("  {line}"), theme.strong),
                    room,
                    2,
                ));
            }
            Block::Line(line) => lines.extend(text_line(&line, room, theme)),
        }
    }
    while lines
        .last()
        .is_some_and(|l| l.spans.iter().all(|s| s.content.trim().is_empty()))
    {
        lines.pop();
    }
    lines
}

enum Block {
    Fence,
    Line(String),
    /// The cells of each row; the line below the head is not among them.
    Table(Vec<Vec<String>>),
}

/// Joins the lines of a paragraph: in markdown a single line end is a space.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let marks = &trimmed[..trimmed.len() - trimmed.trim_start_matches(['`', '~']).len()];
        let shuts = fence.is_some_and(|open| marks.starts_with(open) && marks == trimmed);
        if shuts || fence.is_none() && marks.len() >= 3 {
            fence = if shuts { None } else { Some(marks) };
            blocks.push(Block::Fence);
            continue;
        }
        let in_code = fence.is_some();
        if let Some(row) = cells(trimmed).filter(|_| !in_code) {
            let drawn = row
                .iter()
                .all(|c| !c.is_empty() && c.chars().all(|c| "-:".contains(c)));
            match blocks.last_mut() {
                Some(Block::Table(rows)) if !drawn => rows.push(row),
                Some(Block::Table(_)) => {}
                Some(_) | None => blocks.push(Block::Table(vec![row])),
            }
            continue;
        }
        let begins = in_code
            || trimmed.is_empty()
            || bullet(trimmed).is_some()
            || trimmed.starts_with(['#', '>', '[', '<']);
        match blocks.last_mut() {
            Some(Block::Line(before))
                if !begins && !before.trim().is_empty() && !before.starts_with('#') =>
            {
                before.push(' ');
                before.push_str(trimmed);
            }
            Some(_) | None => blocks.push(Block::Line(line.trim_end().to_owned())),
        }
    }
    blocks
}

fn text_line(line: &str, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let trimmed = line.trim_start();
    if let Some(heading) = heading(trimmed) {
        return wrap_line(&Line::styled(heading.to_owned(), theme.strong), room, 0);
    }
    let (indent, hang, rest) = match bullet(trimmed) {
        Some((sign, rest)) => {
            let sign = if sign.len() == 1 {
                theme.glyphs.bullet
            } else {
                sign
            };
            let indent = " ".repeat(line.len() - trimmed.len());
            (
                format!("{indent}{sign} "),
                crate::ui::text::width(sign) + 1,
                rest,
            )
        }
        None => (String::new(), 0, trimmed),
    };
    let mut spans = vec![Span::raw(indent)];
    spans.extend(inline(rest, theme));
    wrap_line(&Line::from(spans), room, hang)
}

/// Returns the cells of a table's row: `| a | b |`.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    let cells = inner.replace("\\|", "\u{1}");
    Some(
        cells
            .split('|')
            .map(|cell| cell.trim().replace('\u{1}', "|"))
            .collect(),
    )
}

/// A table in columns where there is room for them, else each row as `head: cell` lines.
fn table(rows: &[Vec<String>], room: usize, theme: &Theme) -> Vec<Line<'static>> {
    const APART: usize = 2;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|r| r.get(at))
                .map(|c| width(c))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let whole = widths.iter().sum::<usize>() + APART * columns.saturating_sub(1);
    let head = rows.first().map_or(&[][..], Vec::as_slice);
    if whole <= room {
        let rows = rows.iter().enumerate().map(|(i, row)| {
            let text: String = row
                .iter()
                .zip(&widths)
                .map(|(cell, w)| format!("{cell}{}", " ".repeat(w - width(cell) + APART)))
                .collect();
            let style = if i == 0 { theme.strong } else { theme.plain };
            Line::styled(text.trim_end().to_owned(), style)
        });
        return rows.collect();
    }
    let mut lines = Vec::new();
    for row in rows.iter().skip(1) {
        for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let name = head.get(at).map_or("", String::as_str);
            let sign = if at == 0 { theme.glyphs.bullet } else { " " };
            let mut spans = vec![Span::raw(format!("{sign} "))];
            if !name.is_empty() {
                spans.push(Span::raw(format!("{name}: ")));
            }
            spans.extend(inline(cell, theme));
            lines.extend(wrap_line(&Line::from(spans), room, 2));
        }
    }
    lines
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    (rest.len() < line.len())
        .then(|| rest.strip_prefix(' '))
        .flatten()
}

/// Returns a list item's sign (`-`, `12.`) and its text.
fn bullet(line: &str) -> Option<(&str, &str)> {
    let sign = line.split(' ').next()?;
    let digits = sign.trim_end_matches(['.', ')']);
    let numbered = !digits.is_empty()
        && digits.len() + 1 == sign.len()
        && digits.bytes().all(|b| b.is_ascii_digit());
    let rest = line[sign.len()..].strip_prefix(' ')?;
    (matches!(sign, "-" | "*" | "+") || numbered).then_some((sign, rest))
}

/// Takes one line apart at its `**`, `*` and backticks; a sign without its partner is text.
fn inline(text: &str, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let marked = [
            ("**", theme.strong),
            ("`", theme.strong),
            ("*", theme.plain.add_modifier(Modifier::ITALIC)),
        ]
        .into_iter()
        .find_map(|(sign, style)| between(rest, sign).map(|inner| (sign, inner, style)));
        if let Some((sign, inner, style)) = marked {
            spans.push(Span::raw(std::mem::take(&mut plain)));
            spans.push(Span::styled(inner.to_owned(), style));
            rest = &rest[inner.len() + 2 * sign.len()..];
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            plain.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    spans.push(Span::raw(plain));
    spans
}

/// Returns what stands between `sign` at the beginning and its next occurrence.
fn between<'a>(text: &'a str, sign: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(sign)?;
    let end = rest.find(sign)?;
    let inner = &rest[..end];
    let tight = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    tight.then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, room: usize) -> Vec<String> {
        lines(text, room, &Theme::default())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_note_is_wrapped_with_its_lists_hanging() {
        let note = "Ask the **DBA**\nfirst.\n\n- one thing to look at\n- `two`\n";
        let wanted = [
            "Ask the DBA",
            "first.",
            "",
            "• one thing",
            "  to look at",
            "• two",
        ];
        assert_eq!(shown(note, 12), wanted);
    }

    #[test]
    fn signs_without_a_partner_are_text() {
        assert_eq!(shown("2 * 3 ** 4 ` 5", 40), ["2 * 3 ** 4 ` 5"]);
        assert_eq!(shown("# Title", 40), ["Title"]);
        assert_eq!(shown("#1 is first", 40), ["#1 is first"]);
        assert_eq!(
            shown("1. first\n12) twelfth", 40),
            ["1. first", "12) twelfth"]
        );
    }

    #[test]
    fn code_keeps_its_line_ends() {
        assert_eq!(
            shown("run\n```\na\n  b\n```\nthen", 40),
            ["run", "  a", "    b", "then"]
        );
    }

    #[test]
    fn a_table_stands_in_columns_or_row_by_row() {
        let text = "who\n\n| Role | Phones |\n|---|---|\n| DBA | 1 |\n| Ops | 2 \\| 3 |\n";
        let wide = ["who", "", "Role  Phones", "DBA   1", "Ops   2 | 3"];
        assert_eq!(shown(text, 40), wide);
        let narrow = [
            "who",
            "",
            "• Role: DBA",
            "  Phones: 1",
            "• Role: Ops",
            "  Phones: 2",
            "    | 3",
        ];
        assert_eq!(shown(text, 11)[..7], narrow);
    }

    #[test]
    fn quotations_and_fences_in_fences_keep_their_lines() {
        assert_eq!(shown("> one\n> two", 40), ["> one", "> two"]);
        assert_eq!(
            shown("````\n```sh\nls\n```\n````\nend", 40),
            ["  ```sh", "  ls", "  ```", "end"]
        );
    }

    #[test]
    fn bold_and_code_stand_out() {
        let theme = Theme::default();
        let lines = lines("a **b** `c`", 40, &theme);
        let strong: Vec<&str> = lines[0]
            .spans
            .iter()
            .filter(|s| s.style == theme.strong)
            .map(|s| s.content.as_ref())
            .collect();
        assert_eq!(strong, ["b", "c"]);
    }
}
