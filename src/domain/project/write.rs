//! The runbook for a project: written to be read, changed and reviewed by the people whose migrations they are.

use std::fmt::Write as _;

use crate::domain::project::yaml::{block, scalar};
use crate::domain::project::{Migration, Project};

/// At most so many migrations are listed; the newest.
const LISTED: usize = 20;

/// Returns the runbook for `project`, called `name`.
pub fn runbook(project: &Project, name: &str) -> String {
    let mut out = head(project, name);
    out.push_str("phases:\n");
    out.push_str(&before(project));
    out.push_str(&backup(project));
    out.push_str(&apply(project));
    out.push_str(&after(project));
    out.push_str("rollback:\n");
    out.push_str(&back(project));
    out.push_str(&restore(project));
    out
}

fn head(project: &Project, name: &str) -> String {
    let tool = project.tool;
    let remarks: String = project.remarks.iter().map(|r| format!("- {r}\n")).collect();
    let about = format!(
        "Takes the pending migrations of {name} ({tool}) to a PostgreSQL server, and back again if need be.\n\n\
         Written by `holdpoint new` from `{}`; it is yours to change. Before the first window: fill in the contacts, run it on\n\
         staging (`--target staging`), and have it read by somebody else.\n\n{remarks}",
        project.evidence
    );
    let secrets: Vec<&str> = ["DATABASE_URL", "STAGING_DATABASE_URL"]
        .into_iter()
        .chain(project.secrets.iter().copied())
        .collect();
    let mut out = format!(
        "runbook: 1\ntitle: {}\nabout: |\n{}\n",
        scalar(&format!("{tool} migration of {name}")),
        block(2, about.trim_end())
    );
    out.push_str(
        "parameters:\n  \
           release: {ask: 'Release, as the log and the files shall name it', matches: '[A-Za-z0-9._-]+'}\n  \
           database: {ask: 'Name of the database, as the server says it', matches: '[A-Za-z0-9_-]+'}\n",
    );
    if project.version.is_some() {
        let newest = project.newest().map_or_else(
            || "ask: Version that the database shall be at afterwards".to_owned(),
            |newest| format!("default: {}", quoted(newest)),
        );
        let _ = writeln!(out, "  expected_version: {{{newest}}}");
    }
    let _ = write!(
        out,
        "  # What follows is not asked for: change it here, or with --set.\n  \
           project_dir: {{default: {}}} # from this file\n  \
           backup_dir: {{default: ./backups}} # from project_dir\n  \
           lock_timeout: {{default: 5s, matches: '\\d+(ms|s|min)'}}\n  \
           statement_timeout: {{default: 30min, matches: '\\d+(ms|s|min|h)'}}\n  \
           smoke: {{default: by hand, one_of: [by hand, http]}} # how the application is asked whether it works\n  \
           health_url: {{default: 'http://localhost:8080/health'}}\n\n\
         secrets: [{}]\n",
        scalar(&project.directory),
        secrets.join(", ")
    );
    out.push_str(concat!(
        "targets:\n",
        "  staging:\n",
        "    database: ${STAGING_DATABASE_URL}\n",
        "    must_be: {database: '${database}', role: primary}\n",
        "    values: {url_variable: STAGING_DATABASE_URL}\n",
        "  production:\n",
        "    database: ${DATABASE_URL}\n",
        "    protect: true\n",
        "    # Pin the server too: select system_identifier from pg_control_system()\n",
        "    must_be: {database: '${database}', role: primary}\n",
        "    values: {url_variable: DATABASE_URL}\n\n",
        "window: {length: 60m, decide_by: T+40m}\n",
        "roles: [Database Admin, Application Lead]\n",
        "contacts:\n",
        "  - {role: DBA on call, reach: fill in, for: 'locks, slow statements, the way back'}\n",
        "  - {role: Application lead, reach: fill in, for: 'what the migrations mean, whether to go on'}\n\n",
        "monitor:\n",
        "  alarms:\n",
        "    - {when: longest_wait >= 5s, level: warning}\n",
        "    - {when: blocked_by_us >= 1 for 5s, level: warning}\n",
        "    - {when: blocked >= 20 for 10s, level: critical, then: hold}\n",
        "    - {when: connections >= 90% for 10s, level: critical, then: hold}\n",
        "    - {when: replication_lag >= 60s for 30s, level: warning}\n",
        "    - {when: unreachable >= 10s, level: critical, then: hold}\n\n",
    ));
    out
}

/// Returns a scalar that stays a text whatever it looks like.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn before(project: &Project) -> String {
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

/// A name of a file is no variable.
fn escaped(text: &str) -> String {
    text.replace("${", "$ {")
}

fn version_before(project: &Project) -> String {
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

/// Holds the tool's own table against the files, whatever the tool says.
fn history(project: &Project, title: &str, pending: &str) -> String {
    format!(
        "      - step: {title}\n        use: migrations/status\n        with: {{tool: {}, dir: {}, pending: {pending}}}\n",
        project.tool.word(),
        quoted(&escaped(&project.files))
    )
}

fn backup(project: &Project) -> String {
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

fn apply(project: &Project) -> String {
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

fn after(project: &Project) -> String {
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

fn back(project: &Project) -> String {
    let Some(back) = &project.back else {
        return String::new();
    };
    let mut out = String::from(concat!(
        "  - path: down\n",
        "    title: Go back by the tool\n",
        "    when: [The new version misbehaves, Nothing was written that only the new schema can hold]\n",
        "    steps:\n",
        "      - step: The running release works on the old schema\n",
        "        confirm: The release that goes with the old schema is deployed, or the present one was tried on it. Say below which.\n",
        "        evidence: text\n",
    ));
    let rest = "undoes: apply\ndanger: high\ntimeout: 2h\ntakes: 2m\nstop: int\n";
    out.push_str(&shell(
        project,
        "Undo the migrations",
        "down",
        "run",
        back,
        rest,
    ));
    if let (Some(version), true) = (project.version, project.version.is_some()) {
        let script = format!(
            "version=$(psql -XAtqc \"{version}\" \"$url\")\necho \"${{version:-none}}, before it was $version_before\"\n[ \"${{version:-none}}\" = \"$version_before\" ]"
        );
        out.push_str(&shell(
            project,
            "The version is the one before",
            "down-version",
            "check",
            &script,
            "undoes: apply\ntimeout: 1m\n",
        ));
    }
    out.push_str(concat!(
        "      - {step: No invalid index was left by going back, use: pg/invalid-indexes}\n",
        "      - step: The application works again\n",
        "        confirm: Reading and writing were tried. Say below what.\n",
        "        evidence: text\n\n",
    ));
    out
}

fn restore(project: &Project) -> String {
    let mut out = String::from(concat!(
        "  - path: restore\n",
        "    title: Restore the dump\n",
        "    when: [Data is damaged, What was written since the dump may be lost]\n",
        "    steps:\n",
        "      - step: The application is stopped\n",
        "        confirm: Nothing writes to the database any more; who must know that what came after the dump is lost knows it. Say below who agreed.\n",
        "        evidence: text\n",
    ));
    let with = "case \"$url\" in *\\?*) with='&' ;; *) with='?' ;; esac\nadmin() { psql -Xq -v ON_ERROR_STOP=1 -v old=\"$database\" -v new=\"${database}_restored\" -v aside=\"${database}_before_restore\" \"$url${with}dbname=postgres\"; }\n";
    let beside = format!(
        "{with}admin <<'SQL'\n\
         drop database if exists :\"new\";\n\
         create database :\"new\" template template0;\n\
         SQL\n\
         pg_restore -d \"$url${{with}}dbname=${{database}}_restored\" --exit-on-error -j 2 \"$dump_file\"\n\
         psql -XAtqc 'analyze' \"$url${{with}}dbname=${{database}}_restored\"\n\
         tables=$(psql -XAtqc \"select count(*) from pg_class where relkind = 'r' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)\" \"$url${{with}}dbname=${{database}}_restored\")\n\
         dumped=$(pg_restore --list \"$dump_file\" | awk '$4 == \"TABLE\" && $5 != \"DATA\" {{ n++ }} END {{ print n + 0 }}')\n\
         echo \"$tables tables restored, $dumped in the dump\"\n\
         [ \"$tables\" -eq \"$dumped\" ]"
    );
    out.push_str(&shell(
        project,
        "Restore it beside the present one",
        "restore-beside",
        "run",
        &beside,
        "undoes: dump\ntimeout: 4h\ntakes: 20m\nstop: int\n",
    ));
    let swap = format!(
        "{with}admin <<'SQL'\n\
         alter database :\"old\" with allow_connections false;\n\
         select count(pg_terminate_backend(pid)) as ended from pg_stat_activity where datname = :'old' and pid <> pg_backend_pid();\n\
         alter database :\"old\" rename to :\"aside\";\n\
         alter database :\"new\" rename to :\"old\";\n\
         SQL\n\
         echo \"the database as it was is now ${{database}}_before_restore: drop it when nobody needs it any more\""
    );
    out.push_str(&shell(
        project,
        "Put it in its place",
        "restore-swap",
        "run",
        &swap,
        "undoes: dump\ndanger: high\ntimeout: 5m\n",
    ));
    if let Some(version) = project.version {
        let script = format!(
            "there=$(psql -XAtqc \"select to_regclass('{}')\" \"$url\") version=\nif [ -n \"$there\" ]; then version=$(psql -XAtqc \"{version}\" \"$url\"); fi\necho \"${{version:-none}}, before it was $version_before\"\n[ \"${{version:-none}}\" = \"$version_before\" ]",
            project.table
        );
        out.push_str(&shell(
            project,
            "The version is the one before",
            "restore-version",
            "check",
            &script,
            "undoes: dump\ntimeout: 1m\n",
        ));
    }
    out.push_str(concat!(
        "      - step: The application works on what was restored\n",
        "        confirm: The release that goes with the old schema runs; reading and writing were tried. Say below what.\n",
        "        evidence: text\n",
    ));
    out
}

/// A step that runs `script` in the project's directory, with the target's address at hand.
fn shell(project: &Project, title: &str, id: &str, key: &str, script: &str, rest: &str) -> String {
    let mut lines = vec!["url=\"${!url_variable}\"".to_owned()];
    lines.extend(project.address.iter().cloned());
    lines.push(script.to_owned());
    format!(
        "      - step: {}\n        id: {id}\n        {key}: |\n{}        in: ${{project_dir}}\n{}",
        scalar(title),
        block(10, &lines.join("\n")),
        block(8, rest)
    )
}
