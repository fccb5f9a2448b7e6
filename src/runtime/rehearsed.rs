//! How long the steps of the same file took on another target: a rehearsal tells more than what was written down.

use std::collections::BTreeMap;

use crate::domain::attempt::Ended;
use crate::domain::run::event::Opened;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::StepId;
use crate::engine::rundir;
use crate::engine::store;

/// Runs that are looked at, the newest first.
const LOOKED_AT: usize = 50;

/// Returns, for each step, the target and the milliseconds of its last good attempt in an earlier run of the same bytes
/// on another target than that of `opened`.
pub fn elsewhere(opened: &Opened) -> BTreeMap<StepId, (String, u64)> {
    let mut known = BTreeMap::new();
    for dir in rundir::list().unwrap_or_default().iter().take(LOOKED_AT) {
        let Ok(journal) = store::read(&dir.journal()) else {
            continue;
        };
        let run = RunState::fold(&journal.entries);
        let same_file = run.opened.runbook_sha256 == opened.runbook_sha256;
        if !same_file || run.opened.target == opened.target || run.opened.run == opened.run {
            continue;
        }
        for (step, record) in &run.steps {
            let Some(outcome) = record.outcome.as_ref().filter(|o| o.ended == Ended::Passed) else {
                continue;
            };
            let seen = (run.opened.target.clone(), outcome.duration_ms);
            known.entry(step.clone()).or_insert(seen);
        }
    }
    known
}
