//! What the converter finds in checklists written for it, held against labels made by hand: nothing is counted that was not found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use holdpoint::domain::import::{Imported, Options, import};
use holdpoint::domain::runbook::model::{Action, Danger, Runbook, Step};
use holdpoint::domain::units;

use crate::holds;

/// What is looked for: each has labels, precision and recall.
const KINDS: [&str; 7] = [
    "rollback", "signoff", "contact", "timing", "takes", "gate", "danger",
];

/// A checklist and what a person says of it.
struct Labelled {
    name: String,
    text: String,
    labels: Vec<(String, String)>,
}

impl Labelled {
    fn of(&self, kind: &str) -> BTreeSet<String> {
        let mine = self.labels.iter().filter(|(k, _)| k == kind);
        mine.map(|(_, said)| said.clone()).collect()
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import")
}

fn all() -> Vec<Labelled> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory().join("checklists"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    let read = |path: &Path| String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    paths
        .iter()
        .map(|path| Labelled {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            text: read(path),
            labels: read(&path.with_extension("labels"))
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(kind, said)| (kind.to_owned(), said.to_owned()))
                .collect(),
        })
        .collect()
}

/// Every checklist: name and text.
pub fn checklists() -> Vec<(String, String)> {
    all().into_iter().map(|c| (c.name, c.text)).collect()
}

fn script(step: &Step) -> Option<&str> {
    match &step.action {
        Action::Run(shell) | Action::Check(shell) => Some(&shell.script),
        Action::Sql(sql) => Some(&sql.text),
        _ => None,
    }
}

fn plain(text: &str) -> String {
    text.replace("$${", "${")
}

/// What the converter says, in the words of the labels.
fn found(kind: &str, book: &Runbook, labels: &Labelled) -> BTreeSet<String> {
    let steps = book.steps.iter();
    match kind {
        "rollback" => book.rollback.iter().map(|p| plain(&p.title)).collect(),
        "signoff" => book.roles.iter().cloned().collect(),
        "contact" => book.contacts.iter().map(|c| plain(&c.role)).collect(),
        "timing" => book
            .phases
            .iter()
            .filter_map(|p| {
                Some(format!(
                    "{} = {}",
                    plain(&p.title),
                    units::offset_text(p.at?)
                ))
            })
            .collect(),
        "takes" => steps
            .filter_map(|s| {
                Some(format!(
                    "{} = {}",
                    plain(&s.title),
                    units::short(s.takes.as_ref()?.fixed()?)
                ))
            })
            .collect(),
        // A step is called by the label that stands in it, else by itself: then it is a find that nobody labelled.
        "gate" => steps
            .filter(|s| matches!(s.action, Action::Decide(_)))
            .map(|s| called(&labels.of("gate"), &s.title))
            .collect(),
        "danger" => steps
            .filter(|s| s.danger == Danger::High)
            .filter_map(|s| Some(called(&labels.of("danger"), script(s)?)))
            .collect(),
        other => panic!("no kind {other}"),
    }
}

fn called(labels: &BTreeSet<String>, text: &str) -> String {
    let label = labels.iter().find(|label| text.contains(label.as_str()));
    label.cloned().unwrap_or_else(|| text.to_owned())
}

/// Found rightly, found wrongly, missed.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: Vec<String>,
    missed: Vec<String>,
}

impl Score {
    fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong.len())
    }

    fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few hundred")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

fn scores() -> BTreeMap<&'static str, Score> {
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for checklist in all() {
        let told = holds(&checklist.text);
        for kind in KINDS {
            let (is, should) = (found(kind, &told.book, &checklist), checklist.of(kind));
            let score = scores.entry(kind).or_default();
            let tell = |said: &String| format!("{}: {said}", checklist.name);
            score.right += is.intersection(&should).count();
            score.wrong.extend(is.difference(&should).map(tell));
            score.missed.extend(should.difference(&is).map(tell));
        }
    }
    scores
}

#[test]
fn what_is_found_is_there_and_what_is_there_is_found() {
    for (kind, score) in scores() {
        assert!(
            score.precision() >= 0.95 && score.recall() >= 0.90,
            "{kind}: wrong {:#?}, missed {:#?}",
            score.wrong,
            score.missed
        );
    }
}

#[test]
fn every_action_was_looked_at_and_what_must_not_run_does_not() {
    for checklist in all() {
        let told = holds(&checklist.text);
        let known: Vec<String> = ["danger", "safe"]
            .iter()
            .flat_map(|kind| checklist.of(kind))
            .collect();
        let scripts: Vec<&str> = told.book.steps.iter().filter_map(script).collect();
        for text in &scripts {
            let looked_at = known.iter().any(|label| text.contains(label.as_str()));
            assert!(looked_at, "{}: no label for {text}", checklist.name);
        }
        for label in &known {
            let runs = scripts.iter().any(|text| text.contains(label.as_str()));
            assert!(runs, "{}: `{label}` is no action", checklist.name);
        }
        for label in checklist.of("never") {
            let runs = scripts.iter().any(|text| text.contains(label.as_str()));
            assert!(!runs, "{}: `{label}` runs", checklist.name);
            let kept = told.yaml.contains(label.as_str());
            assert!(kept, "{}: `{label}` is gone", checklist.name);
        }
    }
}

/// The rows of the account: what and fate.
fn rows(told: &Imported) -> Vec<(String, String)> {
    let report = told.account.report("a.md", &told.digest);
    let rows = report.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').splitn(3, " | ").collect();
        let [_, what, fate] = cells.as_slice() else {
            return None;
        };
        Some(((*what).trim().to_owned(), (*fate).trim().to_owned()))
    });
    rows.collect()
}

/// A rule of the design, by what stood there and what it became.
fn rule(what: &str, fate: &str) -> Option<&'static str> {
    let begins = |word: &str| fate.starts_with(word);
    Some(match what {
        "item" if begins("step") => "items: steps",
        "item" if begins("group") => "items: groups",
        "item" if begins("a reason") => "reasons to go back",
        "item" => "items: text",
        "block" if begins("step") || begins("part of") => "blocks: with a step",
        "block" => "blocks: text",
        "heading" if begins("phase") => "headings: phases",
        "heading" if begins("group") => "headings: groups",
        "heading" if begins("step") => "headings: steps",
        "heading" if begins("way back") => "ways back",
        "table" if begins("step") => "rows: steps",
        "table" if begins("contact") => "tables: contacts",
        "html" | "template" | "front matter" => "html, templates, front matter",
        "text" if begins("part of") => "text: with a step",
        "text" if begins("text") => "text: about, reference",
        _ => return None,
    })
}

/// Counts by rule and checklist, and the scores.
fn table() -> String {
    let mut counts: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let checklists = all();
    for checklist in &checklists {
        let told = holds(&checklist.text);
        let mut add = |name: &str, n: usize| {
            if n > 0 {
                let row = counts.entry(name.to_owned()).or_default();
                *row.entry(checklist.name.as_str()).or_default() += n;
            }
        };
        for (what, fate) in rows(&told) {
            if let Some(rule) = rule(&what, &fate) {
                add(rule, 1);
            }
            add(
                "lines no rule took",
                usize::from(fate.contains("no rule took it")),
            );
        }
        let actions =
            |is: &dyn Fn(&Action) -> bool| told.book.steps.iter().filter(|s| is(&s.action)).count();
        add("actions: shell", actions(&|a| matches!(a, Action::Run(_))));
        add("actions: sql", actions(&|a| matches!(a, Action::Sql(_))));
        add("actions: http", actions(&|a| matches!(a, Action::Http(_))));
        add("decisions", actions(&|a| matches!(a, Action::Decide(_))));
        add("signatures", actions(&|a| matches!(a, Action::Sign(_))));
        add("parameters", told.book.parameters.len());
        add("warnings", told.account.warnings.len());
    }
    counts_told(&checklists, &counts) + &scores_told()
}

fn counts_told(
    checklists: &[Labelled],
    counts: &BTreeMap<String, BTreeMap<&str, usize>>,
) -> String {
    let mut text = String::from("Counts by rule, of the checklists in `checklists/`.\n\n| rule |");
    for checklist in checklists {
        let _ = write!(text, " {} |", checklist.name);
    }
    text.push_str(" all |\n|---|");
    text.push_str(&"---:|".repeat(checklists.len() + 1));
    text.push('\n');
    for (rule, row) in counts {
        let _ = write!(text, "| {rule} |");
        for checklist in checklists {
            let _ = write!(
                text,
                " {} |",
                row.get(checklist.name.as_str()).unwrap_or(&0)
            );
        }
        let _ = writeln!(text, " {} |", row.values().sum::<usize>());
    }
    text
}

fn scores_told() -> String {
    let mut text = String::from("\nHeld against labels made by hand (`*.labels`).\n\n");
    text.push_str(
        "| what | right | wrong | missed | precision | recall |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for (kind, score) in scores() {
        let _ = writeln!(
            text,
            "| {kind} | {} | {} | {} | {:.3} | {:.3} |",
            score.right,
            score.wrong.len(),
            score.missed.len(),
            score.precision(),
            score.recall()
        );
    }
    text
}

#[test]
fn the_figures_are_what_is_written_down() {
    let path = directory().join("figures.md");
    let now = table();
    if std::env::var_os("HOLDPOINT_WRITE_FIGURES").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept, now,
        "HOLDPOINT_WRITE_FIGURES=1 cargo test --test import figures writes them anew: look at the difference"
    );
}

#[test]
fn the_same_checklist_gives_the_same_bytes_with_other_line_ends() {
    for checklist in all() {
        let unix = checklist.text.replace("\r\n", "\n");
        let other = unix.replace('\n', "\r\n");
        let book = |text: &str| {
            let told = import(text.as_bytes(), "a.md", Options::default()).unwrap();
            told.yaml
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(book(&unix), book(&other), "{}", checklist.name);
    }
}
