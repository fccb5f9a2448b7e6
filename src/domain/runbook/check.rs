//! What can only be judged with the whole plan in hand: names that others define, and steps that contradict themselves.

use std::collections::HashMap;

use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::read::Reader;

mod later;
mod links;
mod steps;
mod uses;

pub use uses::{environment_names, environment_names_of};

/// Checks a runbook that was read; what is wrong is noted in `reader`.
pub(super) fn check(reader: &mut Reader, book: &Runbook) {
    let ids: HashMap<&str, usize> = book
        .steps
        .iter()
        .enumerate()
        .map(|(i, step)| (step.id.as_str(), i))
        .collect();
    links::check(reader, book, &ids);
    steps::check(reader, book, &ids);
    later::check(reader, book);
    uses::check(reader, book);
}
