//! Many runs at once: whether each of them is there, ended, and recorded as it was signed.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::run::event::Status;

pub mod table;

/// One run as its folder tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The folder, relative to what is audited.
    pub folder: String,
    /// The run's id; the folder's name where the journal cannot be read.
    pub id: String,
    /// When it was opened, as its journal has it; empty: not known.
    pub opened: String,
    /// The change that it belongs to.
    pub change: String,
    /// The runbook's title.
    pub title: String,
    /// The target.
    pub target: String,
    /// Who drove it last.
    pub operator: String,
    /// How it ended.
    pub stand: Stand,
    /// Deviations that its log lists; `None`: it cannot be told.
    pub deviations: Option<usize>,
    /// Who signed, in order.
    pub signed: Vec<SignedBy>,
    /// What came of verifying its record.
    pub record: Record,
    /// Why it is not verified: the first line that says so.
    pub why: String,
    /// Its later duties that should have been done and were not, one sentence each.
    pub overdue: Vec<String>,
    /// The run before it and that run's head, as it was then.
    pub before: Option<Before>,
    /// The heads of its journal, after every record.
    pub heads: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stand {
    /// It was closed.
    Closed(Status),
    /// Somebody drives it at this moment.
    UnderWay(String),
    /// Its journal ends before it does, and nobody drives it.
    Open,
    /// Its journal cannot be read.
    #[default]
    Unreadable,
}

impl Stand {
    /// Returns it in a word or two.
    pub fn word(&self) -> &str {
        match self {
            Self::Closed(status) => status.word(),
            Self::UnderWay(_) => "UNDER WAY",
            Self::Open => "UNKNOWN",
            Self::Unreadable => "UNREADABLE",
        }
    }
}

/// A signature of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBy {
    /// As what: a role, or `addendum`.
    pub role: String,
    /// By whom, as the trust file spells it.
    pub identity: String,
    /// What was decided.
    pub decision: String,
    /// Whether it is intact and its key may sign so.
    pub good: Good,
}

/// Whether a signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Good {
    /// It is.
    Yes,
    /// It is intact, and nobody says whose key it is.
    Untold,
    /// It is not.
    No,
}

/// What came of verifying a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Record {
    /// It is what was signed.
    Verified,
    /// Something is missing.
    #[default]
    Incomplete,
    /// Something is wrong.
    Failed,
}

impl Record {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Incomplete => "INCOMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

/// The run before another one, as that one names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its id.
    pub run: String,
    /// Its journal's head at that time.
    pub head: String,
}

/// Something that an auditor must know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub record: Record,
    /// In a word, for programs.
    pub kind: &'static str,
    /// The run.
    pub run: String,
    /// What.
    pub text: String,
}

/// An audit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// The runs, in the order of their opening.
    pub runs: Vec<Run>,
    /// Runs that another one names and that are not there, with who names them.
    pub missing: BTreeMap<String, String>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Looks at runs together. Of those opened before `since` (as a journal spells it) only the chain is looked at.
    pub fn of(mut runs: Vec<Run>, since: Option<&str>) -> Self {
        runs.sort_by(|a, b| (&a.opened, &a.id, &a.folder).cmp(&(&b.opened, &b.id, &b.folder)));
        let mut findings = Vec::new();
        let missing = chain(&runs, &mut findings);
        twice(&runs, &mut findings);
        let is_old = |run: &Run| {
            since.is_some_and(|since| !run.opened.is_empty() && run.opened.as_str() < since)
        };
        runs.retain(|run| !is_old(run));
        for run in &runs {
            one(run, &mut findings);
        }
        findings.sort_by(|a, b| b.record.cmp(&a.record).then_with(|| a.run.cmp(&b.run)));
        Self {
            runs,
            missing,
            findings,
        }
    }

    /// Returns the worst that was found.
    pub fn verdict(&self) -> Record {
        self.findings
            .iter()
            .map(|f| f.record)
            .max()
            .unwrap_or(Record::Verified)
    }

    /// Returns how many of the runs have this record.
    pub fn count(&self, record: Record) -> usize {
        self.runs.iter().filter(|r| r.record == record).count()
    }
}

/// Follows from each run to the one before it; returns those that are not there.
fn chain(runs: &[Run], findings: &mut Vec<Finding>) -> BTreeMap<String, String> {
    let mut missing = BTreeMap::new();
    let mut followed: BTreeMap<&str, &Run> = BTreeMap::new();
    for run in runs {
        let Some(before) = &run.before else {
            continue;
        };
        let mut found = runs.iter().filter(|r| r.id == before.run).peekable();
        if found.peek().is_none() {
            if missing.insert(before.run.clone(), run.id.clone()).is_none() {
                findings.push(Finding {
                    record: Record::Failed,
                    kind: "missing",
                    run: before.run.clone(),
                    text: format!("MISSING RUN: {} names it as the run before it", run.id),
                });
            }
        } else if !found.any(|r| r.heads.contains(&before.head)) {
            let short = before.head.get(..12).unwrap_or(&before.head);
            findings.push(Finding {
                record: Record::Failed,
                kind: "rewritten",
                run: before.run.clone(),
                text: format!(
                    "REWRITTEN: its journal does not hold the head {short}... that {} recorded of it",
                    run.id
                ),
            });
        }
        match followed.insert(&before.run, run) {
            Some(other) if other.id != run.id => findings.push(Finding {
                record: Record::Verified,
                kind: "forked",
                run: run.id.clone(),
                text: format!(
                    "it and {} both follow {}: opened side by side, or one of them elsewhere",
                    other.id, before.run
                ),
            }),
            Some(_) | None => {}
        }
    }
    missing
}

fn twice(runs: &[Run], findings: &mut Vec<Finding>) {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for run in runs {
        folders.entry(&run.id).or_default().insert(&run.folder);
    }
    for (id, folders) in folders.iter().filter(|(_, folders)| folders.len() > 1) {
        let all: Vec<&str> = folders.iter().copied().collect();
        findings.push(Finding {
            record: Record::Failed,
            kind: "twice",
            run: (*id).to_owned(),
            text: format!("TWICE: the same run lies in {}", all.join(" and in ")),
        });
    }
}

fn one(run: &Run, findings: &mut Vec<Finding>) {
    let mut say = |record: Record, kind: &'static str, text: String| {
        findings.push(Finding {
            record,
            kind,
            run: run.id.clone(),
            text,
        });
    };
    match &run.stand {
        Stand::Open => say(
            Record::Incomplete,
            "unknown",
            "UNKNOWN OUTCOME: its journal ends before the run does, and nobody drives it"
                .to_owned(),
        ),
        Stand::UnderWay(driver) => {
            say(Record::Verified, "under way", format!("driven by {driver}"));
        }
        Stand::Closed(_) | Stand::Unreadable => {}
    }
    let is_open = matches!(run.stand, Stand::Open | Stand::UnderWay(_));
    match run.record {
        Record::Verified => {}
        // That an open run is not signed yet goes without saying.
        Record::Incomplete if is_open => {}
        Record::Incomplete => say(
            Record::Incomplete,
            "incomplete",
            format!("INCOMPLETE: {}", run.why),
        ),
        Record::Failed => say(Record::Failed, "failed", format!("FAILED: {}", run.why)),
    }
    for duty in &run.overdue {
        say(Record::Incomplete, "overdue", format!("OVERDUE: {duty}"));
    }
    let name = run.folder.rsplit('/').next().unwrap_or_default();
    if name != run.id {
        say(
            Record::Verified,
            "moved",
            format!("its folder is called {name}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, before: Option<(&str, &str)>) -> Run {
        Run {
            folder: format!("x/{id}"),
            id: id.into(),
            opened: format!("2026-11-{id}"),
            stand: Stand::Closed(Status::Success),
            record: Record::Verified,
            before: before.map(|(run, head)| Before {
                run: run.into(),
                head: head.into(),
            }),
            heads: vec![format!("{id}-1"), format!("{id}-2")],
            ..Run::default()
        }
    }

    fn found(runs: Vec<Run>) -> Vec<(Record, &'static str, String)> {
        let audit = Audit::of(runs, None);
        let each = audit.findings.into_iter();
        each.map(|f| (f.record, f.kind, f.run)).collect()
    }

    #[test]
    fn a_whole_chain_has_nothing_to_say() {
        // A run may be opened while the one before it still runs: any of its heads will do.
        let runs = vec![run("02", Some(("01", "01-1"))), run("01", None)];
        let audit = Audit::of(runs, None);
        assert_eq!(
            (audit.verdict(), audit.findings.len()),
            (Record::Verified, 0)
        );
        assert_eq!(audit.runs[0].id, "01");
    }

    #[test]
    fn a_run_that_is_gone_is_named_by_the_next() {
        let runs = vec![run("01", None), run("03", Some(("02", "02-2")))];
        assert_eq!(found(runs), [(Record::Failed, "missing", "02".into())]);
    }

    #[test]
    fn a_run_that_was_rewritten_is_named_by_the_next() {
        let runs = vec![run("01", None), run("02", Some(("01", "another")))];
        assert_eq!(found(runs), [(Record::Failed, "rewritten", "01".into())]);
    }

    #[test]
    fn one_run_in_two_folders_is_seen() {
        let mut copy = run("01", None);
        copy.folder = "y/01".into();
        assert_eq!(
            found(vec![run("01", None), copy]),
            [(Record::Failed, "twice", "01".into())]
        );
    }

    #[test]
    fn two_runs_behind_one_are_told_and_fail_nothing() {
        let runs = vec![
            run("01", None),
            run("02", Some(("01", "01-2"))),
            run("03", Some(("01", "01-2"))),
        ];
        assert_eq!(found(runs), [(Record::Verified, "forked", "03".into())]);
    }

    #[test]
    fn unknown_outcomes_and_moved_folders_are_seen() {
        let mut open = run("01", None);
        open.stand = Stand::Open;
        open.record = Record::Incomplete;
        let mut moved = run("02", None);
        moved.folder = "z".into();
        assert_eq!(
            found(vec![open, moved]),
            [
                (Record::Incomplete, "unknown", "01".into()),
                (Record::Verified, "moved", "02".into())
            ]
        );
    }

    #[test]
    fn a_duty_that_is_overdue_is_a_finding_though_the_record_verifies() {
        let mut late = run("01", None);
        late.overdue = vec!["“Review” was due by then".into()];
        let audit = Audit::of(vec![late], None);
        assert_eq!(audit.verdict(), Record::Incomplete);
        assert_eq!(audit.findings[0].text, "OVERDUE: “Review” was due by then");
    }

    #[test]
    fn what_is_older_is_left_out_and_still_chained() {
        let mut old = run("01", None);
        old.record = Record::Failed;
        let runs = vec![old, run("02", Some(("01", "01-2")))];
        let audit = Audit::of(runs, Some("2026-11-02"));
        assert_eq!((audit.runs.len(), audit.findings.len()), (1, 0));
    }
}
