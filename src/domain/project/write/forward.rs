//! The way forward: before the window, the backup, the migrations, and what is looked at behind them.

use std::fmt::Write as _;

use crate::domain::project::write::{escaped, history, quoted, shell};
use crate::domain::project::yaml::block;
use crate::domain::project::{Migration, Project};

/// At most so many migrations are listed; the newest.
const LISTED: usize = 20;

pub(super) fn before(project: &Project) -> String {
    let mut out = String::from("  - phase: Pre-flight\n    at: T-30m\n    steps:\n");
    out.push_str(concat!(
        "      - step: The team knows\n",
        "        only: [production]\n",
        "        confirm: The window is announced, and the people above answer at these numbers. Say below where it stands.\n",
        "        evidence: text\n",
    ));
    out.push_str(&read_them(&project.migrations));
    let tools = format!(
        "{}\nserver=$(psql -XAtqc 'show server_version_num' \"$url\")\n\
         tool=$(pg_dump --version | sed -E 's/[^0-9]*([0-9]+).*/\\1/')\n\
         echo \"pg_dump $tool, server $((server / 10000))\"\n\
         [ \"$tool\" -ge $((server / 10000)) ] || {{ echo 'pg_dump is older than the server'; exit 1; }}",
        project.present
    );
    out.push_str(&shell(
        project,
        "The programs are here",
        "tools",
        "check",
        &tools,
        "timeout: 2m\n",
    ));
    out.push_str(&version_before(project));
    out.push_str(&shell(
        project,
        "What is applied and what is pending",
        "status",
        "check",
        &project.shows,
        "timeout: 5m\nevidence: show\n",
    ));
    if let Some(plans) = &project.plans {
        out.push_str(&shell(
            project,
            "What would be done",
            "plan",
            "check",
            plans,
            "timeout: 5m\nevidence: show\n",
        ));
    }
    out.push_str(&history(
        project,
        "The history agrees with the files",
        "allowed",
    ));
    let ready = [
        ("Transactions that would block us", "pg/long-transactions"),
        (
            "Sessions that sit idle in a transaction",
            "pg/idle-in-transaction",
        ),
        ("Nobody waits for a lock", "pg/waiting-locks"),
        ("Enough connections are free", "pg/connection-headroom"),
        ("The replicas keep up", "pg/replication-lag"),
        ("No invalid index lies about", "pg/invalid-indexes"),
    ];
    out.push_str("      - group: The server\n        steps:\n");
    for (title, name) in ready {
        let _ = writeln!(out, "          - {{step: {title}, use: {name}}}");
    }
    out.push('\n');
    out
}

/// The migrations as they lie in the project, for the people who read them.
fn read_them(migrations: &[Migration]) -> String {
    let from = migrations.len().saturating_sub(LISTED);
    let newest = migrations.get(from..).unwrap_or_default();
    let mut note = format!(
        "{} migrations lay in the project when this was written; the newest:\n",
        migrations.len()
    );
    for migration in newest {
        let _ = write!(note, "\n- `{}`", migration.file.replace('`', "'"));
    }
    let note = if migrations.is_empty() {
        String::new()
    } else {
        format!("        note: |\n{}", block(10, &escaped(&note)))
    };
    format!(
        "      - step: The pending migrations were read\n        \
                 role: Database Admin\n        \
                 confirm: Somebody who did not write them has read them; nothing in them is a surprise. Say below who.\n        \
                 items:\n          \
                   - The running release works on the new schema, and the new release on the old one\n          \
                   - Nothing rewrites or scans a large table under a lock; large indexes are built CONCURRENTLY\n          \
                   - For each it is known how one comes back\n        \
                 evidence: text\n{note}"
    )
}

pub(super) fn version_before(project: &Project) -> String {
    let Some(version) = project.version else {
        return String::new();
    };
    let script = format!(
        "there=$(psql -XAtqc \"select to_regclass('{}')\" \"$url\") version=\n\
         if [ -n \"$there\" ]; then version=$(psql -XAtqc \"{version}\" \"$url\"); fi\n\
         echo \"version=${{version:-none}}\"",
        project.table
    );
    shell(
        project,
        "The version before",
        "version-before",
        "check",
        &script,
        "timeout: 1m\ncapture: {version_before: 'version=(.+)'}\n",
    )
}

pub(super) fn backup(project: &Project) -> String {
    let mut out = String::from("  - phase: Back up\n    at: T-20m\n    steps:\n");
    let room = "mkdir -p \"$backup_dir\"\n\
         need=$(psql -XAtqc 'select 2 * pg_database_size(current_database()) / 1024' \"$url\")\n\
         free=$(df -Pk \"$backup_dir\" | awk 'NR == 2 {print $4}')\n\
         echo \"$free KiB free, $need KiB wanted (twice the database)\"\n\
         [ \"$free\" -ge \"$need\" ]";
    out.push_str(&shell(
        project,
        "There is room for the dump",
        "room",
        "check",
        room,
        "timeout: 1m\n",
    ));
    let dump = "file=\"$backup_dir/$release.$target.dump\"\n\
         [ ! -e \"$file\" ] || mv \"$file\" \"$file.$(date -u +%Y%m%dT%H%M%SZ)\"\n\
         pg_dump -Fc -f \"$file.part\" -d \"$url\"\n\
         mv \"$file.part\" \"$file\"\n\
         echo \"sha256 $(sha256sum < \"$file\" | cut -d' ' -f1)\"\n\
         echo \"written $(realpath \"$file\")\"";
    out.push_str(&shell(
        project,
        "Dump the database",
        "dump",
        "run",
        dump,
        "timeout: 4h\ntakes: 10m\nstop: int\ncapture: {dump_file: '^written (.+)$', dump_sha256: '^sha256 (\\w+)$'}\n",
    ));
    out.push_str(concat!(
        "      - step: The dump can be read to its end\n",
        "        note: A listing is content with a dump that was cut off; writing all of it to nowhere is not.\n",
        "        check: pg_restore -f /dev/null \"$dump_file\"\n",
        "        timeout: 4h\n\n",
    ));
    out
}

pub(super) fn apply(project: &Project) -> String {
    let mut rest =
        String::from("danger: high\ncritical: true\ntimeout: 2h\ntakes: 2m\nstop: int\n");
    rest.push_str(if project.back.is_some() {
        "on_failure: offer down\n"
    } else {
        "on_failure: offer restore\n"
    });
    if let Some(version) = project.version {
        let _ = writeln!(
            rest,
            "verify: {{sql: {}, expect: '= ${{expected_version}}'}}",
            quoted(version)
        );
    }
    format!(
        "  - phase: Apply\n    at: T-0\n    steps:\n{}\n",
        shell(
            project,
            "Apply the migrations",
            "apply",
            "run",
            &project.applies,
            &rest
        )
    )
}

pub(super) fn after(project: &Project) -> String {
    let mut out = String::from("  - phase: Verify\n    steps:\n");
    if let Some(version) = project.version {
        let _ = write!(
            out,
            "      - step: The database is at the version that was planned\n        sql: {}\n        expect: '= ${{expected_version}}'\n",
            quoted(version)
        );
    }
    let status = project.agrees.as_ref().unwrap_or(&project.shows);
    let title = format!("{} says that nothing is pending", project.tool);
    let title = if project.agrees.is_some() {
        title
    } else {
        format!("What {} says now", project.tool)
    };
    out.push_str(&shell(
        project,
        &title,
        "status-after",
        "check",
        status,
        "timeout: 5m\nevidence: show\n",
    ));
    out.push_str(&history(
        project,
        "Everything is applied, and as it stands in the files",
        "none",
    ));
    out.push_str(concat!(
        "      - {step: No invalid index was left, use: pg/invalid-indexes}\n",
        "      - {step: No constraint is left unvalidated, use: pg/unvalidated-constraints, on_failure: continue}\n",
        "      - step: The application answers\n",
        "        if: {smoke: http}\n",
        "        http: {get: '${health_url}', expect: {status: 200}}\n",
        "        until: 2m\n",
        "      - step: The application works\n",
        "        if: {smoke: by hand}\n",
        "        confirm: The new release runs; reading, writing and a log without new errors were tried. Say below what.\n",
        "        evidence: text\n",
        "      - step: Quiet minutes\n",
        "        watch: {for: 5m, fail_on: critical}\n",
        "      - step: Keep it or go back\n",
        "        decide:\n",
        "          - {choice: Keep the release}\n",
    ));
    if project.back.is_some() {
        out.push_str("          - {choice: Go back by the tool, when: The new schema is at fault and nothing is lost by undoing it, go_to: down}\n");
    }
    out.push_str(
        "          - {choice: Restore the dump, when: Data is damaged, go_to: restore}\n\n",
    );
    out
}
