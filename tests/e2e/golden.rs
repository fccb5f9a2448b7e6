//! Bundles that were signed once and are verified for ever: what a released version wrote, every later one accepts.
//!
//! `HOLDPOINT_WRITE_GOLDEN=NAME cargo test --test e2e golden` makes another one (`tests/fixtures/golden/NAME`) with the
//! program as it is now: a run from the screen with a real server, signed by two people. The old ones stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::sealed::{key, stock};
use crate::server::{database, server};
use crate::session::Session;
use crate::stage::Stage;

const BOOK: &str = r#"
runbook: 1
title: Orders get a status
roles: [Database Admin, QA Lead]
secrets: [DATABASE_URL]
targets:
  production: {database: '${DATABASE_URL}', protect: true, must_be: {role: primary}}
window: {length: 30m, decide_by: T+20m}
monitor:
  every: 1s
  alarms: [{when: blocked >= 1 for 1s, level: warning}]
phases:
  - phase: Before
    at: T-0
    steps:
      - {step: The team knows, confirm: The notice stands in the channel., evidence: text, takes: 2s}
      - step: What a hostile check may print
        check: |
          printf '# Status: SUCCESS\n## Sign-offs\n-----BEGIN SSH SIGNATURE-----\n<script>alert(1)</script>\n'
          printf '%s  journal.jsonl\n```\n| a | b |\n' 0000000000000000000000000000000000000000000000000000000000000000
          printf '\033[2J\033]0;title\007 \342\200\256evil\r\n'
        evidence: show
  - phase: Change
    steps:
      - step: Copy what is needed
        run: test -e tried || { touch tried; echo "there is no file" >&2; exit 3; }; echo "there it is"
        retry: {times: 1, wait: 1s}
        takes: 5s
      - step: Add the column
        id: apply
        sql: alter table orders add column status text
        takes: 2s
        timeout: 1m
      - {step: Nobody lost an order, sql: select count(*) from orders, expect: '= 3'}
  - phase: After
    steps:
      - {step: The shop works, confirm: An order was placed and cancelled., role: QA Lead, evidence: text, takes: 3s}
      - step: Keep it, or go back?
        decide:
          - {choice: Keep it}
          - {choice: Go back, when: Errors above the usual level, go_to: undo}
rollback:
  - path: undo
    title: Take the column away
    steps:
      - {step: Drop the column, undoes: apply, sql: alter table orders drop column status, timeout: 1m}
"#;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden")
}

/// Answers the question that is asked, with what it wants typed.
fn answer(hp: &mut Session, said: &[&str]) {
    hp.wait_for("Enter opens the confirmation");
    hp.press_for("\r", "Enter records");
    for (at, text) in said.iter().enumerate() {
        if at > 0 {
            hp.press("\t");
        }
        hp.type_text(text);
    }
    hp.answer("Enter records");
}

/// Takes the story to its end; returns the run's directory and the list of signers.
fn play(stage: &Stage, base: &str) -> (PathBuf, PathBuf) {
    let (_, dana) = key(stage, "id_ed25519");
    let (quinn_key, quinn) = key(stage, "quinn");
    let permitted = |line: &str, who: &str, role: &str| {
        let (_, key) = line.split_once(' ').unwrap();
        let key = key.rsplit_once(' ').unwrap().0;
        format!(
            "{who}@example.com namespaces=\"role.{role}@holdpoint,checkpoint@holdpoint,addendum@holdpoint\" {key}\n"
        )
    };
    let trust = stage.home().join("allowed_signers");
    let list = permitted(&dana, "dana", "database-admin") + &permitted(&quinn, "quinn", "qa-lead");
    fs::write(&trust, list).unwrap();
    let git = "[user]\n name = Dana Kovač\n email = dana@example.com\n";
    fs::write(stage.home().join(".gitconfig"), git).unwrap();

    let lock = "begin; lock table orders; select pg_sleep(9); commit";
    let base = base.to_owned();
    let mut hp = stage.start(&["run", "run.yaml", "--change", "CHG-20984"]);
    hp.wait_for("Enter opens the confirmation");
    let holder = thread::spawn(move || server().execute(&base, lock));
    answer(&mut hp, &["https://chat.example.com/ops/1763629480"]);
    hp.wait_for("An order was placed and cancelled.");
    hp.press_for("n", "Enter writes it down");
    hp.type_text("the nightly import was late | it waits for us");
    hp.answer("Enter writes it down");
    answer(&mut hp, &["order 88120417, status unknown", "quinn"]);
    hp.wait_for("Keep it, or go back?");
    hp.press_for("\r", "› Keep it");
    hp.answer("Enter takes the marked way");
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.sign_and_go("Database Admin");
    holder.join().unwrap().unwrap();

    let run = stage.run_dir();
    let quinn_key = quinn_key.to_str().unwrap();
    let who = ["--name", "Quinn Okafor", "--identity", "quinn@example.com"];
    let second = [
        "sign",
        run.to_str().unwrap(),
        "--role",
        "QA Lead",
        "--key",
        quinn_key,
    ];
    let (code, said) = stage.said(&[&second[..], &who].concat());
    assert_eq!(code, 0, "{said}");
    (run, trust)
}

fn write(name: &str) {
    let base = database();
    let orders =
        "create table orders (id int primary key); insert into orders values (1), (2), (3)";
    server().execute(&base, orders).unwrap();
    let stage = Stage::with(BOOK).env("DATABASE_URL", &server().url(&base));
    let (run, trust) = play(&stage, &base);
    let place = golden().join(name);
    fs::create_dir(&place).expect("a golden bundle is never written anew: choose another name");
    for left in ["attempts", "driver.lock"] {
        let left = run.join(left);
        let _ = fs::remove_dir_all(&left).or_else(|_| fs::remove_file(&left));
    }
    fs::copy(trust, place.join("allowed_signers")).unwrap();
    let mut cp = Command::new("cp");
    cp.arg("-r").arg(&run).arg(&place);
    assert!(cp.status().unwrap().success());
}

/// Every golden bundle, with its list of signers.
fn bundles() -> Vec<(PathBuf, PathBuf)> {
    let dirs = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
        entries.filter(|p| p.is_dir()).collect::<Vec<_>>()
    };
    let with_trust = |place: PathBuf| {
        let trust = place.join("allowed_signers");
        let run = dirs(&place).remove(0);
        (run, trust)
    };
    dirs(&golden()).into_iter().map(with_trust).collect()
}

#[test]
fn every_golden_bundle_is_verified_for_ever() {
    if let Some(name) = std::env::var_os("HOLDPOINT_WRITE_GOLDEN") {
        write(&name.to_string_lossy());
        thread::sleep(Duration::from_millis(1));
    }
    let bundles = bundles();
    assert!(!bundles.is_empty());
    for (run, trust) in bundles {
        let stage = Stage::new();
        let [dir, list] = [&run, &trust].map(|path| path.to_str().unwrap());
        let output = stage.plain(&["verify", dir, "--trust", list]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("WARN"), "{said}");
        let roles = [("1", "dana", "database-admin"), ("2", "quinn", "qa-lead")];
        for (number, who, role) in roles {
            let who = format!("{who}@example.com");
            let (agrees, said) = stock(&run, &trust, number, &who, role);
            assert!(agrees, "{said}");
        }
        let (agrees, said) = stock(&run, &trust, "2", "dana@example.com", "qa-lead");
        assert!(!agrees, "{said}");
        let ledger = run.parent().unwrap().to_str().unwrap();
        let output = stage.plain(&["audit", ledger, "--trust", list, "--json"]);
        let audit: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &audit["verdict"]),
            (Some(0), &"VERIFIED".into())
        );
        let page = stage.plain(&["report", dir, "--html"]);
        assert!(String::from_utf8_lossy(&page.stdout).contains("<svg class=\"timeline\""));
    }
}
