//! A history that names only where it stands: what comes before it is applied, too.

use std::collections::{BTreeSet, HashMap};

use crate::domain::migrations::scripts::Script;

/// Returns every version that comes before one of `heads`, and these.
pub(super) fn behind<'s>(heads: &[&'s str], scripts: &'s [Script]) -> BTreeSet<&'s str> {
    let by_version: HashMap<&str, &Script> =
        scripts.iter().map(|s| (s.version.as_str(), s)).collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = heads.to_vec();
    while let Some(version) = open.pop() {
        if !found.insert(version) {
            continue;
        }
        if let Some(script) = by_version.get(version) {
            open.extend(script.after.iter().map(String::as_str));
        }
    }
    found
}
