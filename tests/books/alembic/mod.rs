//! The shipped runbook for Alembic, walked by the real program on a real project and a real server.

mod project;
mod venv;

use crate::support::person::Person;
use project::Project;

#[test]
fn staging_is_rehearsed_there_and_back_and_then_migrated() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("rt-app");
    assert_eq!(
        project
            .story
            .value("select version_num from alembic_version"),
        "a1"
    );
    assert!(
        project
            .story
            .archived("v1.changes")
            .contains("> column public.invoices.currency")
    );
    person.go_to_the_end();
    person.assert_done(&[
        "rt-see-down",
        "backup-restore",
        "upgrade",
        "verify-schema",
        "archive-sql",
    ]);
    assert_eq!(project.alembic(&["current"]), "a3 (head)");
    assert_eq!(
        project.story.archived("v1.sql"),
        project.story.archived("v1.staging.sql")
    );
    person.end_and_verify(0);
}

#[test]
fn a_revision_that_fails_is_looked_at_mended_and_tried_again() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "staging");
    person.go_to("upgrade");
    // Somebody registers twice, while everybody looks at the screen.
    project
        .story
        .sql("insert into customers (email) values ('customer7@example.com')");
    person.allow("upgrade");
    person.go_to_failure("upgrade");
    person.read("left behind: invalid index ix_customers_email");
    assert_eq!(
        project
            .story
            .value("select version_num from alembic_version"),
        "a2"
    );
    project.story.sql("delete from customers where id = 1001");
    project
        .story
        .sql("drop index concurrently ix_customers_email");
    person.retry(
        "upgrade",
        "the double customer is gone, and the invalid index",
    );
    person.go_to("decision");
    assert_eq!(person.attempts("upgrade"), 2);
    person.assert_done(&["verify-indexes"]);
    assert_eq!(project.alembic(&["current"]), "a3 (head)");
    person.go_to_the_end();
    let log = person.end_and_verify(0);
    assert!(
        log.contains("the double customer is gone, and the invalid index"),
        "{log}"
    );
}

#[test]
fn production_is_migrated_watched_for_its_quiet_time_and_closed() {
    let mut project = Project::new();
    // Five minutes are the runbook's default; nobody has them here.
    project.story.set("quiet", "3s");
    let mut person = Person::start(&project.story, "production");
    person.go_to_the_end();
    person.assert_done(&["upgrade", "quiet", "app-log-quiet", "connections-after"]);
    assert_eq!(project.alembic(&["current"]), "a3 (head)");
    let log = person.end_and_verify(0);
    assert!(log.contains("watched for 3 s without an alarm"), "{log}");
}

#[test]
fn a_release_that_misbehaves_is_taken_back_by_downgrade() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "production");
    person.go_to("smoke-by-hand");
    assert_eq!(project.alembic(&["current"]), "a3 (head)");
    person.roll_back(
        "Downgrade to the revision before",
        "every second answer is a 500",
    );
    person.go_to_the_end();
    person.assert_done(&["rb-downgrade", "rb-current", "rb-schema"]);
    assert_eq!(project.alembic(&["current"]), "a1");
    assert_eq!(project.story.value("select count(*) from invoices"), "5000");
    let log = person.end_and_verify(1);
    assert!(log.contains("every second answer is a 500"), "{log}");
}

#[test]
fn damaged_data_is_restored_and_the_broken_database_is_kept() {
    let project = Project::new();
    let mut person = Person::start(&project.story, "production");
    person.go_to("smoke-by-hand");
    project.story.sql("update invoices set total_cents = 0");
    person.roll_back("Restore the dump", "every invoice is zero");
    person.go_to_the_end();
    person.assert_done(&[
        "restore-swap",
        "restore-load",
        "restore-schema",
        "restore-rows",
    ]);
    assert_eq!(project.alembic(&["current"]), "a1");
    assert_eq!(
        project.story.value("select sum(total_cents) from invoices"),
        "12502500"
    );
    assert_eq!(project.story.databases_set_aside(), 1);
    person.end_and_verify(1);
}
