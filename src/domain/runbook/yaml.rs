//! Texts as YAML scalars that are read back byte for byte.

use std::fmt::Write as _;

/// Words that YAML or people take for something else than a text.
const NO_TEXT: &[&str] = &[
    "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
];

/// Returns a scalar for a value on the line of its key, which is indented by `indent` spaces.
pub fn scalar(text: &str, indent: usize) -> String {
    if text.contains('\n') {
        return block(text, indent).unwrap_or_else(|| double(text));
    }
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(is_special) {
        double(text)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Whether a text can stand bare.
fn is_plain(text: &str) -> bool {
    let lower = text.to_lowercase();
    let first = text.chars().next();
    first.is_some_and(char::is_alphabetic)
        && !NO_TEXT.contains(&lower.as_str())
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(['\t', '\\'])
        && !text.chars().any(is_special)
}

/// Whether a character only stands in double quotes.
fn is_special(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Returns a literal block, where one can hold the text.
fn block(text: &str, indent: usize) -> Option<String> {
    let fine = |c: char| c == '\n' || c == '\t' || !is_special(c);
    if !text.chars().all(fine) || text.trim().is_empty() {
        return None;
    }
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    // Lines of white space at the end, and white space in front, need more than a literal block says plainly.
    if body
        .lines()
        .last()
        .is_none_or(|line| line.trim().is_empty())
        || body.starts_with('\n')
    {
        return None;
    }
    let first = body.lines().find(|line| !line.trim().is_empty())?;
    let early = body
        .lines()
        .take_while(|line| line.trim().is_empty())
        .any(|line| !line.is_empty());
    if early {
        return None;
    }
    let indicator = if first.starts_with([' ', '\t']) {
        "2"
    } else {
        ""
    };
    let chomp = match ends {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let pad = " ".repeat(indent + 2);
    let mut out = format!("|{indicator}{chomp}");
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
    }
    for _ in 1..ends {
        out.push('\n');
    }
    Some(out)
}

fn double(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_special(c) && u32::from(c) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if is_special(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(text: &str) -> String {
        let yaml = format!(
            "runbook: 1\ntitle: {}\nphases: [{{phase: a, steps: [{{step: b, confirm: c}}]}}]\nabout: {}\n",
            scalar("x", 0),
            scalar(text, 0)
        );
        let files = |_: &str| Err(std::io::Error::other("none"));
        let book = crate::domain::runbook::parse::parse(yaml.as_bytes(), "t", &files);
        book.unwrap_or_else(|e| panic!("{yaml}\n{e}"))
            .about
            .unwrap()
    }

    #[test]
    fn texts_take_the_simplest_form_that_holds_them() {
        assert_eq!(scalar("Stop the writers", 0), "Stop the writers");
        assert_eq!(scalar("It's: done", 0), "'It''s: done'");
        assert_eq!(scalar("a\nb\n", 2), "|\n    a\n    b");
        assert_eq!(scalar("  a\nb", 0), "|2-\n    a\n  b");
        assert_eq!(scalar("a\u{7}", 0), "\"a\\x07\"");
        for word in [
            "yes", "12", "- a", "# a", "a: b", "a #b", "*a", "&a", "!a", "{a}", "[a]", "@a", "`a`",
            "%a", "|", ">", "?", "a:", "~", "null", "'", "\"", "''", "a\tb",
        ] {
            assert_eq!(back(word), word);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_byte_for_byte(text in "[a-z \\t\\n#:'\"\\\\|>{}\\[\\]*&!%@`,?~.é文\u{1}\u{85}\u{2028}\u{feff}-]{1,40}") {
            prop_assume!(!text.trim().is_empty());
            prop_assert_eq!(back(&text.replace("${", "")), text.replace("${", ""));
        }
    }
}
