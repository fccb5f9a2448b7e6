//! The shipped runbook for `SQLx`, on a real project with the real `sqlx` and a real server.

mod project;

use crate::support::person::Person;
use project::Project;

const BEFORE: &str = "1,2,3,4,5,6,7";
const ALL: &str = "1,2,3,4,5,6,7,8,9,10";

#[test]
fn development_goes_without_a_screen_as_far_as_it_may_and_a_person_ends_it() {
    let project = Project::new();
    project.story.assert_leaves_to_a_person(
        "development",
        "Apply the scripts: it starts only when a person says so",
    );
    let mut person = Person::resume(&project.story, "development");
    person.go_to_the_end();
    person.assert_done(&[
        "test-migrate",
        "test-enums",
        "test-triggers",
        "test-matviews",
        "test-partitions",
        "test-queries",
        "test-rollback",
        "migrate",
        "all-applied",
        "verify-schema",
        "partitions",
        "refresh",
        "queries",
    ]);
    assert_eq!(project.applied(), ALL);
    let parts = "select count(*) from pg_inherits where inhparent = 'events'::regclass";
    assert_eq!(project.story.value(parts), "3");
    let open = "select count(*) from open_orders";
    assert_eq!(project.story.value(open), "2000");
    assert_eq!(
        project.story.archived("v1.development.changes"),
        project.changes()
    );
    person.end_and_verify(0);
}

#[test]
fn a_script_that_fails_is_looked_at_cleared_away_and_tried_again() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("migrate");
    // Somebody registers twice, while everybody looks at the screen.
    project
        .story
        .sql("insert into customers (email) values ('customer7@example.com')");
    person.allow("migrate");
    person.go_to_failure("migrate");
    assert_eq!(project.applied(), format!("{BEFORE},8"));
    // The index that could not be built lies about: a retry would stumble over it, and says so.
    person.retry("migrate", "perhaps it works now");
    person.go_to_failure("migrate");
    person.read("left behind: invalid index customers_email");
    project.story.sql("delete from customers where id = 401");
    project.story.sql("drop index concurrently customers_email");
    person.retry(
        "migrate",
        "the double customer is gone, and the invalid index",
    );
    person.go_to_the_end();
    person.assert_done(&["migrate", "verify-schema", "data-same"]);
    assert_eq!(person.attempts("migrate"), 3);
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(0);
    assert!(log.contains("the double customer is gone"), "{log}");
}

#[test]
fn a_release_that_misbehaves_goes_down_again() {
    let project = Project::new();
    project.staging_went_well();
    let mut person = Person::start(&project.story, "production");
    person.go_to("smoke-by-hand");
    assert_eq!(project.applied(), ALL);
    person.roll_back("Go down again", "every second answer is a 500");
    person.go_to_the_end();
    person.assert_done(&["rv-revert", "rv-data"]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(
        project.story.value("select sum(cents) from orders"),
        "2001000"
    );
    let log = person.end_and_verify(1);
    assert!(log.contains("every second answer is a 500"), "{log}");
}

#[test]
fn damaged_data_is_restored_and_the_broken_database_is_kept() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("decision");
    project.story.sql("update orders set cents = 0");
    person.roll_back("Restore the dump", "every order is free");
    person.go_to_the_end();
    person.assert_done(&["rb-swap", "rb-restore", "rb-compare", "rb-queries"]);
    assert_eq!(project.applied(), BEFORE);
    assert_eq!(
        project.story.value("select sum(cents) from orders"),
        "2001000"
    );
    assert_eq!(project.story.databases_set_aside(), 1);
    person.end_and_verify(1);
}

#[test]
fn a_lock_storm_holds_the_run_until_its_root_is_ended() {
    let mut project = Project::alone();
    project.story.set("lock_timeout", "2min");
    let mut person = Person::start(&project.story, "development");
    let why = person.weather_a_lock_storm("migrate", "select count(*) from orders", "2000");
    person.go_to("decision");
    person.assert_done(&["migrate", "verify-schema"]);
    assert_eq!(project.applied(), ALL);
    // What else may be wrong can be asked for at any time; nothing is changed by it.
    person.roll_back("Find out what is wrong", "was that all?");
    person.go_to_the_end();
    person.assert_done(&["dg-state", "dg-syntax", "dg-slow", "dg-integrity"]);
    assert_eq!(project.applied(), ALL);
    let log = person.end_and_verify(1);
    assert!(log.contains(why), "{log}");
}

#[test]
fn another_database_is_refused_before_anything_is_run() {
    let mut project = Project::new();
    project.story.set("database", "shop");
    project.story.assert_held_at_once("staging");
    assert_eq!(project.applied(), BEFORE);
}
