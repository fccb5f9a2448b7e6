//! Four eyes from end to end: a reviewed runbook, a role that signs in the window, a witness, sign-offs, an addendum.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::stage::{Stage, wait};

const BOOK: &str = r"
runbook: 1
title: Four eyes
targets:
  production: {reviewed: true}
roles:
  - Database Admin
  - {role: QA Lead, means: I ran the smoke test and accept the result}
witness: {run: 'cat >> heads.txt; echo noted'}
phases:
  - phase: Work
    steps:
      - {step: Upgrade, id: up, run: echo upgraded}
      - {step: QA says go, id: go, sign: QA Lead}
      - {step: Settle, id: settle, run: echo settled}
";

/// Makes a key; returns its path.
fn key(stage: &Stage, name: &str, passphrase: &str) -> PathBuf {
    let path = stage.home().join(name);
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"]);
    let made = keygen.arg(&path).status();
    assert!(
        made.expect("ssh-keygen is needed: install openssh-client")
            .success()
    );
    path
}

#[track_caller]
fn done(stage: &Stage, args: &[&str]) -> String {
    let output = stage.plain(args);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
    said
}

#[test]
fn a_reviewed_runbook_is_run_signed_in_the_window_and_verified() {
    let stage = Stage::with(BOOK);
    let git = "[user]\n name = Dana\n email = dana@example.com\n";
    fs::write(stage.home().join(".gitconfig"), git).unwrap();
    let [dana, quinn, rhea] = [("dana", "geheim"), ("quinn", ""), ("rhea", "")]
        .map(|(name, words)| key(&stage, name, words));
    let [dana, quinn, rhea] = [&dana, &quinn, &rhea].map(|p| p.to_str().unwrap());
    done(
        &stage,
        &[
            "trust",
            "add",
            "dana@example.com",
            dana,
            "--role",
            "Database Admin",
        ],
    );
    done(
        &stage,
        &[
            "trust",
            "add",
            "quinn@example.com",
            quinn,
            "--role",
            "QA Lead",
        ],
    );
    done(
        &stage,
        &["trust", "add", "rhea@example.com", rhea, "--reviewer"],
    );
    assert!(done(&stage, &["trust", "lint"]).contains("nothing to remark"));

    let (code, said) = stage.said(&["run", "run.yaml", "--auto"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("demands a reviewed runbook: nobody has reviewed"),
        "{said}"
    );
    assert_eq!(stage.runs().len(), 0, "nothing has happened yet");
    let by_rhea = ["--key", rhea, "--identity", "rhea@example.com"];
    let said = done(&stage, &[&["approve", "run.yaml"][..], &by_rhea].concat());
    assert!(said.contains("as rhea@example.com reviewed it"), "{said}");

    drive(&stage, dana, quinn);
    sign_later(&stage, quinn);

    stage.write("run.yaml", BOOK.replace("echo settled", "echo other"));
    let (code, said) = stage.said(&["run", "run.yaml", "--auto"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is not the one that was reviewed"), "{said}");
}

/// The run in the window: two prompts for the operator's passphrase, a signature by somebody else between them.
fn drive(stage: &Stage, dana: &str, quinn: &str) {
    let mut hp = stage.start(&["run", "run.yaml", "--key", dana]);
    hp.wait_for("passphrase");
    hp.press("geheim\r"); // nothing of it stands on the screen
    hp.wait_for("Enter asks for the signature");
    hp.press_for("\r", "QA Lead signs the record so far");
    hp.press("\t\t");
    hp.type_text("quinn@example.com");
    hp.press("\t");
    hp.type_text("Quinn");
    hp.press("\t");
    hp.press(quinn);
    hp.wait_for("/quinn");
    hp.answer("Enter runs ssh-keygen");
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.wait_for("› Sign as Database Admin");
    hp.answer("Enter writes log.md");
    // Below the prompt of the opening, which the terminal shows again.
    wait("the second passphrase prompt", || {
        hp.screen().matches("passphrase").count() == 2
    });
    hp.press("geheim\r"); // nothing of it stands on the screen
    hp.wait_for("signed as Database Admin");
    hp.shut("The log is written");
    hp.press("q");
    hp.ends_with(0);
}

/// What comes after the window: another role, an addendum, and what the auditor looks at.
fn sign_later(stage: &Stage, quinn: &str) {
    let run = stage.run_dir();
    let run = run.to_str().unwrap();
    let by_quinn = [
        "--key",
        quinn,
        "--name",
        "Quinn",
        "--identity",
        "quinn@example.com",
    ];
    let said = done(
        stage,
        &[&["sign", run, "--role", "qa lead"][..], &by_quinn].concat(),
    );
    assert!(
        said.contains("I ran the smoke test and accept the result"),
        "{said}"
    );
    stage.write("more.txt", "Announced as 15:30Z.\n# SUCCESS\n");
    done(
        stage,
        &[&["sign", run, "--addendum", "more.txt"][..], &by_quinn].concat(),
    );

    let heads = stage.read("heads.txt");
    let last: Vec<&str> = heads.lines().last().unwrap().split(' ').collect();
    assert_eq!(
        heads.lines().count(),
        3,
        "at the opening, the first change, the close: {heads}"
    );
    let head = format!("{}:{}", last[2], last[3]);
    let said = done(
        stage,
        &[
            "verify",
            run,
            "--trust",
            ".holdpoint/allowed_signers",
            "--head",
            &head,
        ],
    );
    for line in [
        "(step go) signed by quinn@example.com",
        "as reviewed by rhea@example.com",
        "is in this journal",
        "VERIFIED",
    ] {
        assert!(said.contains(line), "`{line}` is not in {said}");
    }
    let log = stage.kept("log.md");
    assert!(
        log.contains("### Addendum 3\n") && log.contains("\n| # SUCCESS\n"),
        "{log}"
    );
    done(stage, &["diff", run]);
}
