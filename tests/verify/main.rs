//! Whatever a folder holds, verifying it answers; and where it answers, stock `ssh-keygen` says the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(missing_docs, reason = "these are tests, not an interface")]

mod mutants;

use std::fs::File;
use std::process::{Command, Stdio};

use holdpoint::engine::seal::verify::{Mark, Verdict, VerifyReport};
use mutants::Mutants;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// A byte order mark, or a lost last line end, may be undone: then it is said.
fn is_excused(report: &VerifyReport) -> bool {
    let undone =
        |l: &holdpoint::engine::seal::verify::Line| l.name == "bytes" && l.mark == Mark::Warn;
    report.lines.iter().any(undone)
}

/// Edits as the fuzzer spells them.
fn edits() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        "[-`|#{}:\",\\[\\]a-z0-9\n \\\\]{0,30}".prop_map(String::into_bytes),
    ];
    let edit = (0u8..4, 0u8..4, any::<u16>(), 0u8..60, text);
    prop::collection::vec(edit, 1..4).prop_map(|edits| {
        let spelled = edits
            .into_iter()
            .flat_map(|(file, kind, at, length, text)| {
                let length = if kind < 2 {
                    u8::try_from(text.len()).unwrap()
                } else {
                    length
                };
                let text = if kind < 2 { text } else { Vec::new() };
                [
                    vec![file, kind, at.to_be_bytes()[0], at.to_be_bytes()[1], length],
                    text,
                ]
                .concat()
            });
        spelled.collect()
    })
}

#[test]
fn whatever_is_edited_there_is_an_answer_and_it_is_not_verified() {
    let scratch = tempfile::tempdir().unwrap();
    let mutants = Mutants::new(scratch.path());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let checked = runner.run(&edits(), |bytes| {
        if let Some(report) = mutants.verified_as(&bytes) {
            prop_assert!(
                report.verdict != Verdict::Verified || is_excused(&report),
                "{}",
                report.text()
            );
        }
        Ok(())
    });
    checked.unwrap();
}

/// Whether stock OpenSSH accepts the signature of this number, by the commands that the log prints.
fn stock(mutants: &Mutants, number: usize, who: &str, role: &str) -> bool {
    let part = |name: &str, script: &str| {
        let path = mutants.dir().parent().unwrap().join(name);
        let mut awk = Command::new("awk");
        awk.arg("-v").arg(format!("n={number}")).arg(script);
        awk.arg(mutants.dir().join("log.md"));
        let made = awk.stdout(File::create(&path).unwrap()).status();
        assert!(made.unwrap().success());
        path
    };
    let text = part(
        "part",
        "/^-----BEGIN SSH SIGNATURE-----$/ && ++c==n {exit} 1",
    );
    let signature = part(
        "part.sig",
        "/^-----BEGIN SSH SIGNATURE-----$/ {c++} c==n; c==n && /^-----END/ {exit}",
    );
    let asked = Command::new("ssh-keygen")
        .args([
            "-Y",
            "verify",
            "-I",
            who,
            "-n",
            &format!("role.{role}@holdpoint"),
            "-f",
        ])
        .arg(mutants.trust())
        .arg("-s")
        .arg(signature)
        .stdin(File::open(text).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.unwrap().success()
}

#[test]
fn stock_openssh_says_the_same_of_every_signature() {
    let scratch = tempfile::tempdir().unwrap();
    let mutants = Mutants::new(scratch.path());
    let length = std::fs::read(mutants.dir().join("log.md")).unwrap().len();
    let signers = [
        ("dana@example.com", "database-admin"),
        ("quinn@example.com", "qa-lead"),
    ];
    let (mut good, mut bad) = (0, 0);
    // One letter put over another, all along the log.
    for at in (0..length).step_by(length / 60) {
        let [high, low] = u16::try_from(at).unwrap().to_be_bytes();
        let Some(report) = mutants.verified_as(&[0, 1, high, low, 1, b'A']) else {
            continue;
        };
        for (number, (who, role)) in (1..).zip(signers) {
            let name = format!("signature {number}");
            let Some(line) = report.lines.iter().find(|l| l.name == name) else {
                continue; // its block was changed: it is no signature to holdpoint
            };
            let accepted = stock(&mutants, number, who, role);
            assert_eq!(
                line.mark == Mark::Pass,
                accepted,
                "byte {at}:\n{}",
                report.text()
            );
            if accepted { good += 1 } else { bad += 1 }
        }
    }
    assert!(good >= 3 && bad >= 50, "{good} good, {bad} bad");
}
