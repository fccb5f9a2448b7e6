//! The shipped runbook for Flyway through Gradle on MySQL or MariaDB: a real server; stand-ins for Gradle, Flyway and the application.

mod project;

use std::fs;

use crate::support::person::Person;
use crate::support::story::PASSWORD;
use project::{CHANGES, Project};

const BEFORE: &str = "4.0";
const ALL: &str = "4.0,4.1,4.2";

#[test]
fn staging_goes_well_and_production_takes_what_it_signed_and_goes_back_to_the_dump() {
    let Some(staging) = Project::new() else {
        return;
    };
    staging.story.assert_leaves_to_a_person(
        "staging",
        "Somebody else has read these scripts: a person must",
    );
    let mut person = Person::resume(&staging.story, "staging");
    person.go_to_the_end();
    person.assert_done(&[
        "baseline-doc",
        "ddl-user",
        "pre-validate",
        "backup-verify",
        "migrate",
        "history-ok",
        "history-version",
        "start-log",
        "smoke-auth",
        "smoke-customers",
        "app-log-clean",
        "keep-digests",
        "archive",
    ]);
    assert_eq!(staging.applied(), ALL);
    assert_eq!(staging.story.archived("v42.staging.changes"), CHANGES);
    let calls = staging.calls();
    assert!(
        calls.contains("flywayMigrate -Dflyway.url=jdbc:mysql:"),
        "{calls}"
    );
    assert!(!calls.contains(PASSWORD), "on a command line: {calls}");
    let log = person.end_and_verify(0);
    assert!(log.contains("| Status | **SUCCESS** |"), "{log}");
    assert!(!log.contains("jwt-4711-jwt"), "the session's token");

    let mut project = Project::new().unwrap();
    project.after(&staging);
    let mut person = Person::start(&project.story, "production");
    person.go_to("announce-done");
    person.assert_done(&[
        "prod-needs-staging",
        "maint-seen",
        "drift-fingerprint",
        "open-seen",
    ]);
    assert_eq!(project.applied(), ALL);
    let before = project.answers();
    project.story.sql("update orders set cents = 0");
    person.roll_back("R3: restore the dump", "every order is free");
    person.go_to_the_end();
    person.assert_done(&[
        "r-dump-ok",
        "r-save",
        "r-aside",
        "r-restore",
        "r-compare",
        "r-verify",
        "r-health",
    ]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(project.answers(), before);
    assert_eq!(project.aside("select sum(cents) from {}.orders"), "0");
    let log = person.end_and_verify(1);
    assert!(log.contains("every order is free"), "{log}");
    assert!(log.contains("| Status | **ROLLED BACK** |"), "{log}");
}

#[test]
fn r1_what_a_failed_script_left_behind_is_taken_away_and_it_is_tried_again() {
    let Some(project) = Project::new() else {
        return;
    };
    let script = project.script("V4_1__product_tax.sql");
    let good = fs::read_to_string(&script).unwrap();
    fs::write(
        &script,
        good.replace("REFERENCES tax_codes", "REFERENCES tax_code"),
    )
    .unwrap();
    let mut person = Person::start(&project.story, "staging");
    person.go_to_failure("migrate");
    // Half of it is there, and a retry as it is changes nothing about that.
    assert_eq!(project.applied(), "4.0,4.1!");
    assert_eq!(project.story.value("select count(*) from tax_codes"), "2");
    fs::write(&script, good).unwrap();
    person.retry("migrate", "perhaps it was a whim of the server");
    person.go_to_failure("migrate");
    assert_eq!(project.applied(), "4.0,4.1!");
    project.accept_the_proposal("v42.staging");
    project
        .story
        .sql("insert into customers (name, phone) values ('Twin', '+49 30 1')");
    person.retry(
        "migrate",
        "the misspelt table is corrected, the half of it is taken away",
    );
    person.go_to_failure("migrate");
    // The first script stays; the second one left nothing but its entry.
    assert_eq!(project.applied(), "4.0,4.1,4.2!");
    project
        .story
        .sql("delete from customers where name = 'Twin'");
    person.retry("migrate", "the double number is gone");
    person.go_to_the_end();
    person.assert_done(&["migrate", "history-ok", "drift-fingerprint", "rows-compare"]);
    assert_eq!(person.attempts("migrate"), 4);
    assert_eq!(project.applied(), ALL);
    assert_eq!(project.story.archived("v42.staging.changes"), CHANGES);
    let log = person.end_and_verify(0);
    assert!(log.contains("the half of it is taken away"), "{log}");
    assert!(
        log.contains("DROP TABLE"),
        "what was dropped stands in it: {log}"
    );
}

#[test]
fn r1_the_migrations_are_taken_back_statement_by_statement() {
    let Some(project) = Project::new() else {
        return;
    };
    let before = project.answers();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("migrate");
    project
        .story
        .sql("insert into customers (name, phone) values ('Twin', '+49 30 1')");
    person.allow("migrate");
    person.go_to_failure("migrate");
    assert_eq!(project.applied(), "4.0,4.1,4.2!");
    project
        .story
        .sql("delete from customers where name = 'Twin'");
    person.roll_back("R1: take away", "two customers share a number");
    person.go_to("u-plan");
    project.accept_the_proposal("v42.staging");
    person.go_to_the_end();
    person.assert_done(&[
        "u-apply",
        "u-compare",
        "u-history",
        "u-data",
        "u-start",
        "u-health",
    ]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(project.answers(), before);
    let log = person.end_and_verify(1);
    assert!(log.contains("two customers share a number"), "{log}");
    assert!(log.contains("| Status | **ROLLED BACK** |"), "{log}");
}

#[test]
fn r2_a_schema_that_misses_something_is_mended_with_a_higher_version() {
    let Some(mut project) = Project::new() else {
        return;
    };
    project.story.set("release", "v43");
    project.story.set("lock_timeout", "1");
    let mut person = Person::start(&project.story, "staging");
    person.go_to("migrate");
    // A lock that is not got leaves an entry and nothing else: it is cleared and tried again by itself.
    let reader = project.story.hold("select count(*) from customers");
    person.allow("migrate");
    person.wait_for_attempt("migrate", 2);
    assert_eq!(project.applied(), "4.0,4.1,4.2!");
    drop(reader);
    person.go_to_failure("start-log");
    assert_eq!(project.applied(), ALL);
    let mend = "ALTER TABLE customers ADD COLUMN email varchar(120) NULL, ALGORITHM=INSTANT;\n";
    fs::write(project.script("V4_3__customer_email.sql"), mend).unwrap();
    person.roll_back("R2: mend it", "an entity has a column that no script makes");
    person.go_to_the_end();
    person.assert_done(&[
        "f-script",
        "f-migrate",
        "f-applied",
        "f-rows",
        "f-log",
        "f-health",
    ]);
    assert_eq!(project.applied(), "4.0,4.1,4.2,4.3");
    person.end_and_verify(1);
}

#[test]
fn a_lock_storm_holds_the_run_until_its_root_is_ended() {
    let Some(mut project) = Project::alone() else {
        return;
    };
    project.story.set("lock_timeout", "60");
    let mut person = Person::start(&project.story, "staging");
    let why = person.weather_a_lock_storm("migrate", "select count(*) from products", "50");
    person.go_to_the_end();
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains(why), "{log}");
}

#[test]
fn another_schema_is_refused_before_anything_is_run() {
    let Some(mut project) = Project::new() else {
        return;
    };
    project.story.set("database", "warehouse");
    project.story.assert_held_at_once("staging");
    assert_eq!(project.applied(), BEFORE);
}
