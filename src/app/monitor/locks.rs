//! The lock tree as the operator wants to see it: with a filter, only branches that hold what is looked for.

use std::borrow::Cow;

use crate::app::model::Model;
use crate::app::monitor::filter::Filter;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::sessions;
use crate::domain::sample::Sample;
use crate::domain::sample::blocking::{Forest, Node, Who};

/// Returns the roots of the tree that is shown.
pub fn roots(model: &Model) -> Cow<'_, [Node]> {
    let picture = model.monitor.picture();
    let filter = Filter::read(&model.monitor.arranged(Panel::Locks).filter);
    let (Some(sample), false) = (picture.sample, filter.is_empty()) else {
        return Cow::Borrowed(&picture.forest.roots);
    };
    let kept = picture.forest.roots.iter();
    Cow::Owned(
        kept.flat_map(|node| kept_of(model, sample, &filter, node))
            .collect(),
    )
}

/// A branch stays where its own row or any below it passes; a row that passes keeps all that hangs on it, and of one that
/// does not those stay that are folded into it and pass.
fn kept_of(model: &Model, sample: &Sample, filter: &Filter, node: &Node) -> Vec<Node> {
    let passes = |node: &Node| passes(model, sample, filter, node);
    if passes(node) {
        return vec![node.clone()];
    }
    let children = node.children.iter();
    let children: Vec<Node> = children
        .flat_map(|child| kept_of(model, sample, filter, child))
        .collect();
    if children.is_empty() {
        return node.opened().filter(passes).collect();
    }
    let node = node.clone();
    vec![Node { children, ..node }]
}

fn passes(model: &Model, sample: &Sample, filter: &Filter, node: &Node) -> bool {
    match node.session(sample) {
        Some(session) => {
            let (name, pid) = (sessions::name(model, session), session.pid.to_string());
            filter.passes(&sessions::fields(session, &name, &pid))
        }
        None => filter.passes(&[("statement", &node.words(sample))]),
    }
}

/// Returns the rows that the cursor can stand on, from top to bottom.
pub fn keys(model: &Model) -> Vec<RowKey> {
    let Some(sample) = model.monitor.picture().sample else {
        return Vec::new();
    };
    let forest = Forest {
        roots: roots(model).into_owned(),
        waiting: 0,
    };
    forest
        .rows()
        .into_iter()
        .map(|(_, node)| key(node, sample))
        .collect()
}

/// Returns what names a row of the tree.
pub fn key(node: &Node, sample: &Sample) -> RowKey {
    match &node.who {
        Who::Gone(pid) => RowKey::Session(*pid),
        Who::Session(_) => RowKey::Session(node.session(sample).map_or(0, |s| s.pid)),
        Who::Prepared(_) | Who::PreparedUnknown | Who::Untold(_) => {
            RowKey::Named(node.words(sample))
        }
    }
}
