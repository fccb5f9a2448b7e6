//! What stands around the markdown: front matter, `<details>`, template control lines. Each is taken out of the text line
//! by line, so that the lines keep their numbers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::domain::import::parse::{self, Block, Kind};

/// The text that is left, and what was taken out.
#[derive(Debug, Clone, Default)]
pub struct Masked {
    /// The text; what was taken out left empty lines.
    pub text: String,
    /// `key: value` lines of the front matter.
    pub metadata: Vec<(String, String)>,
    /// The last line of the front matter; zero: none.
    pub front: usize,
    /// Lines that hold a `<summary>`.
    pub summaries: BTreeSet<usize>,
    /// Lines with HTML tags only.
    pub tags: BTreeSet<usize>,
    /// Template control lines.
    pub templates: BTreeSet<usize>,
}

/// What ends a `<details>` in the text that is left.
pub const END_OF_DETAILS: &str = "<!--/details-->";

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("a regular expression"));
    };
}
pub(crate) use pattern;

pattern!(
    TAGS,
    r"(?i)^\s*(?:</?(?:details|summary|div|p|center|section|article|br|span|tbody|figure|main|header|footer|sub|sup|small|a)\b[^<>]*>\s*)+$"
);
pattern!(
    SUMMARY,
    r"(?i)^(\s*(?:[-*+]\s+)?)(?:<details[^<>]*>\s*)?<summary[^<>]*>(.*?)(?:</summary>.*)?$"
);
pattern!(ANY_TAG, r"<[^<>]*>");
pattern!(
    CONTROL,
    r"^\s*(?:[-*+]\s+)?(?:<%.*%>|\{%.*%\}|\{#.*#\}|\{\{-?\s*(?:if|else|end|range|with|define|template|block|include|unless|each|for|endif|endfor|/\*|[#/^!>])[^{}]*\}\})\s*$"
);

/// Takes out what is not markdown.
pub fn mask(text: &str) -> Masked {
    let mut masked = Masked::default();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    front_matter(&mut lines, &mut masked);
    let bare = lines.join("\n");
    if !bare.contains('<') && !bare.contains("{{") && !bare.contains("{%") && !bare.contains("{#") {
        masked.text = bare;
        return masked;
    }
    let mut kept = BTreeSet::new();
    for block in parse::parse(&bare) {
        code_lines(&block, &mut kept);
    }
    let mut open = None;
    for (i, line) in lines.iter_mut().enumerate() {
        let n = i + 1;
        if kept.contains(&n) || n <= masked.front {
            continue;
        }
        if let Some(since) = open {
            if line.contains("%>") || n - since > 60 {
                open = None;
            }
            masked.templates.insert(n);
            line.clear();
            continue;
        }
        if line.trim_start().starts_with("<%") && !line.contains("%>") && bare.contains("%>") {
            open = Some(n);
        }
        take_line(n, line, &mut masked, open.is_some());
    }
    masked.text = lines.join("\n");
    masked
}

fn take_line(n: usize, line: &mut String, masked: &mut Masked, opens: bool) {
    if opens || CONTROL.is_match(line) {
        masked.templates.insert(n);
        line.clear();
    } else if let Some(found) = SUMMARY.captures(line) {
        let title = ANY_TAG.replace_all(&found[2], "").trim().to_owned();
        let indent = found[1].to_owned();
        masked.tags.insert(n);
        if title.is_empty() {
            line.clear();
        } else {
            masked.summaries.insert(n);
            *line = format!("{indent}###### {title}");
        }
    } else if TAGS.is_match(line) {
        masked.tags.insert(n);
        if line.to_lowercase().contains("</details") {
            let indent = line.len() - line.trim_start().len();
            *line = format!("{}{END_OF_DETAILS}", &line[..indent]);
        } else {
            line.clear();
        }
    }
}

fn front_matter(lines: &mut [String], masked: &mut Masked) {
    let mark = match lines.first().map(|line| line.trim_end()) {
        Some(mark @ ("---" | "+++")) => mark.to_owned(),
        _ => return,
    };
    let Some(end) = lines
        .iter()
        .skip(1)
        .take(200)
        .position(|line| line.trim_end() == mark || mark == "---" && line.trim_end() == "...")
    else {
        return;
    };
    let inside = &lines[1..=end];
    let looks = inside.iter().filter(|l| !l.trim().is_empty()).all(|line| {
        line.contains(':')
            || line.contains('=')
            || line.trim_start().starts_with(['-', '#', ']', '[', '}'])
            || line.starts_with([' ', '\t'])
    });
    if !looks || inside.iter().all(|l| l.trim().is_empty()) {
        return;
    }
    for line in inside {
        let pair = line
            .split_once([':', '='])
            .filter(|_| !line.starts_with([' ', '\t', '-', '#']));
        if let Some((key, value)) = pair {
            let value = value.trim().trim_matches(['"', '\'']).trim();
            masked
                .metadata
                .push((key.trim().to_lowercase(), value.to_owned()));
        }
    }
    masked.front = end + 2;
    for line in &mut lines[..end + 2] {
        line.clear();
    }
}

/// Collects the lines of code and of comments, which nothing is taken out of.
fn code_lines(block: &Block, kept: &mut BTreeSet<usize>) {
    match &block.kind {
        Kind::Code(code) => {
            // An indented block of tags is no code.
            if code.fenced || !code.text.lines().all(|l| TAGS.is_match(l)) {
                kept.extend(block.lines.0..=block.lines.1);
            }
        }
        Kind::Html(html) if html.trim_start().starts_with("<!--") => {
            kept.extend(block.lines.0..=block.lines.1);
        }
        Kind::List(list) => {
            for block in list.items.iter().flat_map(|item| &item.blocks) {
                code_lines(block, kept);
            }
        }
        Kind::Quote(blocks) => blocks.iter().for_each(|block| code_lines(block, kept)),
        Kind::Html(html)
            if ["<pre", "<script", "<style"]
                .iter()
                .any(|t| html.trim_start().to_lowercase().starts_with(t)) =>
        {
            kept.extend(block.lines.0..=block.lines.1);
        }
        Kind::Html(html) => fences_in_html(html, block.lines.0, kept),
        Kind::Heading { .. }
        | Kind::Paragraph(_)
        | Kind::Table { .. }
        | Kind::Rule
        | Kind::Other => {}
    }
}

/// HTML goes on to the next empty line, over fences that stand right below a tag; once the tag is gone they are fences.
fn fences_in_html(html: &str, first: usize, kept: &mut BTreeSet<usize>) {
    let mut open = false;
    for (i, line) in html.lines().enumerate() {
        let marks = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        if marks || open {
            kept.insert(first + i);
        }
        open ^= marks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_the_markdown_leaves_empty_lines() {
        let masked = mask(
            "---\ntitle: \"A\"\n---\n<details>\n<summary>More</summary>\n- [ ] a\n{{ if .X }}\n- [ ] b\n<% end %>\n</details>\n```\n{{ if }}\n<details>\n```\n",
        );
        assert_eq!(
            masked.text,
            "\n\n\n\n###### More\n- [ ] a\n\n- [ ] b\n\n<!--/details-->\n```\n{{ if }}\n<details>\n```\n"
        );
        assert_eq!(masked.metadata, [("title".to_owned(), "A".to_owned())]);
        assert_eq!(masked.templates.into_iter().collect::<Vec<_>>(), [7, 9]);
        assert_eq!(masked.front, 3);
    }

    #[test]
    fn a_rule_on_the_first_line_is_no_front_matter() {
        assert_eq!(mask("---\nIt is so\n---\n").front, 0);
    }
}
