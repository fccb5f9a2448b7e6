//! The tables of keys: that the reader takes every key in them, and the full example shows each.

use crate::domain::runbook::keys::{EXPECT, GROUP, ROOT, SQL_FILE, STEP, Shape, TABLES, Table};
use crate::domain::runbook::tree::{Kind, Node, read};

const FULL: &str = include_str!("../../../../tests/fixtures/full.yaml");

/// Collects `table.key` for every key of `node` and below it.
fn collect(node: &Node, shape: Shape, found: &mut Vec<String>) {
    match (shape, &node.kind) {
        (Shape::Map(table), Kind::Map(_)) => of_table(node, table, found),
        (Shape::List(table) | Shape::Roles(table), Kind::List(items)) => {
            for item in items {
                of_table(item, table, found);
            }
        }
        (Shape::Named(table), Kind::Map(pairs)) => {
            for (_, value) in pairs {
                of_table(value, table, found);
            }
        }
        (Shape::Expect, Kind::Map(_)) => of_table(node, &EXPECT, found),
        (Shape::Sql, Kind::Map(_)) => of_table(node, &SQL_FILE, found),
        (Shape::Items, Kind::List(items)) => {
            for item in items {
                let Kind::Map(pairs) = &item.kind else {
                    continue;
                };
                let group = pairs
                    .iter()
                    .any(|(k, _)| matches!(&k.kind, Kind::Scalar { text, .. } if text == "group"));
                let table = if group { &GROUP } else { &STEP };
                of_table(item, table, found);
            }
        }
        _ => {}
    }
}

fn of_table(node: &Node, table: &'static Table, found: &mut Vec<String>) {
    let Kind::Map(pairs) = &node.kind else { return };
    for (key, value) in pairs {
        let Kind::Scalar { text, .. } = &key.kind else {
            continue;
        };
        let key = table
            .get(text)
            .unwrap_or_else(|| panic!("{} has no {text}", table.name));
        found.push(format!("{}: {}", table.name, key.name));
        collect(value, key.shape, found);
    }
}

#[test]
fn the_full_example_shows_every_key() {
    let tree = read(FULL);
    let mut found = Vec::new();
    of_table(&tree.root.unwrap(), &ROOT, &mut found);
    let mut missing = Vec::new();
    for table in TABLES {
        for key in table.keys {
            let method = ["put", "patch", "delete"].contains(&key.name);
            let told = format!("{}: {}", table.name, key.name);
            if !method && !found.contains(&told) {
                missing.push(told);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
