//! What is looked up in a runbook on every frame, found out once: a runbook does not change after it was read.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::domain::runbook::model::{Choose, Item, Runbook, StepId};

/// A `choose: one` group: the steps of each of its items.
pub type Branches = Vec<Vec<StepId>>;

/// What was found out of a runbook. It belongs to that very runbook: a copy finds out anew, and no two books differ by it.
#[derive(Debug, Default)]
pub struct Lookup(OnceLock<Found>);

#[derive(Debug, Default)]
pub(super) struct Found {
    places: HashMap<StepId, usize>,
    choices: HashMap<StepId, Vec<Branches>>,
}

impl Clone for Lookup {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Lookup {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Lookup {
    pub(super) fn of(&self, book: &Runbook) -> &Found {
        self.0.get_or_init(|| Found::new(book))
    }
}

impl Found {
    fn new(book: &Runbook) -> Self {
        let mut found = Self::default();
        for (at, step) in book.steps.iter().enumerate() {
            found.places.entry(step.id.clone()).or_insert(at);
        }
        let phases = book.phases.iter().map(|p| &p.items);
        for items in phases.chain(book.rollback.iter().map(|p| &p.items)) {
            found.walk(book, items, &[]);
        }
        found
    }

    fn walk(&mut self, book: &Runbook, items: &[Item], around: &[Branches]) {
        for item in items {
            match item {
                Item::Step(_) if around.is_empty() => {}
                Item::Step(at) => {
                    if let Some(step) = book.steps.get(*at) {
                        self.choices.insert(step.id.clone(), around.to_vec());
                    }
                }
                Item::Group(group) => {
                    let mut around = around.to_vec();
                    if group.choose == Choose::One {
                        let branches = group.items.iter().map(|i| ids_in(book, i));
                        around.push(branches.collect());
                    }
                    self.walk(book, &group.items, &around);
                }
            }
        }
    }

    pub(super) fn place(&self, step: &StepId) -> Option<usize> {
        self.places.get(step).copied()
    }

    pub(super) fn choices(&self, step: &StepId) -> &[Branches] {
        self.choices.get(step).map_or(&[], Vec::as_slice)
    }
}

fn ids_in(book: &Runbook, item: &Item) -> Vec<StepId> {
    match item {
        Item::Step(at) => book
            .steps
            .get(*at)
            .map(|s| s.id.clone())
            .into_iter()
            .collect(),
        Item::Group(group) => group.items.iter().flat_map(|i| ids_in(book, i)).collect(),
    }
}
