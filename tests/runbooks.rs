//! Every runbook that is shipped, and the schema that editors hold them against.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use holdpoint::cli::{check, schema};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn good_files() -> Vec<PathBuf> {
    let mut files = vec![root().join("tests/fixtures/full.yaml")];
    for entry in fs::read_dir(root().join("runbooks")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "yaml") {
            files.push(path);
        }
    }
    assert!(files.len() > 1, "no runbook is shipped");
    files
}

#[test]
fn every_shipped_runbook_is_read_without_a_word() {
    for path in good_files() {
        let (_, parsed) = check::load(&path).unwrap();
        assert_eq!(parsed.problems.render(), "", "{}", path.display());
        assert!(parsed.book.is_some());
    }
}

#[test]
fn every_shipped_runbook_satisfies_the_schema() {
    let schema: Value = serde_json::from_str(&schema::text()).unwrap();
    for path in good_files() {
        let text = fs::read_to_string(&path).unwrap();
        let value: Value = serde_yaml::from_str(&text).unwrap();
        let mut wrong = Vec::new();
        validate(&schema, &schema, &value, "", &mut wrong);
        assert!(
            wrong.is_empty(),
            "{}:\n{}",
            path.display(),
            wrong.join("\n")
        );
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema: Value = serde_json::from_str(&schema::text()).unwrap();
    let good = "runbook: 1\ntitle: x\nphases: [{phase: a, steps: [{step: b, run: c}]}]\n";
    for (from, to) in [
        ("runbook: 1", "runbook: 2"),
        ("title: x\n", ""),
        ("title: x", "title: x\ncolour: red"),
        ("run: c", "note: c"),
        ("run: c", "run: c, check: d"),
        ("run: c", "run: c, timeout: 30"),
        ("run: c", "run: c, timeout: 30 parsecs"),
        ("run: c", "run: c, danger: very"),
        ("run: c", "run: c, manual: 'true'"),
        ("run: c", "run: c, retry: {wait: 1s}"),
        ("run: c", "run: [c]"),
        ("run: c", "run: c, not_before: 30m"),
        ("steps: [{step: b, run: c}]", "steps: []"),
    ] {
        let mut refused = [false; 2];
        for (i, text) in [good.to_owned(), good.replace(from, to)].iter().enumerate() {
            let value: Value = serde_yaml::from_str(text).unwrap();
            let mut wrong = Vec::new();
            validate(&schema, &schema, &value, "", &mut wrong);
            let path =
                std::env::temp_dir().join(format!("holdpoint-schema-{}.yaml", std::process::id()));
            fs::write(&path, text).unwrap();
            let parsed = check::load(&path).unwrap().1;
            fs::remove_file(&path).unwrap();
            refused[i] = !wrong.is_empty();
            assert_eq!(
                refused[i],
                parsed.book.is_none(),
                "{text}\n{wrong:?}\n{}",
                parsed.problems
            );
        }
        assert_eq!(refused, [false, true], "{to}");
    }
}

#[test]
fn the_schema_that_is_shipped_is_the_one_that_is_printed() {
    let path = root().join("assets/runbook.schema.json");
    if std::env::var_os("HOLDPOINT_WRITE_SCHEMA").is_some() {
        fs::write(&path, schema::text()).unwrap();
    }
    let shipped = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shipped == schema::text(),
        "{} is out of date: run this test once with HOLDPOINT_WRITE_SCHEMA=1",
        path.display()
    );
}

/// Runs `holdpoint check` with these words; returns its exit code and what it printed.
fn checked(words: &[&str]) -> (Option<i32>, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .arg("check")
        .args(words)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(ended.stderr.is_empty());
    (
        ended.status.code(),
        String::from_utf8(ended.stdout).unwrap(),
    )
}

#[test]
fn the_command_tells_good_from_bad_and_from_unreadable() {
    let bad = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(
        bad.path(),
        "runbook: 1\ntitle: x\nphases: [{phase: a, steps: [{step: b, rum: c}]}]\n",
    )
    .unwrap();
    let bad = bad.path().to_str().unwrap();
    let good = "tests/fixtures/full.yaml";

    assert_eq!(
        checked(&[good]),
        (
            Some(0),
            format!("{good}: good: 23 steps, 3 phases, 1 way back\n")
        )
    );
    let (code, text) = checked(&[good, bad]);
    assert_eq!(code, Some(3));
    assert!(text.contains("did you mean `run`?"), "{text}");
    assert!(
        text.ends_with("not a runbook that could be run (2 errors)\n"),
        "{text}"
    );
    for unreadable in ["nowhere.yaml", "tests"] {
        let (code, text) = checked(&[bad, unreadable]);
        assert_eq!(code, Some(4));
        assert!(
            text.contains(&format!("error: {unreadable} cannot be read: ")),
            "{text}"
        );
    }
    let (code, text) = checked(&["/dev/zero"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("a runbook has at most 8 MiB"), "{text}");

    let (code, text) = checked(&["--json", good, bad, "nowhere.yaml"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(4));
    assert_eq!(list[0]["errors"], 0);
    assert_eq!(list[1]["problems"][0]["line"], 3);
    assert!(list[2]["unreadable"].is_string());
}

/// Holds `value` against the few words of JSON schema that ours uses; any other word is a fault of this test.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let fails = |schema: &Value| {
        let mut inner = Vec::new();
        validate(root, schema, value, at, &mut inner);
        !inner.is_empty()
    };
    for (word, rule) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$schema" | "title" | "description" | "$defs" | "format" | "then" | "else" => true,
            "$ref" => {
                let target = root.pointer(&rule.as_str().unwrap()[1..]).unwrap();
                validate(root, target, value, at, wrong);
                true
            }
            "type" => kinds(rule).any(|kind| is_kind(kind, value)),
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|s| !s.is_empty()),
            "minItems" => value.as_array().is_none_or(|a| !a.is_empty()),
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().unwrap()).unwrap();
                value.as_str().is_none_or(|s| pattern.is_match(s))
            }
            "required" => value.as_object().is_none_or(|map| {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .all(|k| map.contains_key(k.as_str().unwrap()))
            }),
            "oneOf" => {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .filter(|s| !fails(s))
                    .count()
                    == 1
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|s| !fails(s)),
            "if" => {
                let branch = if fails(rule) { "else" } else { "then" };
                validate(root, &schema[branch], value, at, wrong);
                true
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, rule, item, &format!("{at}/{i}"), wrong);
                }
                true
            }
            "properties" | "additionalProperties" => {
                for (key, item) in value.as_object().into_iter().flatten() {
                    let at = format!("{at}/{key}");
                    let named = schema.get("properties").and_then(|p| p.get(key));
                    match (word.as_str(), named) {
                        ("properties", Some(rule)) => validate(root, rule, item, &at, wrong),
                        ("additionalProperties", None) if rule == &Value::Bool(false) => {
                            wrong.push(format!("{at}: unknown key"));
                        }
                        ("additionalProperties", None) => validate(root, rule, item, &at, wrong),
                        _ => {}
                    }
                }
                true
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        };
        if !holds {
            wrong.push(format!("{at}: {value} is not {word} {rule}"));
        }
    }
}

fn kinds(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str().into_iter();
    one.chain(
        rule.as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str),
    )
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn a_project_at_hand_gets_a_runbook_that_is_good_and_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("runbook.yaml");
    let project = root().join("tests/fixtures/alembic");
    let new = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command
            .arg("new")
            .arg("--dir")
            .arg(&project)
            .arg("-o")
            .arg(&file);
        let out = command.args(more).output().unwrap();
        let both = [out.stdout, out.stderr].concat();
        (out.status.code().unwrap(), String::from_utf8(both).unwrap())
    };
    let (code, said) = new(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("Alembic: alembic.ini (3 migrations)"),
        "{said}"
    );
    assert!(said.contains("newest version here: a3"), "{said}");
    let (_, parsed) = check::load(&file).unwrap();
    assert_eq!(parsed.problems.render(), "");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains(&format!("project_dir: {{default: \"{}", project.display())));
    let (code, said) = new(&[]);
    assert_eq!((code, said.contains("--force")), (4, true), "{said}");
    let (code, said) = new(&["--from", "rails", "--force"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no Rails project"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}
