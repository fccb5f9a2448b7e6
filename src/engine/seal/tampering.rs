//! What was changed after signing, or stands in the way of trusting it.

use std::fs;

use super::checkpoint::{Covered, checkpoint, in_step};
use super::fixture::{Place, events, journal, says};
use super::verify::{Question, Verdict};
use crate::domain::run::event::{Event, SignedWord, StepSigned};
use crate::domain::runbook::model::StepId;

#[test]
fn text_behind_the_last_signature_fails() {
    let place = Place::new();
    let trust = place.signed();
    place.edit("log.md", |log| log + "Approved by all of us.\n");
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "23 bytes of unsigned text after the last signature",
    );
}

#[test]
fn what_mail_does_to_line_ends_is_undone_and_said() {
    let place = Place::new();
    let trust = place.signed();
    place.edit("log.md", |log| {
        format!("\u{feff}{}", log.replace('\n', "\r\n"))
    });
    says(&place.verified(&trust), Verdict::Verified, "WARN  bytes");
}

#[test]
fn evidence_that_was_edited_removed_or_planted_is_seen() {
    let place = Place::new();
    let trust = place.signed();
    fs::write(place.bundle.dir.join("output/99.1.txt"), "planted").unwrap();
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "no signature covers: output/99.1.txt",
    );
    place.edit("output/01.1.txt", |text| text.to_uppercase());
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "output/01.1.txt: content differs",
    );
    fs::remove_file(place.bundle.dir.join("output/01.1.txt")).unwrap();
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "output/01.1.txt: named in the log, not found",
    );
    std::os::unix::fs::symlink("/etc/passwd", place.bundle.dir.join("output/01.1.txt")).unwrap();
    says(&place.verified(&trust), Verdict::Failed, "it is a link");
}

#[test]
fn a_journal_that_was_torn_cut_or_chained_anew_is_seen() {
    let place = Place::new();
    let trust = place.signed();
    let whole = fs::read_to_string(place.bundle.dir.join("journal.jsonl")).unwrap();
    place.edit("journal.jsonl", |text| {
        text.trim_end_matches("}\n").to_owned()
    });
    says(&place.verified(&trust), Verdict::Failed, "have no line end");
    place.edit("journal.jsonl", |_| {
        whole.lines().take(4).map(|l| format!("{l}\n")).collect()
    });
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "is not the head in the log",
    );
    place.edit("journal.jsonl", |_| {
        whole
            .lines()
            .enumerate()
            .filter(|(at, _)| *at != 2)
            .map(|(_, l)| format!("{l}\n"))
            .collect()
    });
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "chain breaks between record 2 and record 3",
    );
    let mut rewritten = events();
    rewritten.remove(1);
    place.edit("journal.jsonl", |_| journal(&rewritten));
    let report = place.verified(&trust);
    says(&report, Verdict::Failed, "is not the head in the log");
    says(
        &report,
        Verdict::Failed,
        "of the log is not what the journal tells",
    );
}

#[test]
fn a_head_that_was_posted_must_be_in_the_journal() {
    let place = Place::new();
    let trust = place.signed();
    let text = fs::read_to_string(place.bundle.dir.join("journal.jsonl")).unwrap();
    let third = text.split_inclusive('\n').nth(2).unwrap();
    let head = crate::domain::digest::sha256_hex(third.as_bytes());
    let ask = |posted: String| {
        let question = Question {
            trust: Some(trust.clone()),
            heads: vec![posted.parse().unwrap()],
            ..Question::default()
        };
        place.asked(&question).unwrap()
    };
    says(
        &ask(format!("3:{}", &head[..12])),
        Verdict::Verified,
        "is in this journal",
    );
    says(
        &ask(format!("2:{head}")),
        Verdict::Failed,
        "is NOT in this journal",
    );
    says(
        &ask(format!("900:{head}")),
        Verdict::Failed,
        "is NOT in this journal",
    );
}

#[test]
fn a_checkpoint_is_checked_against_the_journal() {
    let place = Place::new();
    let dana = place.key("dana", &["ed25519"]);
    let mut all = events();
    let begun = journal(&all[..2]);
    let head =
        crate::domain::digest::sha256_hex(begun.split_inclusive('\n').nth(1).unwrap().as_bytes());
    let covered = Covered {
        run: super::fixture::RUN,
        seq: 2,
        head: &head,
    };
    let point = checkpoint(&place.desk, &dana, "dana@x", "open", covered).unwrap();
    all.insert(2, Event::Checkpoint(point));
    place.edit("journal.jsonl", |_| journal(&all));
    for role in ["Database Admin", "QA Lead"] {
        place.sign(role, "dana@x", &dana).unwrap();
    }
    let trust = place.trust(&[("dana@x", "", &dana)]);
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "PASS  checkpoint   record 3 (open) signed by dana@x",
    );
    let trust = place.trust(&[("dana@x", "namespaces=\"role.*\"", &dana)]);
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "checkpoint@holdpoint",
    );
}

#[test]
fn a_signature_in_a_step_is_the_roles_own_and_cannot_be_changed() {
    let place = Place::new();
    let quinn = place.key("quinn", &["ecdsa"]);
    let mut all = events();
    let begun = journal(&all[..2]);
    let head =
        crate::domain::digest::sha256_hex(begun.split_inclusive('\n').nth(1).unwrap().as_bytes());
    let covered = Covered {
        run: super::fixture::RUN,
        seq: 2,
        head: &head,
    };
    let said = StepSigned {
        step: StepId::new("upgrade"),
        role: "QA Lead".into(),
        name: "Quinn".into(),
        key: quinn.fingerprint(),
        word: SignedWord::Approved,
        remark: "go\n| ahead".into(),
        seen_ms: 9_000,
    };
    let point = in_step(&place.desk, &quinn, "quinn@x", said, covered).unwrap();
    all.insert(2, Event::Checkpoint(point.clone()));
    place.edit("journal.jsonl", |_| journal(&all));
    for role in ["Database Admin", "QA Lead"] {
        place.sign(role, "quinn@x", &quinn).unwrap();
    }
    let log = place.log();
    assert!(
        log.contains("| **APPROVED**, signed in record 3 with key `SHA256:"),
        "{log}"
    );
    assert!(log.contains("(step upgrade, QA Lead: APPROVED)"), "{log}");
    let roles = "namespaces=\"role.qa-lead@holdpoint,role.database-admin@holdpoint\"";
    let trust = place.trust(&[("quinn@x", roles, &quinn)]);
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "PASS  checkpoint   record 3 (step upgrade) signed by quinn@x",
    );
    let trust = place.trust(&[(
        "quinn@x",
        "namespaces=\"role.database-admin@holdpoint\"",
        &quinn,
    )]);
    says(
        &place.verified(&trust),
        Verdict::Failed,
        "role.qa-lead@holdpoint",
    );
    // Whoever turns the word, the role or the name gets no signature for it.
    let turned: [fn(&mut StepSigned); 3] = [
        |s| s.word = SignedWord::Rejected,
        |s| s.role = "Database Admin".into(),
        |s| s.name = "Dana".into(),
    ];
    for turn in turned {
        let mut other = point.clone();
        turn(other.step.as_mut().unwrap());
        all[2] = Event::Checkpoint(other);
        place.edit("journal.jsonl", |_| journal(&all));
        let trust = place.trust(&[("quinn@x", "", &quinn)]);
        says(
            &place.verified(&trust),
            Verdict::Failed,
            "its text is not what its record says",
        );
    }
}
