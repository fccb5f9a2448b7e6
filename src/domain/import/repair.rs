//! Fences that are broken: told, and mended only when asked.

use crate::domain::import::account::Account;
use crate::domain::import::mask::Masked;
use crate::domain::import::parse::{self, Block, Kind};

/// A line that opens or shuts a fence: its indentation, mark, length, and what stands behind.
fn marker(line: &str) -> Option<(usize, char, usize, &str)> {
    let trimmed = line.trim_start();
    let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = trimmed.chars().take_while(|c| *c == mark).count();
    let rest = trimmed[length..].trim();
    (length >= 3 && !(mark == '`' && rest.contains('`'))).then_some((
        line.len() - trimmed.len(),
        mark,
        length,
        rest,
    ))
}

/// Mends fences: one that quotes markdown with fences in it gets a longer mark, one that is never shut is shut before the
/// next heading or task.
pub fn fences(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut out: Vec<String> = Vec::with_capacity(lines.len());
    let mut i = 0;
    while i < lines.len() {
        let Some((indent, mark, length, info)) = marker(lines[i]) else {
            out.push(lines[i].to_owned());
            i += 1;
            continue;
        };
        let quotes = ["markdown", "md", "gfm"].contains(&info.to_lowercase().as_str());
        match end_of(&lines, i, mark, length, quotes) {
            End::At(end) => {
                let longer = mark
                    .to_string()
                    .repeat(if quotes { length + 1 } else { length });
                let pad = " ".repeat(indent);
                out.push(format!("{pad}{longer}{info}"));
                out.extend(lines[i + 1..end].iter().map(|l| (*l).to_owned()));
                out.push(format!("{pad}{longer}"));
                i = end + 1;
            }
            End::Missing(before) => {
                let pad = " ".repeat(indent);
                out.extend(lines[i..before].iter().map(|l| (*l).to_owned()));
                while out.last().is_some_and(|l| l.trim().is_empty()) {
                    out.pop();
                }
                out.push(format!("{pad}{}", mark.to_string().repeat(length)));
                out.push(String::new());
                i = before;
            }
        }
    }
    out.join("\n")
}

enum End {
    At(usize),
    Missing(usize),
}

fn end_of(lines: &[&str], start: usize, mark: char, length: usize, quotes: bool) -> End {
    let mut depth = 0;
    for (i, line) in lines.iter().enumerate().skip(start + 1) {
        let Some((_, m, n, info)) = marker(line) else {
            continue;
        };
        if m != mark || n < length {
            continue;
        }
        if info.is_empty() && depth == 0 {
            return End::At(i);
        }
        match (quotes, info.is_empty()) {
            (true, true) => depth -= 1,
            (true, false) => depth += 1,
            // Another one opens: this one was never shut.
            (false, _) => return End::Missing(before(lines, start, i)),
        }
    }
    End::Missing(before(lines, start, lines.len()))
}

/// Returns the line before which a fence that is never shut ought to end.
fn before(lines: &[&str], start: usize, limit: usize) -> usize {
    let begins = |line: &str| {
        let line = line.trim_start();
        line.starts_with("## ")
            || line.starts_with("### ")
            || line.starts_with("# ")
            || line.starts_with("- [")
            || line.starts_with("* [")
    };
    (start + 2..limit)
        .find(|i| begins(lines[*i]) && lines[*i - 1].trim().is_empty())
        .unwrap_or(limit)
}

/// Tells what looks broken, with lines.
pub fn suspicions(text: &str, masked: &Masked, account: &mut Account) {
    for (i, line) in text.split('\n').enumerate() {
        if line.starts_with("<<<<<<< ")
            || line.starts_with(">>>>>>> ")
            || line == "=======" && text.contains("\n>>>>>>> ")
        {
            account.warn(
                i + 1,
                "a conflict marker of version control: both sides are imported",
            );
        }
    }
    let mut titles = 0;
    for block in parse::parse(&masked.text) {
        if let Kind::Heading { level: 1, .. } = block.kind {
            titles += 1;
            if titles == 2 {
                account.warn(
                    block.lines.0,
                    "a second heading of the first level: the first one is the title",
                );
            }
        }
        look_into(&block, account);
    }
}

fn look_into(block: &Block, account: &mut Account) {
    match &block.kind {
        Kind::Code(code) if code.fenced && !code.closed => {
            account.warn(block.lines.0, "this fence is never shut: all that follows is in it, and is not imported (`--repair-fences` shuts it)");
        }
        Kind::Code(code) if code.fenced => {
            let inner = code.text.lines().any(|line| marker(line).is_some());
            if inner {
                account.warn(block.lines.0, "a fence marker stands inside of this block: it may end elsewhere than meant (`--repair-fences`)");
            }
        }
        Kind::List(list) => list
            .items
            .iter()
            .flat_map(|item| &item.blocks)
            .for_each(|b| look_into(b, account)),
        Kind::Quote(inner) => inner.iter().for_each(|b| look_into(b, account)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_fences_are_mended_on_request() {
        assert_eq!(
            fences("```sh\nls\n\n## Next\n- [ ] a\n"),
            "```sh\nls\n```\n\n## Next\n- [ ] a\n"
        );
        assert_eq!(
            fences("```markdown\n```sh\nls\n```\n```\nb"),
            "````markdown\n```sh\nls\n```\n````\nb"
        );
        for whole in ["a\n```sh\nls\n```\nb", "~~~\n```\n~~~\n", "no fence"] {
            assert_eq!(fences(whole), whole);
        }
    }
}
