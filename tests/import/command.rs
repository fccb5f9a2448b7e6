//! `holdpoint import` and `export` as they are called: exit codes, files, standard input and output.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const CLEAN: &str = "# A\n\n- [ ] one\n- [ ] two\n";
const TICKED: &str = "# A\n\n- [x] one\n";
const QUOTED: &str = "# A\n\n- [ ] one\n\n```md\n- [ ] two\n```\n";
const BROKEN: &str = "# A\n\n- [ ] one\n\n```sh\nls\n\n## B\n\n- [ ] two\n";

fn holdpoint(dir: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .args(arguments)
        .current_dir(dir)
        .env("HOLDPOINT_DATA", dir.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses before it reads shuts the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// A directory with the checklist `a.md`.
fn with(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.md"), text).unwrap();
    dir
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_runbook_is_no_checklist_and_is_named_as_what_it_is() {
    let dir = with("# A\n\nAs in\n\nrunbook: 1\n\n- [ ] one\n");
    let book = "# yaml-language-server: $schema=x\n\nrunbook: 1\ntitle: T\nphases:\n- phase: P\n  steps:\n  - {step: S, run: ls}\n";
    std::fs::write(dir.path().join("book.yaml"), book).unwrap();
    let (code, yaml, told) = said(&holdpoint(dir.path(), &["import", "book.yaml"], b""));
    assert_eq!((code, yaml.as_str()), (1, ""), "{told}");
    assert!(
        told.contains("book.yaml is not imported: it is a holdpoint runbook already"),
        "{told}"
    );
    assert!(told.contains("holdpoint check book.yaml"), "{told}");
    let (code, _, told) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
    assert_ne!(code, 1, "a checklist that only speaks of one: {told}");
}

#[test]
fn exit_codes_say_clean_warned_or_refused() {
    for (text, code) in [(CLEAN, 0), (TICKED, 2), ("just words", 1), ("", 1)] {
        let dir = with(text);
        let (is, yaml, told) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
        assert_eq!(is, code, "{text}\n{told}");
        assert_eq!(yaml.is_empty(), code == 1, "{yaml}");
        assert!(!told.is_empty());
    }
    let dir = with("- [ ] a\n");
    let broken = b"# A\n\n- [ ] \xff\n";
    let (code, _, told) = said(&holdpoint(dir.path(), &["import", "-"], broken));
    assert_eq!(code, 1);
    assert!(told.contains("line 3"), "{told}");
    let (code, _, _) = said(&holdpoint(dir.path(), &["import", "none.md"], b""));
    assert_eq!(code, 4);
}

#[test]
fn the_runbook_passes_check_and_its_account_is_written() {
    let dir = with(TICKED);
    let output = holdpoint(
        dir.path(),
        &["import", "a.md", "-o", "b.yaml", "--report", "r.md"],
        b"",
    );
    let (code, yaml, told) = said(&output);
    assert_eq!((code, yaml.as_str()), (2, ""), "{told}");
    assert!(told.contains("holdpoint run b.yaml"), "{told}");
    let report = std::fs::read_to_string(dir.path().join("r.md")).unwrap();
    assert!(report.contains("| 3 | item | step `one` |"), "{report}");
    let (code, _, told) = said(&holdpoint(dir.path(), &["check", "b.yaml"], b""));
    assert_eq!(code, 0, "{told}");
}

#[test]
fn a_checklist_with_sql_says_which_database_it_asks() {
    for (text, asks) in [(CLEAN, false), ("# A\n\n```sql\nselect 1;\n```\n", true)] {
        let dir = with(text);
        let (_, _, told) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
        assert_eq!(told.contains("$DATABASE_URL"), asks, "{told}");
    }
}

#[test]
fn nothing_is_written_over_unless_asked() {
    for taken in ["b.yaml", "r.md"] {
        let dir = with(CLEAN);
        std::fs::write(dir.path().join(taken), "mine").unwrap();
        let mut arguments = vec!["import", "a.md", "-o", "b.yaml", "--report", "r.md"];
        let (code, _, told) = said(&holdpoint(dir.path(), &arguments, b""));
        assert_eq!(code, 1);
        assert!(told.contains(taken) && told.contains("--force"), "{told}");
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name));
        assert_eq!(read(taken).unwrap(), "mine");
        let other = if taken == "r.md" { "b.yaml" } else { "r.md" };
        assert!(read(other).is_err(), "{other} was written");
        arguments.push("--force");
        let (code, _, _) = said(&holdpoint(dir.path(), &arguments, b""));
        assert_eq!(code, 0);
        assert_ne!(read(taken).unwrap(), "mine");
    }
    let dir = with(CLEAN);
    let same = ["import", "a.md", "-o", "b", "--report", "b"];
    assert_eq!(said(&holdpoint(dir.path(), &same, b"")).0, 1);
}

#[test]
fn standard_input_is_a_document_too() {
    let dir = with(CLEAN);
    let (code, piped, _) = said(&holdpoint(dir.path(), &["import", "-"], CLEAN.as_bytes()));
    let (_, read, _) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
    assert_eq!(code, 0);
    let steps = |yaml: &str| yaml.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(steps(&piped), steps(&read));
}

#[test]
fn quoted_checklists_are_expanded_and_broken_fences_mended_as_asked() {
    let dir = with(QUOTED);
    let (_, yaml, told) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
    assert!(yaml.contains("- step: two"), "{yaml}");
    assert!(told.contains("--no-expand"), "{told}");
    let kept = ["import", "a.md", "--no-expand"];
    let (_, yaml, _) = said(&holdpoint(dir.path(), &kept, b""));
    assert!(
        !yaml.contains("- step: two") && yaml.contains("- [ ] two"),
        "{yaml}"
    );

    let dir = with(BROKEN);
    let (code, yaml, told) = said(&holdpoint(dir.path(), &["import", "a.md"], b""));
    assert_eq!(code, 2);
    assert!(
        !yaml.contains("        run:") && told.contains("line 5"),
        "{yaml}{told}"
    );
    let mended = ["import", "a.md", "--repair-fences"];
    let (code, yaml, told) = said(&holdpoint(dir.path(), &mended, b""));
    assert_eq!(code, 2, "mending is told");
    assert!(
        yaml.contains("        run:") && yaml.contains("- step: two"),
        "{yaml}{told}"
    );
}

#[test]
fn what_is_exported_is_imported_again() {
    let dir = with(CLEAN);
    let to = |arguments: &[&str]| said(&holdpoint(dir.path(), arguments, b"")).0;
    assert_eq!(to(&["import", "a.md", "-o", "a.yaml"]), 0);
    assert_eq!(to(&["export", "a.yaml", "-o", "b.md"]), 0);
    assert_eq!(to(&["export", "a.yaml", "-o", "b.md"]), 1, "b.md is there");
    assert_eq!(to(&["import", "b.md", "-o", "b.yaml"]), 0);
    let steps = |name: &str| {
        let yaml = std::fs::read_to_string(dir.path().join(name)).unwrap();
        let steps: Vec<String> = yaml
            .lines()
            .filter(|line| line.contains("- step:"))
            .map(str::to_owned)
            .collect();
        steps
    };
    assert_eq!(steps("a.yaml"), steps("b.yaml"));
}
