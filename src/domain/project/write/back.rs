//! The ways back: what the tool takes back, and the dump.

use crate::domain::project::Project;
use crate::domain::project::write::shell;

pub(super) fn back(project: &Project) -> String {
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
    if let Some(version) = project.version {
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

pub(super) fn restore(project: &Project) -> String {
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
