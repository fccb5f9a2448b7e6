//! The shipped runbook for Flyway in Spring Boot in docker compose: a real server; stand-ins for containers, Flyway and Maven.

mod project;

use std::fs;

use crate::support::person::Person;
use project::{CHANGES, DIGESTS, Project};

const BEFORE: &str = "1,2,3,4";
const ALL: &str = "1,2,3,4,5,6";

#[test]
fn staging_begins_without_a_screen_and_is_taken_up_by_a_person() {
    let project = Project::new();
    project
        .story
        .assert_leaves_to_a_person("staging", "The scripts were read: a person must");
    let mut person = Person::resume(&project.story, "staging");
    person.go_to_the_end();
    person.assert_done(&[
        "cfg-flyway",
        "cfg-cic",
        "env",
        "migrate",
        "history-ok",
        "health",
        "info",
        "api-clients",
        "api-closed",
        "integration-tests",
        "watch-log",
        "keep-digests",
    ]);
    assert_eq!(project.applied(), ALL);
    assert_eq!(project.story.archived("v2.staging.changes"), CHANGES);
    assert_eq!(project.story.archived("v2.staging.applied"), DIGESTS);
    let log = person.end_and_verify(0);
    assert!(!log.contains("jwt-0815-jwt"), "the session's token");
}

#[test]
fn way_a_a_script_is_corrected_and_the_release_started_again() {
    let project = Project::new();
    let script = project.script("V5__ticket_spot.sql");
    let good = fs::read_to_string(&script).unwrap();
    fs::write(
        &script,
        good.replace("REFERENCES spots", "REFERENCES sports"),
    )
    .unwrap();
    let mut person = Person::start(&project.story, "staging");
    person.go_to_failure("migrate");
    // Rolled back, and no entry: what the history lacks says that it failed.
    assert_eq!(project.applied(), BEFORE);
    fs::write(&script, good).unwrap();
    project
        .story
        .sql("insert into clients (plate) values ('K-7')");
    person.retry("migrate", "the misspelt table is corrected");
    person.go_to_failure("migrate");
    // Not in a transaction: this one leaves an entry that failed, and an invalid index.
    assert_eq!(project.applied(), "1,2,3,4,5,6!");
    project.story.sql("delete from clients where id = 301");
    project.story.sql("drop index concurrently clients_plate");
    person.retry("migrate", "the double plate is gone, and the invalid index");
    person.go_to_the_end();
    person.assert_done(&["migrate", "history-ok", "verify-schema"]);
    assert_eq!(person.attempts("migrate"), 3);
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains("the misspelt table is corrected"), "{log}");
}

#[test]
fn way_b_undoes_by_hand_what_was_applied() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("migrate");
    project
        .story
        .sql("insert into clients (plate) values ('K-7')");
    person.allow("migrate");
    person.go_to_failure("migrate");
    assert_eq!(project.applied(), "1,2,3,4,5,6!");
    project.story.sql("delete from clients where id = 301");
    person.roll_back("B: undo by hand", "two clients share a plate");
    person.go_to_the_end();
    person.assert_done(&[
        "b-apply",
        "b-compare",
        "b-history",
        "b-data",
        "b-start",
        "b-health",
    ]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(
        project.story.value("select sum(cents) from tickets"),
        "2001000"
    );
    let log = person.end_and_verify(1);
    assert!(log.contains("two clients share a plate"), "{log}");
}

#[test]
fn way_c_restores_the_dump_and_keeps_the_broken_database() {
    let project = Project::new();
    project.staging_went_well(DIGESTS);
    let mut person = Person::start(&project.story, "production");
    person.go_to("maint-off");
    assert_eq!(project.applied(), ALL);
    project.story.sql("update tickets set cents = 0");
    person.roll_back("C: restore the dump", "every ticket is free");
    person.go_to_the_end();
    person.assert_done(&[
        "c-stop",
        "rb-swap",
        "c-restore",
        "c-verify",
        "c-start",
        "c-health",
    ]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(
        project.story.value("select sum(cents) from tickets"),
        "2001000"
    );
    assert_eq!(project.story.databases_set_aside(), 1);
    person.end_and_verify(1);
}

#[test]
fn a_lock_storm_holds_the_run_until_its_root_is_ended() {
    let mut project = Project::alone();
    project.story.set("lock_timeout", "10min");
    let mut person = Person::start(&project.story, "staging");
    let why = person.weather_a_lock_storm("migrate", "select count(*) from tickets", "2000");
    person.go_to_the_end();
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains(why), "{log}");
}

#[test]
fn another_database_is_refused_before_anything_is_run() {
    let mut project = Project::new();
    project.story.set("database", "parking");
    project.story.assert_held_at_once("staging");
    assert_eq!(project.applied(), BEFORE);
}
