use std::fs;
use std::process::{Command, Stdio};

use super::fixture::{Place, says};
use super::verify::{Question, Verdict};
use super::*;

#[test]
fn a_log_that_both_roles_signed_is_verified() {
    let place = Place::new();
    let trust = place.signed();
    let report = place.verified(&trust);
    says(
        &report,
        Verdict::Verified,
        "all 2 required roles signed: Database Admin, QA Lead",
    );
    says(
        &report,
        Verdict::Verified,
        "evidence     3 of 3 files match",
    );
    says(
        &report,
        Verdict::Verified,
        "told again from the journal, the log is the same",
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn every_kind_of_key_signs_and_is_verified() {
    for kind in [
        &["ed25519"][..],
        &["ecdsa", "-b", "256"],
        &["ecdsa", "-b", "384"],
        &["ecdsa", "-b", "521"],
        &["rsa", "-b", "3072"],
    ] {
        let place = Place::new();
        let key = place.key("k", kind);
        for role in ["Database Admin", "QA Lead"] {
            place.sign(role, "k@x", &key).unwrap();
        }
        let trust = place.trust(&[("k@x", "", &key)]);
        says(
            &place.verified(&trust),
            Verdict::Verified,
            "k@x signed as Database Admin and as QA Lead",
        );
        place.edit("log.md", |log| {
            log.replacen("echo upgraded", "echo upgradeD", 1)
        });
        says(
            &place.verified(&trust),
            Verdict::Failed,
            "the text above it was changed after signing",
        );
    }
}

#[test]
fn a_key_that_is_only_in_the_agent_signs() {
    let mut place = Place::new();
    place.key("dana", &["ed25519"]);
    place.agent("dana");
    let key = find(&place.desk, None).unwrap();
    assert_eq!(key.place, keys::Place::Agent);
    place.sign("Database Admin", "dana@x", &key).unwrap();
    let by_fingerprint = find(&place.desk, Some(&key.fingerprint())).unwrap();
    place.sign("QA Lead", "dana@x", &by_fingerprint).unwrap();
    let trust = place.trust(&[("dana@x", "", &key)]);
    says(&place.verified(&trust), Verdict::Verified, "signature 2");
}

/// The commands that the log prints, with what they leave open filled in.
fn stock(place: &Place, number: usize, who: &str, role: &str) -> bool {
    stock_in(place, number, who, &format!("role.{role}@holdpoint"))
}

pub fn stock_in(place: &Place, number: usize, who: &str, namespace: &str) -> bool {
    run_stock(place, number, who, namespace, "")
}

/// The same at a time, spelled as in the list of signers.
pub fn stock_at(place: &Place, number: usize, who: &str, namespace: &str, time: &str) -> bool {
    run_stock(
        place,
        number,
        who,
        namespace,
        &format!("-Overify-time={time}"),
    )
}

fn run_stock(place: &Place, number: usize, who: &str, namespace: &str, more: &str) -> bool {
    let log = place.log();
    let block = log
        .split("```sh\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert_eq!(block.lines().count(), 4, "{block}");
    let script = block
        .replace("n=N", &format!("n={number}"))
        .replace(
            "ALLOWED_SIGNERS",
            &place.path("allowed_signers").to_string_lossy(),
        )
        .replace("WHO", who)
        .replace("role.ROLE@holdpoint", namespace)
        .replace("-Y verify", &format!("-Y verify {more}"));
    let ran = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(&place.bundle.dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    for made in ["part", "part.sig"] {
        let _ = fs::remove_file(place.bundle.dir.join(made));
    }
    ran.unwrap().success()
}

#[test]
fn the_commands_printed_in_the_log_agree() {
    let place = Place::new();
    let trust = place.signed();
    assert!(stock(&place, 1, "dana@example.com", "database-admin"));
    assert!(stock(&place, 2, "quinn@example.com", "qa-lead"));
    assert!(!stock(&place, 1, "quinn@example.com", "database-admin"));
    place.edit("log.md", |log| log.replacen("SUCCESS", "SUCCESs", 1));
    assert!(!stock(&place, 1, "dana@example.com", "database-admin"));
    says(&place.verified(&trust), Verdict::Failed, "signature 1");
}

#[test]
fn nobody_to_trust_is_incomplete() {
    let place = Place::new();
    place.signed();
    let report = place.asked(&Question::default()).unwrap();
    says(
        &report,
        Verdict::Incomplete,
        "intact, but nobody says whose key it is",
    );
    assert_eq!(report.exit_code(), 2);
}

#[test]
fn the_configured_list_is_taken_where_none_is_named() {
    let place = Place::new();
    let trust = place.signed();
    fs::create_dir_all(&place.desk.config).unwrap();
    fs::rename(trust, place.desk.config.join("allowed_signers")).unwrap();
    says(
        &place.asked(&Question::default()).unwrap(),
        Verdict::Verified,
        "config/allowed_signers",
    );
}

#[test]
fn a_list_in_the_bundle_is_never_used() {
    let place = Place::new();
    let trust = place.signed();
    let inside = place.bundle.dir.join("allowed_signers");
    fs::copy(trust, &inside).unwrap();
    let question = Question {
        trust: Some(inside),
        ..Question::default()
    };
    let refused = place.asked(&question).unwrap_err().to_string();
    assert!(refused.contains("never read from there"), "{refused}");
}

#[test]
fn a_role_that_has_not_signed_is_missing() {
    let place = Place::new();
    let dana = place.key("dana", &["ed25519"]);
    place
        .sign("Database Admin", "dana@example.com", &dana)
        .unwrap();
    let trust = place.trust(&[("dana@example.com", "", &dana)]);
    says(
        &place.verified(&trust),
        Verdict::Incomplete,
        "missing or not valid: QA Lead",
    );
}

#[test]
fn an_unsigned_log_is_incomplete() {
    let place = Place::new();
    place.bundle.write_log().unwrap();
    let trust = place.trust(&[]);
    says(
        &place.verified(&trust),
        Verdict::Incomplete,
        "missing or not valid: Database Admin, QA Lead",
    );
}

#[test]
fn the_wrong_role_the_wrong_key_and_the_wrong_time_are_refused() {
    let place = Place::new();
    let (dana, eve) = (
        place.key("dana", &["ed25519"]),
        place.key("eve", &["ed25519"]),
    );
    place.sign("QA Lead", "dana@x", &dana).unwrap();
    place.sign("Database Admin", "dana@x", &eve).unwrap();
    let options = "namespaces=\"role.database-admin@holdpoint\"";
    let trust = place.trust(&[("dana@x", options, &dana)]);
    let report = place.verified(&trust);
    says(
        &report,
        Verdict::Failed,
        "key is not permitted for use in signature namespace \"role.qa-lead@holdpoint\"",
    );
    says(
        &report,
        Verdict::Failed,
        "intact, but not authorised: key is not listed for this person",
    );
    let trust = place.trust(&[
        ("dana@x", "valid-before=\"20200101Z\"", &dana),
        ("dana@x", "", &eve),
    ]);
    says(&place.verified(&trust), Verdict::Failed, "key has expired");
}

#[test]
fn a_revoked_key_is_called_revoked() {
    let place = Place::new();
    let trust = place.signed();
    let krl = place.path("revoked.krl");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-k", "-f"])
        .arg(&krl)
        .arg(place.path("dana.pub"))
        .status();
    assert!(made.unwrap().success());
    says(&place.verified(&trust), Verdict::Failed, "is REVOKED");
    fs::remove_file(krl).unwrap();
    says(&place.verified(&trust), Verdict::Verified, "");
    fs::copy(place.path("quinn.pub"), place.path("revoked")).unwrap();
    let report = place.verified(&trust);
    says(&report, Verdict::Failed, "is REVOKED");
    says(&report, Verdict::Failed, "PASS  signature 1");
}

#[test]
fn a_certificate_of_a_trusted_authority_signs() {
    let mut place = Place::new();
    let authority = place.key("ca", &["ed25519"]);
    place.key("dana", &["ed25519"]);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-I", "dana", "-n", "dana@x", "-V", "-1h:+1h", "-s"])
        .arg(place.path("ca"))
        .arg(place.path("dana.pub"))
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    place.agent("dana");
    let path = place.path("dana-cert.pub");
    let certificate = find(&place.desk, Some(&path.to_string_lossy())).unwrap();
    assert!(certificate.public.is_certificate());
    place
        .sign("Database Admin", "dana@x", &certificate)
        .unwrap();
    let trust = place.trust(&[("*@x", "cert-authority", &authority)]);
    says(
        &place.verified(&trust),
        Verdict::Incomplete,
        "PASS  signature 1",
    );
    let trust = place.trust(&[("eve@x", "cert-authority", &authority)]);
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "FAIL  signature 1",
    );
}

#[test]
fn signatures_taken_out_are_good_to_stock_openssh() {
    let place = Place::new();
    let out = place.path("pairs");
    assert!(matches!(
        detach(&place.bundle, &out),
        Err(SealError::Unsigned)
    ));
    let trust = place.signed();
    let pairs = detach(&place.bundle, &out).unwrap();
    let signers = [
        ("dana@example.com", "role.database-admin@holdpoint"),
        ("quinn@example.com", "role.qa-lead@holdpoint"),
    ];
    assert_eq!(pairs.len(), 2);
    for (text, (who, namespace)) in pairs.iter().zip(signers) {
        let good = |text: &std::path::Path| {
            let asked = Command::new("ssh-keygen")
                .args(["-Y", "verify", "-I", who, "-n", namespace, "-f"])
                .arg(&trust)
                .arg("-s")
                .arg(format!("{}.sig", text.display()))
                .stdin(fs::File::open(text).unwrap())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            asked.unwrap().success()
        };
        assert!(good(text), "{text:?}");
        fs::write(text, fs::read_to_string(text).unwrap() + " ").unwrap();
        assert!(!good(text), "{text:?}");
    }
    assert!(matches!(
        detach(&place.bundle, &out),
        Err(SealError::Io { .. })
    ));
}
