//! YAML as a person would write it.

/// Returns `text` as a scalar on one line: bare where that says the same, else in quotes.
pub fn scalar(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || " ._-/()".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    if begins && !word && !text.ends_with(' ') && text.chars().all(bare) {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap_or_default() // a JSON string is one of YAML's
    }
}

/// Returns `lines` of a block under `key: |`, each `indent` columns in; empty lines stay empty.
pub fn block(indent: usize, lines: &str) -> String {
    let pad = " ".repeat(indent);
    lines
        .lines()
        .map(|l| {
            if l.is_empty() {
                "\n".to_owned()
            } else {
                format!("{pad}{l}\n")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_read_as_something_else_is_quoted() {
        assert_eq!(scalar("Apply it"), "Apply it");
        for text in [
            "yes", "12", "a: b", "", "#x", "a ", "é\n", "${x}", "- a", "null",
        ] {
            let read: String = serde_yaml::from_str(&scalar(text)).unwrap();
            assert_eq!(read, text);
            assert!(scalar(text).starts_with('"'), "{text}");
        }
    }
}
