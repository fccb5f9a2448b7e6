//! What no document may break.

use std::fmt::Write as _;

use holdpoint::domain::import::{Options, Repair, export, import};
use proptest::prelude::*;

use crate::fixtures::ALL;
use crate::{blocks, holds, imported, outline};

#[test]
fn the_laws_hold_of_every_fixture() {
    for (name, text) in ALL {
        let once = holds(text);
        assert!(!once.book.steps.is_empty(), "{name}");
    }
}

#[test]
fn ticks_line_ends_and_bullets_change_no_step() {
    for (name, text) in ALL {
        let plain = outline(&imported(text).book);
        for (what, other) in [
            ("ticked", text.replace("[ ]", "[x]")),
            ("CRLF", text.replace('\n', "\r\n")),
            ("byte order mark", format!("\u{feff}{text}")),
            ("asterisks", text.replace("\n- ", "\n* ")),
        ] {
            if what == "ticked" && text.contains("[ ] ") && name == &"choices" {
                continue;
            }
            assert_eq!(outline(&imported(&other).book), plain, "{name}, {what}");
        }
    }
}

#[test]
fn a_second_copy_doubles_what_there_is() {
    let list = "- [ ] one\n- [ ] two\n\n```sh\nls\n```\n\n1. three\n2. four\n";
    let once = imported(&format!("# A\n\n## P\n\n{list}\n## Q\n\n{list}"));
    let single = imported(&format!("# A\n\n## P\n\n{list}"));
    assert_eq!(once.book.steps.len(), 2 * single.book.steps.len());
    assert_eq!(blocks(&once.book).len(), 2 * blocks(&single.book).len());
}

#[test]
fn a_document_cut_anywhere_is_imported_or_refused() {
    for (_, text) in ALL {
        for (at, _) in text.char_indices() {
            let _ = import(&text.as_bytes()[..at], "cut.md", Options::default());
        }
    }
}

#[test]
fn broken_fences_never_run_and_can_be_mended() {
    let text = "# A\n\n- [ ] one\n\n```sh\nrm -rf /\n\n## Next\n\n- [ ] two\n";
    let told = imported(text);
    assert!(blocks(&told.book).is_empty());
    assert!(
        told.account
            .warnings
            .iter()
            .any(|(line, w)| *line == 5 && w.contains("never shut"))
    );
    let options = Options {
        repair: Repair::Yes,
        ..Options::default()
    };
    let mended = import(text.as_bytes(), "a.md", options).unwrap();
    assert_eq!(blocks(&mended.book), ["rm -rf /\n"]);
    assert_eq!(mended.book.steps.len(), 2);
}

#[test]
fn nesting_without_end_is_no_end() {
    for part in [
        ">", "- ", "1. ", "- [ ] ", "*", "[", "<div>", "`", "#", "| a ", "\t",
    ] {
        let deep = part.repeat(3_000);
        let _ = import(
            format!("- [ ] a\n{deep}\n").as_bytes(),
            "deep.md",
            Options::default(),
        );
    }
    let mut nested = String::from("# A\n");
    for depth in 0..200 {
        let _ = writeln!(nested, "{}- [ ] task {depth}", "  ".repeat(depth));
    }
    holds(&nested);
}

#[test]
fn two_and_a_half_thousand_lines_keep_every_item() {
    let mut text = String::from("# Long\n");
    for phase in 0..50 {
        let _ = writeln!(text, "\n## Phase {phase}\n");
        for item in 0..20 {
            let _ = writeln!(
                text,
                "- [ ] item {phase}-{item}\n  ```sh\n  echo {phase}-{item}\n  ```"
            );
        }
    }
    assert!(text.lines().count() > 2_500);
    let told = holds(&text);
    assert_eq!(told.book.steps.len(), 1_000);
    assert_eq!(blocks(&told.book)[999], "echo 49-19\n");
}

#[test]
fn an_export_is_imported_as_the_same_steps() {
    for (name, text) in ALL {
        let first = imported(text);
        let printed = export(&first.book);
        let second = import(printed.as_bytes(), "b.md", Options::default())
            .unwrap_or_else(|e| panic!("{name}: {e}\n{printed}"));
        let titles = |book: &holdpoint::domain::runbook::model::Runbook| {
            book.steps
                .iter()
                .map(|s| s.title.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            titles(&second.book),
            titles(&first.book),
            "{name}\n{printed}"
        );
        assert_eq!(
            blocks(&second.book),
            blocks(&first.book),
            "{name}\n{printed}"
        );
    }
}

const PARTS: &[&str] = &[
    "# Title\n",
    "## Deploy\n",
    "## Rollback\n",
    "### Step 1: x\n",
    "## Sign-off\n",
    "## Contacts\n",
    "- [ ] one\n",
    "  - [x] two\n",
    "1. three\n",
    "   1. four\n",
    "- plain\n",
    "\n",
    "text\n",
    "```sh\nls <x>\n```\n",
    "   ```bash\n   rm a\n   ```\n",
    "```sql\nselect 1;\n```\n",
    "```\n$ ls\nout\n```\n",
    "| Step | Owner |\n|---|---|\n| a | b |\n",
    "| Role | Name | Signature |\n|---|---|---|\n| DBA | | |\n",
    "> STOP\n",
    "OR\n",
    "<details>\n<summary>S</summary>\n",
    "</details>\n",
    "<!-- - [ ] x -->\n",
    "{{ if .x }}\n",
    "<% end %>\n",
    "---\n",
    "**Bold**\n",
    "~~~\n",
    "```\n",
    "DBA: ____\n",
    "[ ] yes [ ] no\n",
    "- DBA: #dba\n",
    "\t- [ ] tab\n",
    "$${x} ${y} ${\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_mixture_is_imported_whole_or_refused(parts in prop::collection::vec(prop::sample::select(PARTS), 1..24)) {
        let text = parts.concat();
        if let Err(refused) = import(text.as_bytes(), "x.md", Options::default()) {
            prop_assert!(!refused.to_string().contains("read back") && !refused.to_string().contains("no valid runbook"), "{text}\n{refused}");
        } else {
            holds(&text);
        }
    }

    #[test]
    fn any_bytes_are_imported_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = import(&bytes, "x.md", Options::default());
    }

    #[test]
    fn any_text_is_imported_or_refused(text in "\\PC{0,60}(\n[-*#>|`~0-9. \\[\\]x]{1,6}\\PC{0,30}){0,8}") {
        if let Err(refused) = import(text.as_bytes(), "x.md", Options::default()) {
            prop_assert!(!refused.to_string().contains("read back") && !refused.to_string().contains("no valid runbook"), "{text}\n{refused}");
        }
    }
}
