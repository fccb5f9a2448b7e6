//! A runbook in its canonical form: two spaces a level, the plainest quotes, one empty line where there were some.
//!
//! Comments, the order of keys, and lists and maps in brackets stay as they are. The result is read again and compared.

mod tree;
mod writer;

use crate::domain::runbook::canonical::tree::Tree;
use crate::domain::runbook::canonical::writer::Writer;
use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::parse;
use crate::domain::runbook::problem::Problems;
use crate::domain::runbook::read::Files;

/// Why a file is left alone.
#[derive(Debug, thiserror::Error)]
pub enum Unformatted {
    /// It is no runbook.
    #[error("it is not a valid runbook")]
    Invalid(Problems),
    /// It has something that would be lost or changed; the words say what.
    #[error("it is left alone: {0}")]
    LeftAlone(&'static str),
}

/// Returns the canonical form of a runbook.
///
/// # Errors
/// It is not valid, or something in it cannot be kept.
pub fn canonical(source: &str, files: Files<'_>) -> Result<String, Unformatted> {
    let before =
        parse::parse(source.as_bytes(), "the runbook", files).map_err(Unformatted::Invalid)?;
    let text = source
        .strip_prefix('\u{feff}')
        .unwrap_or(source)
        .replace("\r\n", "\n");
    let (root, comments) = Tree::read(&text).map_err(Unformatted::LeftAlone)?;
    let mut writer = Writer::default();
    writer.map(&root.entries, 0, false);
    for line in &root.behind {
        writer.out.push_str(line);
        writer.out.push('\n');
    }
    let written = writer.out;
    let after = parse::parse(written.as_bytes(), "the runbook", files);
    if after.ok().map(without_lines) != Some(without_lines(before)) {
        return Err(Unformatted::LeftAlone(
            "its meaning would change (this is a bug in holdpoint)",
        ));
    }
    match Tree::read(&written) {
        Ok((_, kept)) if kept == comments => Ok(written),
        Ok(_) | Err(_) => Err(Unformatted::LeftAlone(
            "a comment stands where it cannot be kept",
        )),
    }
}

fn without_lines(mut book: Runbook) -> Runbook {
    for step in &mut book.steps {
        step.line = 0;
    }
    book
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> std::io::Result<String> {
        Err(std::io::Error::other("no files"))
    }

    fn formatted(text: &str) -> Result<String, String> {
        canonical(text, &none).map_err(|e| e.to_string())
    }

    #[test]
    fn comments_stay_where_they_were_and_the_rest_takes_one_form() {
        let source = "# top\nrunbook:   1\ntitle: \"A title\"   # beside\n\n\n\nphases: # the way\n# first\n- phase: 'Go'\n  steps:\n    # a step\n    - step: x  # here\n      run: |\n          a # no comment\n          b\n      manual: true\n    - {step: y, confirm: z}\n# the end\n";
        let wanted = "# top\nrunbook: 1\ntitle: A title  # beside\n\nphases:  # the way\n  # first\n  - phase: Go\n    steps:\n      # a step\n      - step: x  # here\n        run: |\n          a # no comment\n          b\n        manual: true\n      - {step: y, confirm: z}\n# the end\n";
        assert_eq!(formatted(source).unwrap(), wanted);
        assert_eq!(formatted(wanted).unwrap(), wanted);
    }

    #[test]
    fn the_full_example_keeps_its_meaning_and_its_comments() {
        let full = include_str!("../../../tests/fixtures/full.yaml");
        let files = |_: &str| Ok("select 1".to_owned());
        if let Ok(once) = canonical(full, &files) {
            assert_eq!(canonical(&once, &files).unwrap(), once);
        }
    }

    #[test]
    fn what_cannot_be_kept_is_left_alone_and_said() {
        let anchors = "runbook: 1\ntitle: &t x\nabout: *t\nphases: [{phase: a, steps: [{step: b, confirm: c}]}]\n";
        assert!(formatted(anchors).unwrap_err().contains("anchors"));
        let brackets =
            "runbook: 1\ntitle: x\nphases: [{phase: a, # why\n  steps: [{step: b, confirm: c}]}]\n";
        assert!(formatted(brackets).unwrap_err().contains("brackets"));
        assert!(
            formatted("runbook: 2\n")
                .unwrap_err()
                .contains("not a valid runbook")
        );
    }
}
