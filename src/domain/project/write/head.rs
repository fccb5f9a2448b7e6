//! What the run is told at its start: parameters, the target, the window, people.

use std::fmt::Write as _;

use crate::domain::project::Project;
use crate::domain::project::write::quoted;
use crate::domain::project::yaml::{block, scalar};

pub(super) fn head(project: &Project, name: &str) -> String {
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
