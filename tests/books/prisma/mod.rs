//! The shipped runbook for Prisma, on a real project with the real Prisma and a real server.

mod packages;
mod project;

use crate::support::person::Person;
use project::{CHANGES, Project};

const ALL: &str = "20260101000000,20260301000000,20260302000000";

#[test]
fn staging_begins_without_a_screen_and_is_taken_up_by_a_person() {
    let mut project = Project::new();
    project.story.set("smoke", "http");
    project
        .story
        .assert_leaves_to_a_person("staging", "Read them: a person must do this");
    let mut person = Person::resume(&project.story, "staging");
    person.go_to_the_end();
    person.assert_done(&[
        "dev-apply",
        "test-suite",
        "url-check",
        "restore-test",
        "history",
        "deploy",
        "drift",
        "populate",
        "smoke-clients",
        "smoke-order-clean",
        "perf-http",
        "keep-digests",
    ]);
    assert_eq!(project.applied(), ALL);
    assert_eq!(
        project.story.value(r#"select count(*) from "Budget""#),
        "500"
    );
    assert_eq!(
        project.story.value(r#"select count(*) from "Order""#),
        "3000"
    );
    assert_eq!(project.story.archived("v1.staging.changes"), CHANGES);
    let log = person.end_and_verify(0);
    assert!(!log.contains("tk-4711-token"), "the session's token");
}

#[test]
fn a_migration_that_fails_is_settled_and_tried_again() {
    let mut project = Project::new();
    project.story.set("lock_timeout", "1s");
    let mut person = Person::start(&project.story, "staging");
    person.go_to("deploy");
    let reader = project.story.hold(r#"select count(*) from "Product""#);
    person.allow("deploy");
    person.go_to_failure("deploy");
    assert_eq!(project.applied(), "20260101000000");
    // A lock that was not granted left nothing: the retry settles that by itself.
    drop(reader);
    project
        .story
        .sql(r#"insert into "Client" (email) values ('client7@example.com')"#);
    person.retry("deploy", "the report is through");
    person.go_to_failure("deploy");
    assert_eq!(project.applied(), "20260101000000,20260301000000");
    let settled = "select count(*) from _prisma_migrations where rolled_back_at is not null";
    assert_eq!(project.story.value(settled), "1");
    // The second one failed half-way, and its first statements stay: a retry finds them and refuses.
    person.retry("deploy", "perhaps it works now");
    person.go_to_failure("deploy");
    person.read("> table public.Budget");
    project
        .story
        .sql(r#"delete from "Client" where id = 501; drop table "Budget""#);
    project.prisma(&[
        "migrate",
        "resolve",
        "--rolled-back",
        "20260302000000_budgets",
    ]);
    person.retry(
        "deploy",
        "the double client is gone, and the half of the migration",
    );
    person.go_to_the_end();
    person.assert_done(&["deploy", "status-after", "drift", "data-same"]);
    assert_eq!(person.attempts("deploy"), 4);
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains("the double client is gone"), "{log}");
}

#[test]
fn what_cannot_be_finished_is_settled_and_left_for_another_day() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("deploy");
    project
        .story
        .sql(r#"insert into "Client" (email) values ('client7@example.com')"#);
    person.allow("deploy");
    person.go_to_failure("deploy");
    person.roll_back(
        "Settle the failed migration",
        "two clients share an address",
    );
    person.go_to("ff-clean");
    project.story.sql(r#"drop table "Budget""#);
    person.go_to_the_end();
    person.assert_done(&["ff-indexes", "ff-rolled-back", "ff-settled"]);
    assert_eq!(project.applied(), "20260101000000,20260301000000");
    assert_eq!(
        project.story.value(r#"select count(*) from "Order""#),
        "3000"
    );
    let log = person.end_and_verify(1);
    assert!(log.contains("two clients share an address"), "{log}");
}

#[test]
fn damaged_data_is_restored_and_the_broken_database_is_kept() {
    let project = Project::new();
    project.staging_went_well();
    let mut person = Person::start(&project.story, "production");
    person.go_to("smoke-by-hand");
    assert_eq!(project.applied(), ALL);
    project.story.sql(r#"update "Order" set total = 0"#);
    person.roll_back("Restore the dump", "every order is zero");
    person.go_to_the_end();
    person.assert_done(&["rb-swap", "rb-restore", "rb-compare", "rb-data"]);
    assert_eq!(project.applied(), "20260101000000");
    let total = project.story.value(r#"select sum(total) from "Order""#);
    assert_eq!(total, "4501500");
    assert_eq!(project.story.databases_set_aside(), 1);
    let log = person.end_and_verify(1);
    assert!(log.contains("every order is zero"), "{log}");
}

#[test]
fn a_lock_storm_holds_the_run_until_its_root_is_ended() {
    let mut project = Project::alone();
    project.story.set("lock_timeout", "10min");
    let mut person = Person::start(&project.story, "staging");
    let why = person.weather_a_lock_storm("deploy", r#"select count(*) from "Product""#, "200");
    person.go_to_the_end();
    person.assert_done(&["deploy", "drift"]);
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains(why), "{log}");
    assert!(log.contains("blocked >= 5 for 10s"), "{log}");
}

#[test]
fn another_database_is_refused_before_anything_is_run() {
    let mut project = Project::new();
    project.story.set("database", "fulfillment_ops");
    project.story.assert_held_at_once("staging");
    assert_eq!(project.applied(), "20260101000000");
}
