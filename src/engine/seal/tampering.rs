//! What was changed after signing, or stands in the way of trusting it.

use std::fs;

use super::cases::CASES;
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

#[test]
fn the_last_head_may_be_posted_after_the_run_was_closed() {
    let place = Place::new();
    let mut all = events();
    let closed = journal(&all);
    let last = closed.split_inclusive('\n').next_back().unwrap();
    let head = crate::domain::digest::sha256_hex(last.as_bytes());
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
fn a_record_survives_a_copy_a_zip_and_gits_line_ends() {
    let place = Place::new();
    fs::write(place.bundle.dir.join(".gitattributes"), "* -text\n").unwrap();
    // What a checkout with line ends of another system would change.
    let output = "upgraded\r\nand\n";
    place.edit("output/01.1.txt", |_| output.to_owned());
    let mut all = events();
    if let Event::StepFinished(finished) = &mut all[3] {
        finished.outcome.output.sha256 = crate::domain::digest::sha256_hex(output.as_bytes());
    }
    place.edit("journal.jsonl", |_| journal(&all));
    let trust = place.signed();
    let run = super::fixture::RUN;
    let script = format!(
        "git init -q repo && cp -a {run} repo/ && cd repo && git config user.name a && git config user.email a@x
         git add . && git commit -qm one && cd .. && git -c core.autocrlf=true -c core.eol=crlf clone -q repo cloned
         mkdir unpacked && tar -cf - {run} | tar -xf - -C unpacked
         if command -v python3 >/dev/null; then python3 -m zipfile -c r.zip {run} && python3 -m zipfile -e r.zip unzipped; fi"
    );
    let mut sh = std::process::Command::new("sh");
    sh.args(["-euc", &script])
        .current_dir(place.root.path())
        .env("HOME", &place.desk.home);
    assert!(sh.status().unwrap().success());
    for copy in ["cloned", "unpacked", "unzipped"] {
        let dir = place.path(copy).join(run);
        if copy == "unzipped" && !dir.exists() {
            continue; // nothing here packs such files
        }
        let question = Question {
            trust: Some(trust.clone()),
            ..Question::default()
        };
        let report = super::verify::verify(&place.desk, &dir, &question).unwrap();
        says(&report, Verdict::Verified, "PASS  bytes");
    }
    // Without the file, such a clone is another record: that is what it is there for.
    let without = "cd repo && git rm -q --cached */.gitattributes && rm */.gitattributes && git commit -qm two && cd .. && git -c core.autocrlf=true clone -q repo bare";
    let mut sh = std::process::Command::new("sh");
    sh.args(["-euc", without])
        .current_dir(place.root.path())
        .env("HOME", &place.desk.home);
    assert!(sh.status().unwrap().success());
    let question = Question {
        trust: Some(trust),
        ..Question::default()
    };
    let report =
        super::verify::verify(&place.desk, &place.path("bare").join(run), &question).unwrap();
    says(&report, Verdict::Failed, "FAIL  evidence");
}

#[test]
fn every_known_tampering_gets_its_verdict_and_its_line() {
    for (what, tamper, verdict, line) in CASES {
        let place = Place::new();
        let trust = place.signed();
        tamper(&place);
        let report = place.verified(&trust);
        let told = report.text();
        assert_eq!(report.verdict, *verdict, "{what}:\n{told}");
        assert!(told.contains(line), "{what}: `{line}` is not in:\n{told}");
    }
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

#[test]
fn a_clock_that_was_set_back_is_told() {
    let place = Place::new();
    place.edit("journal.jsonl", |_| {
        let mut head = crate::domain::journal::GENESIS.to_owned();
        let mut all = String::new();
        for (at, event) in events().into_iter().enumerate() {
            let line = crate::domain::journal::Entry {
                seq: at as u64 + 1,
                t: format!(
                    "2026-11-20T{}:00:{at:02}.000Z",
                    if at < 3 { "09" } else { "08" }
                ),
                mono_ms: at as u64 * 1_000,
                by: "dana@example.com".into(),
                event,
            }
            .encode(&head)
            .unwrap();
            head = crate::domain::digest::sha256_hex(line.as_bytes());
            all += &line;
        }
        all
    });
    let trust = place.signed();
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "WARN  clock        the wall clock moved -3599.00 s while +1.00 s passed, before record 4",
    );
}
