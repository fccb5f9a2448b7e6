//! The log at the end: signed from the screen, verified by holdpoint and by stock `ssh-keygen`, refused when it was touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::Stage;

/// Asserts that holdpoint and stock `ssh-keygen` accept the log of `stage` by `trust`, and both refuse it with one byte
/// changed.
pub fn assert_sealed(stage: &Stage, trust: &Path, who: &str, role: &str) {
    let dir = stage.run_dir();
    let log = dir.join("log.md");
    let (code, said) = verified(stage, trust);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("VERDICT: VERIFIED"), "{said}");
    let (agrees, said) = stock(&dir, trust, "1", who, role);
    assert!(agrees, "{said}");

    let whole = fs::read(&log).unwrap();
    let mut touched = whole.clone();
    let at = touched.len() / 4;
    touched[at] = if touched[at] == b'x' { b'y' } else { b'x' };
    fs::write(&log, touched).unwrap();
    let (code, said) = verified(stage, trust);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("VERDICT: FAILED"), "{said}");
    let (agrees, said) = stock(&dir, trust, "1", who, role);
    assert!(!agrees, "{said}");
    fs::write(&log, whole).unwrap();
}

fn verified(stage: &Stage, trust: &Path) -> (i32, String) {
    let dir = stage.run_dir();
    let [dir, trust] = [&dir, trust].map(|path| path.to_str().unwrap());
    let output = stage.plain(&["verify", dir, "--trust", trust]);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap(), text)
}

/// Runs the commands that the log itself prints for those who have no holdpoint, for the signature of this number.
pub fn stock(dir: &Path, trust: &Path, number: &str, who: &str, role: &str) -> (bool, String) {
    let log = fs::read_to_string(dir.join("log.md")).unwrap();
    let (_, after) = log
        .split_once("```sh\n")
        .expect("the log prints its commands");
    let (commands, _) = after.split_once("```").unwrap();
    let copy = tempfile::tempdir().unwrap(); // the commands leave files behind
    let mut cp = Command::new("cp");
    cp.arg("-r").arg(dir.join(".")).arg(copy.path());
    assert!(cp.status().unwrap().success());
    let commands = commands
        .replace("n=N ", &format!("n={number} "))
        .replace("ALLOWED_SIGNERS", trust.to_str().unwrap())
        .replace("-I WHO", &format!("-I {who}"))
        .replace("role.ROLE@", &format!("role.{role}@"));
    let output = Command::new("sh")
        .args(["-ec", &commands])
        .current_dir(copy.path())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), format!("{commands}\n{said}"))
}

/// Makes a key for `name` below the stage's home; returns it and a line that trusts it.
pub fn key(stage: &Stage, name: &str) -> (PathBuf, String) {
    let path = stage.home().join(".ssh").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]);
    let made = keygen.arg(&path).status();
    let made = made.expect("ssh-keygen is needed: install openssh-client");
    assert!(made.success());
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    (path, format!("{name}@example.com {public}"))
}

/// Makes a key and a name for Dana, who drives; returns her line of a list of people who are trusted.
pub fn dana(stage: &Stage) -> String {
    let git = "[user]\n name = Dana\n email = dana@example.com\n";
    fs::write(stage.home().join(".gitconfig"), git).unwrap();
    let (_, line) = key(stage, "id_ed25519");
    line.replacen("id_ed25519@", "dana@", 1)
}

#[test]
fn two_people_sign_and_the_log_is_verified() {
    let stage = Stage::with(
        r"
runbook: 1
title: Signed by two
roles: [Database Admin, Application Lead]
phases:
  - phase: Work
    steps:
      - {step: Look, confirm: It is so.}
",
    );
    let (lee_key, lee) = key(&stage, "lee");
    let trust = stage.home().join("allowed_signers");
    fs::write(&trust, [dana(&stage), lee.clone()].concat()).unwrap();

    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.sign_and_go("Database Admin");

    let (code, said) = verified(&stage, &trust);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("missing or not valid: Application Lead"),
        "{said}"
    );
    let run = stage.run_dir();
    let (run, lee_key) = (run.to_str().unwrap(), lee_key.to_str().unwrap());
    let (code, said) = stage.said(&["sign", run, "--role", "Nobody", "--key", lee_key]);
    assert_eq!(code, 2, "{said}");
    let second = ["sign", run, "--role", "Application Lead", "--key", lee_key];
    let by_lee = ["--name", "Lee", "--identity", "lee@example.com"];
    // A signature that the list at hand does not allow would make the record fail for good: it is not given.
    let log = stage.kept("log.md");
    fs::create_dir(stage.path(".holdpoint")).unwrap();
    let other = lee.replacen(" ssh-", " namespaces=\"role.qa-lead@holdpoint\" ssh-", 1);
    stage.write(".holdpoint/allowed_signers", other);
    let (code, said) = stage.said(&[&second[..], &by_lee].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("does not let lee@example.com sign"), "{said}");
    assert!(
        said.contains("holdpoint trust add lee@example.com"),
        "{said}"
    );
    assert_eq!(stage.kept("log.md"), log);
    fs::remove_dir_all(stage.path(".holdpoint")).unwrap();
    let (code, said) = stage.said(&[&second[..], &by_lee].concat());
    assert_eq!(code, 0, "{said}");
    assert_sealed(&stage, &trust, "dana@example.com", "database-admin");
}

#[test]
fn without_a_key_the_log_is_written_and_signed_later() {
    let stage = Stage::with(
        r"
runbook: 1
title: Signed later
roles: [Database Admin]
phases:
  - phase: Work
    steps:
      - {step: Look, confirm: It is so.}
",
    );
    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.wait_for("There is no SSH key to sign with");
    hp.wait_for("holdpoint keygen");
    hp.wait_for("› Write it unsigned");
    hp.answer("Enter writes log.md");
    hp.wait_for("written, unsigned");
    hp.shut("written, unsigned");
    hp.press("q");
    hp.ends_with(0);

    let made = stage.plain(&["keygen", "--no-passphrase", "--identity", "ann@example.com"]);
    assert!(made.status.success());
    let said = String::from_utf8(made.stdout).unwrap();
    let line = said.lines().find(|l| l.starts_with("ann@example.com "));
    let trust = stage.home().join("allowed_signers");
    fs::write(&trust, format!("{}\n", line.unwrap())).unwrap();
    let run = stage.run_dir();
    let run = run.to_str().unwrap();
    let sign = ["sign", run, "--role", "Database Admin", "--name", "Ann"];
    let (code, said) = stage.said(&[&sign[..], &["--identity", "ann@example.com"]].concat());
    assert_eq!(code, 0, "{said}");
    assert_sealed(&stage, &trust, "ann@example.com", "database-admin");
}

#[test]
fn who_leaves_without_signing_has_the_log_all_the_same() {
    let stage = Stage::with(
        r"
runbook: 1
title: Signed by nobody yet
roles: [Database Admin]
phases:
  - phase: Work
    steps:
      - {step: Look, confirm: It is so.}
",
    );
    dana(&stage);
    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.shut("› Sign as Database Admin");
    assert!(!stage.run_dir().join("log.md").exists());
    hp.press("q");
    hp.wait_for("log, not signed yet: ");
    hp.ends_with(0);
    assert!(stage.kept("log.md").contains("Signed by nobody yet"));
}
