//! What was signed or posted while the run went on, held against the journal.

use super::checkpoint::{Covered, checkpoint, in_step};
use super::fixture::{Place, RUN, events, head, journal, says};
use super::verify::{Question, Verdict};
use super::{Key, SealError};
use crate::domain::run::event::{Checkpoint, Event, SignedWord, StepSigned};
use crate::domain::runbook::model::StepId;
use std::fs;

/// Puts what `make` signs of the first two records behind them, and lets both roles sign the whole with this key.
fn witnessed(
    place: &Place,
    (identity, key): (&str, &Key),
    make: impl FnOnce(Covered) -> Result<Checkpoint, SealError>,
) -> (Vec<Event>, Checkpoint) {
    let mut all = events();
    let head = head(&journal(&all), 2);
    let covered = Covered {
        run: RUN,
        seq: 2,
        head: &head,
    };
    let point = make(covered).unwrap();
    all.insert(2, Event::Checkpoint(point.clone()));
    place.edit("journal.jsonl", |_| journal(&all));
    for role in ["Database Admin", "QA Lead"] {
        place.sign(role, identity, key).unwrap();
    }
    (all, point)
}

#[test]
fn a_head_that_was_posted_must_be_in_the_journal() {
    let place = Place::new();
    let trust = place.signed();
    let text = fs::read_to_string(place.bundle.dir.join("journal.jsonl")).unwrap();
    let head = head(&text, 3);
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
    witnessed(&place, ("dana@x", &dana), |covered| {
        checkpoint(&place.desk, &dana, "dana@x", "open", covered)
    });
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
    let said = StepSigned {
        step: StepId::new("upgrade"),
        role: "QA Lead".into(),
        name: "Quinn".into(),
        key: quinn.fingerprint(),
        word: SignedWord::Approved,
        remark: "go\n| ahead".into(),
        seen_ms: 9_000,
    };
    let (mut all, point) = witnessed(&place, ("quinn@x", &quinn), |covered| {
        in_step(&place.desk, &quinn, "quinn@x", said, covered)
    });
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

#[test]
fn the_last_head_may_be_posted_after_the_run_was_closed() {
    let place = Place::new();
    let mut all = events();
    let head = head(&journal(&all), all.len());
    let seq = u64::try_from(all.len()).unwrap();
    let posted = |error: &str| Event::WitnessPosted {
        seq,
        head: head.clone(),
        receipt: "ok".into(),
        sink: "runbook".into(),
        error: error.into(),
    };
    all.push(posted(""));
    place.edit("journal.jsonl", |_| journal(&all));
    let trust = place.signed();
    assert!(place.log().contains(&format!(
        "record {seq} (`{head}`) to the witness of the runbook"
    )));
    assert!(!place.log().contains("goes on after the run was closed"));
    let heads = vec![format!("{seq}:{head}").parse().unwrap()];
    let question = Question {
        trust: Some(trust),
        heads,
        ..Question::default()
    };
    says(
        &place.asked(&question).unwrap(),
        Verdict::Verified,
        "PASS  witness",
    );

    let place = Place::new();
    all.pop();
    all.push(posted("no route"));
    place.edit("journal.jsonl", |_| journal(&all));
    place.bundle.write_log().unwrap();
    assert!(
        place
            .log()
            .contains("was not told the head of record 5** at 09:00:05Z: `no route`"),
        "{}",
        place.log()
    );
}

#[test]
fn who_rewrites_and_signs_with_all_others_is_found_out_by_a_posted_head_alone() {
    let place = Place::new();
    let trust = place.signed();
    let posted = crate::engine::seal::verify::Chain::read(&place.bundle)
        .unwrap()
        .heads[4]
        .clone();
    let mut rewritten = events();
    rewritten.remove(1);
    place.edit("journal.jsonl", |_| journal(&rewritten));
    fs::remove_file(&place.bundle.log).unwrap();
    for (role, who) in [("Database Admin", "dana"), ("QA Lead", "quinn")] {
        let key = super::find(&place.desk, Some(&place.path(who).to_string_lossy())).unwrap();
        place
            .sign(role, &format!("{who}@example.com"), &key)
            .unwrap();
    }
    says(&place.verified(&trust), Verdict::Verified, "");
    let question = Question {
        trust: Some(trust),
        heads: vec![format!("5:{posted}").parse().unwrap()],
        ..Question::default()
    };
    says(
        &place.asked(&question).unwrap(),
        Verdict::Failed,
        "is NOT in this journal: the journal was rewritten after it was posted",
    );
}
