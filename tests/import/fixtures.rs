//! Checklists in the shapes that people use, written for these tests, and what becomes of them.

use holdpoint::domain::runbook::model::{Action, Danger, Terminal};

use crate::{blocks, holds, outline};

/// Every fixture.
pub const ALL: &[(&str, &str)] = &[
    ("release", RELEASE),
    ("cut", CUT_APART),
    ("headings", HEADINGS),
    ("tables", TABLES),
    ("consoles", CONSOLES),
    ("options", OPTIONS),
    ("html", HTML),
    ("german", GERMAN),
    ("french", FRENCH),
    ("spanish", SPANISH),
    ("portuguese", PORTUGUESE),
    ("russian", RUSSIAN),
    ("chinese", CHINESE),
    ("japanese", JAPANESE),
];

const RELEASE: &str = "---\ntitle: ignored\nowner: dba\n---\n# Orders get a currency\n\nTakes the orders table through its change.\n\n## Overview\n\nThree tables, one window.\n\n## Before (T-1d)\n\n- [ ] Announce the window (~10 min)\n- [x] Backup\n  - [ ] taken\n  - [ ] restored on staging\n\n## Window (T-0)\n\n1. [ ] Migrate\n\n   ```bash\n   alembic upgrade <revision>\n   ```\n2. [ ] Drop the old index\n\n   ```sql\n   DROP INDEX orders_old;\n   ```\n\n> **STOP** if the lag is above a minute.\n\n- [ ] Measured lag: ____\n\n## Rollback\n\nRoll back if:\n\n- errors rise\n\n1. Downgrade\n   ```bash\n   alembic downgrade -1\n   ```\n\n## Sign-off\n\n| Role | Name | Signature |\n|---|---|---|\n| DBA | | |\n| Release manager | Ana | |\n\n## Contacts\n\n| Role | Phone |\n|---|---|\n| DBA on call | +49 1 |\n\n## Troubleshooting\n\n1. Look at the log\n";
const CUT_APART: &str = "# Upgrade\n\n1. Stop the writers\n```sh\nsystemctl stop api\n```\n2. Copy\n```sh\ncd /srv\ncp -a data data.old\n```\n```text\ncopied\n```\n3. Start\n";
const HEADINGS: &str = "# Move the database\n\n## Step 1: Stop\n\nEverybody is out.\n\n## Step 2: Copy (30 min)\n\n```bash\nrsync -a old/ new/\n```\n\n## Step 3: Start\n\nRun it and look at it:\n\n```bash\nsystemctl start db\n```\n\nYou should see:\n\n```\nactive (running)\n```\n";
const TABLES: &str = "# Cutover\n\n## Plan\n\n| # | Task | Owner | Duration | Done |\n|---|------|-------|----------|------|\n| 1 | Freeze writes | DBA | 5 min | [ ] |\n| 2 | Switch DNS | Net | 10 min | [ ] |\n\n## Inventory\n\n| Host | Use |\n|---|---|\n| db1 | primary |\n";
const CONSOLES: &str = "# Look and act\n\n## Look\n\n```console\n$ uptime\n 10:00 up 3 days\n$ for i in 1 2; do\n  echo $i\ndone\n1\n2\n```\n\n```yaml\nkey: value\n```\n\nFollow the log:\n\n```bash\ntail -f /var/log/db.log\n```\n\n```sh\npsql -U postgres\n```\n\n```\nDear team, we start at ten.\n```\n";
const OPTIONS: &str = "# Restart\n\n## Do it\n\n### Option A: rolling\n\n```sh\nkubectl rollout restart deploy/api\n```\n\n### Option B: at once\n\n```sh\nkubectl scale deploy/api --replicas=0\n```\n\n## Check\n\n- [ ] Either of them:\n\n  ```sh\n  curl -f localhost/a\n  ```\n\n  OR\n\n  ```sh\n  curl -f localhost/b\n  ```\n";
const HTML: &str = "# Issue\n<!-- hidden\n- [ ] not this -->\n\n<details>\n<summary>For the DBA</summary>\n\n- [ ] Vacuum <!-- why -->\n{{ if .Big }}\n- [ ] Analyze\n{{ end }}\n</details>\n\n- [ ] Tell {{ .Team }}\n<% if x %>\n- [ ] Close\n<% end %>\n\n```markdown\n- [ ] quoted\n- [ ] twice\n```\n";
const GERMAN: &str = "# Umstellung\n\n## Vorbereitung (2 Tage vorher)\n\n- [ ] Datensicherung prüfen\n\n## Durchführung\n\n- [ ] Migration starten\n\n## Rückfallplan\n\n- [ ] Sicherung einspielen\n\n## Freigabe\n\n| Rolle | Name | Unterschrift |\n|---|---|---|\n| Betrieb | | |\n\n## Ansprechpartner\n\n- Bereitschaft: +49 123\n";
const FRENCH: &str = "# Mise en production\n\n## Préparation (J-7)\n\n- [ ] Sauvegarde vérifiée\n\n## Bascule\n\n1. Arrêter le service\n2. Migrer\n\n## Plan de retour arrière\n\n- [ ] Restaurer la base\n\n## Contacts\n\n| Rôle | Téléphone |\n|---|---|\n| Astreinte | +33 1 |\n";
const SPANISH: &str = "# Despliegue\n\n## Antes (2 días antes)\n\n- [ ] Respaldo\n\n## Ejecución\n\n- [ ] Migrar\n\n## Plan de reversión\n\n- [ ] Volver a la versión anterior\n\n## Aprobación\n\n| Rol | Nombre | Firma |\n|---|---|---|\n| DBA | | |\n";
const PORTUGUESE: &str = "# Implantação\n\n## Antes (1 hora antes)\n\n- [ ] Cópia feita\n\n## Execução\n\n- [ ] Migrar\n\n## Reversão\n\n- [ ] Voltar a versão\n\n## Contatos\n\n- DBA: #dba\n";
const RUSSIAN: &str = "# Миграция\n\n## Подготовка\n\n- [ ] Резервная копия\n\n## Работы\n\n- [ ] Остановить сервис\n\n## План отката\n\n- [ ] Вернуть копию\n";
const CHINESE: &str = "# 数据库迁移\n\n## 准备\n\n- [ ] 备份数据库\n\n## 执行\n\n- [ ] 停止服务\n- [ ] 停止服务\n\n## 回滚方案\n\n1. 恢复备份\n";
const JAPANESE: &str = "# 移行\n\n## 準備\n\n- [ ] バックアップを取る\n\n## 作業\n\n- [ ] サービスを止める\n\n## 切り戻し\n\n- [ ] 戻す\n";

#[test]
fn a_release_checklist_becomes_phases_a_way_back_and_people() {
    let told = holds(RELEASE);
    assert_eq!(
        outline(&told.book),
        [
            "# Before (T-1d) @-86400",
            "- Announce the window (~10 min)",
            "> Backup",
            "  - taken",
            "  - restored on staging",
            "# Window (T-0) @0",
            "$ Migrate",
            "sql Drop the old index",
            "? STOP if the lag is above a minute.",
            "- Measured lag: ____",
            "# Sign-off",
            "sign DBA: Sign-off",
            "sign Release manager: Sign-off",
            "< Rollback",
            "$ Downgrade",
        ]
    );
    let book = &told.book;
    assert_eq!(book.roles, ["DBA", "Release manager"]);
    assert_eq!(book.contacts[0].reach, "+49 1");
    assert_eq!(book.rollback[0].when, ["errors rise"]);
    assert_eq!(book.parameters[0].name, "revision");
    assert_eq!(blocks(book)[0], "alembic upgrade \"${revision}\"\n");
    assert!(
        told.yaml.contains("alembic upgrade <revision>\n"),
        "the author's block stays as it is"
    );
    let drop = book
        .steps
        .iter()
        .find(|s| s.title.starts_with("Drop"))
        .unwrap();
    assert_eq!(drop.danger, Danger::High);
    assert!(
        book.reference
            .as_ref()
            .unwrap()
            .contains("1. Look at the log")
    );
    assert!(
        book.about
            .as_ref()
            .unwrap()
            .contains("Three tables, one window.")
    );
    let Action::Decide(choices) = &book
        .steps
        .iter()
        .find(|s| s.title.starts_with("STOP"))
        .unwrap()
        .action
    else {
        panic!()
    };
    assert_eq!(choices[1].go_to.as_deref(), Some("rollback"));
    assert!(
        told.account
            .warnings
            .iter()
            .any(|(_, w)| w.contains("ticked"))
    );
}

#[test]
fn a_list_cut_apart_by_fences_is_one_list() {
    let told = holds(CUT_APART);
    assert_eq!(
        outline(&told.book),
        ["# Upgrade", "$ Stop the writers", "$ Copy", "- Start"]
    );
    assert_eq!(
        blocks(&told.book),
        ["systemctl stop api\n", "cd /srv\ncp -a data data.old\n"]
    );
    assert!(told.book.steps[1].note.as_ref().unwrap().contains("copied"));
}

#[test]
fn headings_are_steps_where_they_are_numbered_or_hold_one_block() {
    let told = holds(HEADINGS);
    assert_eq!(
        outline(&told.book),
        [
            "# Move the database",
            "- Step 1: Stop",
            "$ Step 2: Copy (30 min)",
            "$ Step 3: Start"
        ]
    );
    let takes = told.book.steps[1].takes.as_ref().unwrap();
    assert_eq!(takes.fixed().unwrap().as_secs(), 1800);
    assert!(
        told.book.steps[2]
            .note
            .as_ref()
            .unwrap()
            .contains("active (running)")
    );
}

#[test]
fn rows_with_boxes_are_steps_and_other_tables_are_text() {
    let told = holds(TABLES);
    assert_eq!(
        outline(&told.book),
        ["# Plan", "- Freeze writes", "- Switch DNS"]
    );
    assert!(
        told.book.steps[0]
            .note
            .as_ref()
            .unwrap()
            .contains("Owner: DBA")
    );
    assert!(
        told.book
            .reference
            .as_ref()
            .unwrap()
            .contains("| db1 | primary |")
    );
}

#[test]
fn consoles_lose_prompts_and_what_is_no_command_is_text() {
    let told = holds(CONSOLES);
    assert_eq!(
        blocks(&told.book)[0],
        "uptime\nfor i in 1 2; do\n  echo $i\ndone\n"
    );
    assert!(
        told.book.steps[0]
            .note
            .as_ref()
            .unwrap()
            .contains("$ uptime\n 10:00 up 3 days")
    );
    assert_eq!(told.book.steps.len(), 3);
    assert!(told.book.steps[1].background.is_some());
    let Action::Run(shell) = &told.book.steps[2].action else {
        panic!()
    };
    assert_eq!(shell.terminal, Terminal::Whole);
}

#[test]
fn options_and_either_or_are_choices() {
    let told = holds(OPTIONS);
    assert_eq!(
        outline(&told.book),
        [
            "# Do it",
            "> Option A: rolling / Option B: at once",
            "  $ Option A: rolling",
            "  $ Option B: at once",
            "# Check",
            "> Either of them:",
            "  $ `curl -f localhost/a`",
            "  $ `curl -f localhost/b`",
        ]
    );
    assert_eq!(told.yaml.matches("choose: one").count(), 2);
}

#[test]
fn html_templates_and_quoted_checklists_are_seen_through() {
    let told = holds(HTML);
    let titles: Vec<&str> = told.book.steps.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Vacuum",
            "Analyze",
            "Tell {{ .Team }}",
            "Close",
            "quoted",
            "twice"
        ]
    );
    assert!(
        told.account
            .warnings
            .iter()
            .any(|(line, w)| *line == 2 && w.contains("hides 1 boxes"))
    );
    assert!(
        told.account
            .warnings
            .iter()
            .any(|(_, w)| w.contains("control lines of a template"))
    );
}

#[test]
fn other_languages_say_the_same() {
    for (text, roles, contacts, first) in [
        (GERMAN, 1, 1, Some(-172_800)),
        (FRENCH, 0, 1, Some(-604_800)),
        (SPANISH, 1, 0, Some(-172_800)),
        (PORTUGUESE, 0, 1, Some(-3600)),
        (RUSSIAN, 0, 0, None),
        (CHINESE, 0, 0, None),
        (JAPANESE, 0, 0, None),
    ] {
        let told = holds(text);
        let book = &told.book;
        assert_eq!(book.rollback.len(), 1, "{text}");
        assert_eq!(
            (book.roles.len(), book.contacts.len()),
            (roles, contacts),
            "{text}"
        );
        assert_eq!(book.phases[0].at.map(|at| at.seconds), first, "{text}");
    }
}

#[test]
fn ids_are_stable_when_steps_are_added() {
    let before = holds(CHINESE);
    let after = holds(&CHINESE.replace("## 准备\n\n", "## 准备\n\n- [ ] 新的步骤\n"));
    for step in &before.book.steps {
        assert!(
            after.book.steps.iter().any(|s| s.id == step.id),
            "{}",
            step.id
        );
    }
}

#[test]
fn what_must_not_run_does_not() {
    let text = "# A\n\n## B\n\n- [ ] x\n\nExample config:\n\n```ini\n[rm -rf]\n```\n\nExpected output:\n\n```bash\nDropped 3 tables\n```\n\n```\n┌──┐\n│db│\n└──┘\n```\n\n```sh\ncat <<'EOF'\n<host>\nEOF\n```\n\n## Troubleshooting\n\n```sh\nrm -rf /\n```\n";
    assert!(blocks(&holds(text).book).is_empty());
}
