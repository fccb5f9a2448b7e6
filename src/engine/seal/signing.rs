//! Tests of who may sign what, with which key, and when.

use std::fs;
use std::process::Command;

use super::fixture::{Place, RUN, events, journal, says, signer};
use super::tests::stock_in;
use super::verify::Verdict;
use super::*;

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
