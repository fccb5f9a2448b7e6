//! Ready checks: tested questions about a server, each with its threshold, its meaning and its remedy.
//!
//! A check is one file of SQL with a header (`pg/long-transactions.sql`); this module reads the headers, puts arguments
//! into the statements, judges the rows, and compares what was seen before with what is seen now.

mod arguments;
mod compare;
mod definition;
mod files;
mod judge;
mod read;
mod table;

use std::sync::LazyLock;

pub use arguments::{ArgumentFault, Arguments, faults};
pub use compare::compare;
pub use definition::{Check, Comparison, Family, Kind, Parameter, Rows, When};
pub use judge::{Judged, Verdict, judge, uncounted};
pub use table::Table;

use crate::domain::runbook::near;

static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    let read = files::FILES
        .iter()
        .filter_map(|(name, text)| read::check(name, text).ok());
    read.collect()
});

/// Returns every check, in the order of their names.
pub fn all() -> &'static [Check] {
    &CHECKS
}

/// Returns the check called `name`, as `pg/invalid-indexes`.
pub fn find(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

/// Returns what somebody who wrote `name` may have meant: "did you mean …?", else where the names are listed.
pub fn hint(name: &str) -> String {
    let names = || CHECKS.iter().map(|check| check.name);
    let last = |full: &'static str| full.rsplit('/').next().unwrap_or(full);
    let word = name.rsplit('/').next().unwrap_or(name);
    let meant = names()
        .find(|full| last(full) == word)
        .or_else(|| near::nearest(name, names()))
        .or_else(|| {
            let near = near::nearest(word, names().map(last))?;
            names().find(|full| last(full) == near)
        })
        .or_else(|| names().find(|full| word.len() > 3 && full.contains(word)));
    meant.map_or_else(
        || "`holdpoint checks` lists them".to_owned(),
        |near| {
            // Without a family before it, each family's is meant.
            let all = names()
                .filter(|full| *full == near || !name.contains('/') && last(full) == last(near));
            let all: Vec<String> = all.map(|full| format!("`{full}`")).collect();
            format!("did you mean {}?", all.join(" or "))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_check() {
        for (name, text) in files::FILES {
            if let Err(why) = read::check(name, text) {
                panic!("{name}: {why}");
            }
        }
        assert!(all().windows(2).all(|two| two[0].name < two[1].name));
    }

    #[test]
    fn every_file_of_the_directories_is_in_the_list() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/ready");
        for family in ["pg", "my", "migrations"] {
            for file in std::fs::read_dir(dir.join(family)).into_iter().flatten() {
                let path = file.unwrap().path();
                let name = format!("{family}/{}", path.file_stem().unwrap().to_str().unwrap());
                assert!(find(&name).is_some(), "{name} is not in files.rs");
            }
        }
    }

    #[test]
    fn slips_are_understood() {
        for (slip, meant) in [
            ("pg/invalid-index", "pg/invalid-indexes"),
            ("invalid-indexes", "pg/invalid-indexes"),
            ("pg/long-transaktions", "pg/long-transactions"),
            ("fingerprint", "pg/catalog-fingerprint"),
        ] {
            assert!(hint(slip).contains(meant), "{slip}: {}", hint(slip));
        }
        assert!(hint("zzzzzz").contains("holdpoint checks"));
    }
}
