//! What was changed after signing, or stands in the way of trusting it.

use super::cases::CASES;
use super::fixture::{Place, RUN, events, journal, journal_at, says};
use super::verify::{Question, Verdict};
use crate::domain::digest::sha256_hex;
use crate::domain::run::event::Event;
use std::fs;

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
fn a_record_survives_a_copy_a_zip_and_gits_line_ends() {
    let place = Place::new();
    fs::write(place.bundle.dir.join(".gitattributes"), "* -text\n").unwrap();
    // What a checkout with line ends of another system would change.
    let output = "upgraded\r\nand\n";
    place.edit("output/01.1.txt", |_| output.to_owned());
    let mut all = events();
    if let Event::StepFinished(finished) = &mut all[3] {
        finished.outcome.output.sha256 = sha256_hex(output.as_bytes());
    }
    place.edit("journal.jsonl", |_| journal(&all));
    let trust = place.signed();
    let run = RUN;
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
fn a_clock_that_was_set_back_is_told() {
    let place = Place::new();
    let set_back = |at| format!("{}:00:{at:02}", if at < 3 { "09" } else { "08" });
    place.edit("journal.jsonl", |_| journal_at(&events(), set_back));
    let trust = place.signed();
    says(
        &place.verified(&trust),
        Verdict::Verified,
        "WARN  clock        the wall clock moved -3599.00 s while +1.00 s passed, before record 4",
    );
}
