//! Whose servers a runbook's databases are on, as far as it tells: by its addresses, else by the checks it asks of them.

use std::collections::BTreeMap;

use crate::domain::ready::Family;
use crate::domain::runbook::model::Target;
use crate::domain::runbook::tree::{Kind, Node};

/// What tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// Every target's address that can be read.
    Address(Family),
    /// Addresses of several families: each target is different.
    Differs,
    /// The first check that is for one family alone.
    Check(Family, String),
}

/// The families of a runbook's databases, by their names; without a name the targets' own.
#[derive(Debug, Default)]
pub(in crate::domain::runbook) struct Families {
    told: BTreeMap<Option<String>, Told>,
}

impl Families {
    /// Reads every `use` of the tree ahead of the steps, whose statements need it.
    pub fn of_checks(root: &Node) -> Self {
        let mut families = Self::default();
        families.look(root);
        families
    }

    fn look(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar { .. } => {}
            Kind::List(items) => {
                for item in items {
                    self.look(item);
                }
            }
            Kind::Map(pairs) => {
                let text = |wanted: &str| {
                    pairs.iter().find_map(|(key, value)| {
                        (scalar(key)? == wanted).then(|| scalar(value)).flatten()
                    })
                };
                let check = text("use").and_then(|name| Some((name, of_check(name)?)));
                if let Some((name, family)) = check {
                    let on = text("on").map(str::to_owned);
                    let told = Told::Check(family, name.to_owned());
                    self.told.entry(on).or_insert(told);
                }
                for (_, value) in pairs {
                    self.look(value);
                }
            }
        }
    }

    /// Takes what the targets' addresses tell, which weighs more than checks.
    pub fn take_addresses(&mut self, targets: &[Target]) {
        let mut found: BTreeMap<Option<String>, Told> = BTreeMap::new();
        for target in targets {
            let own = target.database.iter().map(|address| (None, address));
            let named = target.databases.iter();
            let named = named.map(|(name, address)| (Some(name.clone()), address));
            for (name, address) in own.chain(named) {
                let Some(family) = of_address(address) else {
                    continue;
                };
                let told = found.entry(name).or_insert(Told::Address(family));
                if *told != Told::Address(family) {
                    *told = Told::Differs;
                }
            }
        }
        self.told.extend(found);
    }

    /// Returns whose server the database `on` is on; [`Family::Any`]: it is not told.
    pub fn of(&self, on: Option<&str>) -> Family {
        match self.told.get(&on.map(str::to_owned)) {
            Some(Told::Address(family) | Told::Check(family, _)) => *family,
            Some(Told::Differs) | None => Family::Any,
        }
    }

    /// Returns why a check for `family` cannot be asked of the database `on`; `None`: it can, or it is not told.
    pub fn contradicts(&self, on: Option<&str>, family: Family) -> Option<String> {
        let known = self.of(on);
        if family == Family::Any || known == Family::Any || family == known {
            return None;
        }
        Some(match self.told.get(&on.map(str::to_owned)) {
            Some(Told::Check(_, name)) => {
                format!("`{name}` is asked of the same database: it can be of one family only")
            }
            Some(Told::Address(_) | Told::Differs) | None => {
                format!("the database's address leads to {known}")
            }
        })
    }
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar { text, .. } => Some(text),
        Kind::List(_) | Kind::Map(_) => None,
    }
}

fn of_check(name: &str) -> Option<Family> {
    match name.split_once('/')?.0 {
        "my" => Some(Family::MySql),
        "pg" => Some(Family::Postgres),
        _ => None,
    }
}

/// Reads the family off an address; one that begins with a variable tells nothing.
fn of_address(address: &str) -> Option<Family> {
    let (scheme, _) = address.trim_start().split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "mysql" | "mariadb" => Some(Family::MySql),
        "postgres" | "postgresql" => Some(Family::Postgres),
        _ => None,
    }
}
