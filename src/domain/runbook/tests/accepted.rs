//! Good files, and what becomes of them.

use crate::domain::runbook::tests::parsed;

const FULL: &str = include_str!("../../../../tests/fixtures/full.yaml");

#[test]
fn the_full_example_is_read_without_a_word() {
    let parsed = parsed(FULL);
    assert_eq!(parsed.problems.render(), "");
    let book = parsed.book.unwrap();
    let told: Vec<(&str, &str)> = book
        .steps
        .iter()
        .map(|s| (s.number.as_str(), s.id.as_str()))
        .collect();
    assert_eq!(
        told[..6],
        [
            ("1.1", "the-team-knows"),
            ("1.2", "the-server-is-new-enough"),
            ("1.3", "how-much-room-a-backup-needs"),
            ("1.4", "the-newest-revision"),
            ("1.5", "backup"),
            ("1.6", "take-a-snapshot-of-the-volume"),
        ]
    );
    assert_eq!(told.last(), Some(&("downgrade.1", "downgrade")));
}
