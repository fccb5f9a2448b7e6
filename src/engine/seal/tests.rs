use std::fs;
use std::process::{Command, Stdio};

use super::fixture::{Place, RUN, events, journal, says, signer};
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

fn stock_in(place: &Place, number: usize, who: &str, namespace: &str) -> bool {
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
fn an_open_run_an_unknown_role_and_a_changed_log_are_not_signed() {
    let place = Place::new();
    let dana = place.key("dana", &["ed25519"]);
    let refused = place.sign("King", "d@x", &dana).unwrap_err();
    assert!(
        matches!(refused, SealError::UnknownRole { .. }),
        "{refused}"
    );
    place.sign("QA Lead", "d@x", &dana).unwrap();
    place.edit("log.md", |log| log.replacen("**SUCCESS**", "**GREAT**", 1));
    let refused = place.sign("Database Admin", "d@x", &dana).unwrap_err();
    assert!(
        matches!(refused, SealError::NotTheRecord { .. }),
        "{refused}"
    );
    let mut open = events();
    open.pop();
    place.edit("journal.jsonl", |_| journal(&open));
    let refused = place.sign("QA Lead", "d@x", &dana).unwrap_err();
    assert!(matches!(refused, SealError::NotClosed), "{refused}");
}

#[test]
fn a_rejection_is_no_approval() {
    let place = Place::new();
    let trust = place.signed();
    let quinn = find(&place.desk, Some(&place.path("quinn").to_string_lossy())).unwrap();
    let rejection = Approval {
        role: "QA Lead".into(),
        decision: crate::domain::report::signoff::Decision::Rejected,
        remark: "the smoke test | was not mine".into(),
        signer: signer("quinn@example.com", &quinn),
    };
    append_signoff(&place.desk, &place.bundle, &rejection).unwrap();
    says(
        &place.verified(&trust),
        Verdict::Incomplete,
        "QA Lead REJECTED this record",
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

#[test]
fn nobody_signs_less_than_the_runbook_has_their_role_sign() {
    use crate::domain::report::signoff::{self, Decision, Said, Statement};
    for (meaning, verdict) in [
        (
            signoff::meaning(Decision::Approved, false),
            Verdict::Incomplete,
        ),
        ("I was there, and promise nothing", Verdict::Failed),
    ] {
        let place = Place::new();
        let dana = place.key("dana", &["ed25519"]);
        let log = place.bundle.write_log().unwrap();
        let said = Said::SignOff(Statement {
            name: "Dana".into(),
            identity: "dana@x".into(),
            role: "Database Admin".into(),
            decision: Decision::Approved,
            remark: String::new(),
            meaning: meaning.into(),
            signed_at: chrono::DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z").unwrap(),
            key: dana.fingerprint(),
        });
        let covered = log + &said.block(1);
        let armour = sign(&place.desk, &said.namespace(), &dana, covered.as_bytes()).unwrap();
        fs::write(&place.bundle.log, covered + &armour + signoff::closing()).unwrap();
        let trust = place.trust(&[("dana@x", "", &dana)]);
        let report = place.verified(&trust);
        says(&report, verdict, "PASS  signature 1");
        assert_eq!(
            report.text().contains("FAIL  meaning"),
            verdict == Verdict::Failed
        );
    }
}

#[test]
fn an_addendum_is_signed_by_whom_the_list_lets_and_changes_no_approval() {
    let place = Place::new();
    let trust = place.signed();
    let rhea = place.key("rhea", &["ed25519"]);
    let before = place.log();
    let who = signer("rhea@example.com", &rhea);
    append_addendum(
        &place.desk,
        &place.bundle,
        &who,
        b"The window was 02:00Z.\n```\n# SUCCESS",
    )
    .unwrap();
    assert!(
        place.log().starts_with(&before),
        "what is above is untouched"
    );
    assert!(place.log().contains("\n### Addendum 3\n"));
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "addendum: rhea <rhea@example.com>: intact, but not authorised: key is not listed",
    );
    let mut list = fs::read_to_string(&trust).unwrap();
    list += &format!(
        "rhea@example.com namespaces=\"addendum@holdpoint\" {}\n",
        rhea.public.line()
    );
    fs::write(&trust, list).unwrap();
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "addendum: rhea <rhea@example.com> added a text at",
    );
    assert!(stock_in(
        &place,
        3,
        "rhea@example.com",
        "addendum@holdpoint"
    ));
    // A sign-off may follow, and then covers the addendum.
    let quinn = find(&place.desk, Some(&place.path("quinn").to_string_lossy())).unwrap();
    place.sign("QA Lead", "quinn@example.com", &quinn).unwrap();
    says(&place.verified(&trust), Verdict::Verified, "signature 4");
    place.edit("log.md", |log| {
        log.replace("The window was 02:00Z.", "The window was 03:00Z.")
    });
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "addendum: rhea <rhea@example.com>: the text above it was changed",
    );
}

#[test]
fn two_who_sign_at_once_are_told() {
    let place = Place::new();
    let dana = place.key("dana", &["ed25519"]);
    let other = fs::File::open(&place.bundle.dir).unwrap();
    other.lock().unwrap();
    let refused = place.sign("QA Lead", "d@x", &dana).unwrap_err();
    assert!(matches!(refused, SealError::Busy { .. }), "{refused}");
    drop(other);
    // Whoever takes no lock is found out too: here the program that signs changes the log meanwhile.
    let program = place.path("slow-keygen");
    let script = format!(
        "#!/bin/sh\necho more >> '{}'\nexec ssh-keygen \"$@\"\n",
        place.bundle.log.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let config = format!("[gpg \"ssh\"]\nprogram={}\n", program.display());
    fs::write(place.desk.home.join(".gitconfig"), config).unwrap();
    let refused = place.sign("QA Lead", "d@x", &dana).unwrap_err();
    assert!(matches!(refused, SealError::Changed { .. }), "{refused}");
}

#[test]
fn a_copy_that_is_behind_its_upstream_is_not_signed() {
    let place = Place::new();
    place.bundle.write_log().unwrap();
    assert_eq!(serial(&place.desk, &place.bundle).unwrap(), None);
    let script = format!(
        "git init -q --bare up && git clone -q up work 2>/dev/null && cp -r {RUN} work/ && cd work
         git config user.name a && git config user.email a@x && git add . && git commit -qm one && git push -q origin HEAD
         git clone -q ../up ../other && cd ../other && git config user.name b && git config user.email b@x
         echo x >> {RUN}/log.md && git commit -qam two && git push -q && cd ../work && git fetch -q"
    );
    let made = Command::new("sh")
        .args(["-euc", &script])
        .current_dir(place.root.path())
        .env("HOME", &place.desk.home)
        .status();
    assert!(made.unwrap().success());
    let bundle = Bundle::at(&place.path("work").join(RUN));
    let refused = serial(&place.desk, &bundle).unwrap_err().to_string();
    assert!(
        refused.contains("behind its upstream by 1 commit(s)"),
        "{refused}"
    );
    let newest = Bundle::at(&place.path("other").join(RUN));
    let said = serial(&place.desk, &newest).unwrap().unwrap();
    assert!(said.contains("pull first"), "{said}");
}

#[test]
fn keys_are_found_in_their_order() {
    let place = Place::new();
    assert!(matches!(find(&place.desk, None), Err(SealError::NoKey)));
    for name in ["id_a", "id_b"] {
        place.key(&format!("home/.ssh/{name}"), &["ed25519"]);
    }
    let refused = find(&place.desk, None).unwrap_err().to_string();
    assert!(
        refused.contains("several SSH keys") && refused.contains("home/.ssh/id_b.pub"),
        "{refused}"
    );
    fs::write(
        place.desk.home.join(".gitconfig"),
        "[gpg]\nformat=ssh\n[user]\nsigningKey=~/.ssh/id_b.pub\n",
    )
    .unwrap();
    // git was asked once already: who comes now is another.
    let later = Desk::at(place.desk.home.clone(), place.desk.config.clone(), None);
    assert!(find(&later, None).unwrap().source().ends_with("id_b.pub"));
    make(&place.desk, &own(&place.desk), "x", Passphrase::None).unwrap();
    assert_eq!(
        find(&place.desk, None).unwrap().source(),
        own(&place.desk).with_extension("pub").display().to_string()
    );
    assert!(make(&place.desk, &own(&place.desk), "x", Passphrase::None).is_err());
}

#[test]
fn the_demos_key_signs_and_its_list_trusts_it() {
    let place = Place::new();
    let demo = demo_key(&place.desk, &place.path("demo"), "you@demo").unwrap();
    for role in ["Database Admin", "QA Lead"] {
        place.sign(role, "you@demo", &demo.key).unwrap();
    }
    says(
        &place.verified(&demo.allowed_signers),
        Verdict::Verified,
        "you@demo",
    );
}
