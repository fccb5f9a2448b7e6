use std::fs;

use proptest::prelude::*;

use super::*;
use crate::domain::journal::GENESIS;
use crate::engine::seal::fixture::Place;

/// Puts each of these in the place of a file of a bundle with two good sign-offs: none is verified.
fn none_is_verified(file: &str, changed: impl Fn(&[u8]) -> Vec<(String, Vec<u8>)>) {
    let place = Place::new();
    let trust = place.signed();
    let path = place.bundle.dir.join(file);
    let whole = fs::read(&path).unwrap();
    let question = Question {
        trust: Some(trust),
        ..Question::default()
    };
    let roots = Roots::find(&place.desk, &question).unwrap();
    let verified = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let log = fs::read(&place.bundle.log).unwrap();
        examine(&roots, &place.bundle, Some(&log), &question).report
    };
    assert_eq!(verified(&whole).verdict, Verdict::Verified);
    let changed = changed(&whole);
    assert!(changed.len() > 10, "{}", changed.len());
    for (what, bytes) in changed {
        let report = verified(&bytes);
        assert_ne!(
            report.verdict,
            Verdict::Verified,
            "{file}, {what}:\n{}",
            report.text()
        );
    }
}

/// Every byte is changed, one after the other, each in another of its bits.
fn each_byte(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let change = |at: usize| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 1 << (at % 8);
        (format!("byte {at}"), bytes)
    };
    (0..whole.len()).map(change).collect()
}

/// The last line end may get lost: nothing else.
fn each_cut(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let cut = |end: usize| (format!("cut at {end}"), whole[..end].to_vec());
    (0..whole.len() - 1).map(cut).collect()
}

/// Every line is removed, written twice, and put behind the next, the chain recomputed or not.
fn each_record(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    let mut all = Vec::new();
    for at in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut swapped = lines.clone();
        if at + 1 < lines.len() {
            swapped.swap(at, at + 1);
            all.push((format!("record {} swapped", at + 1), swapped));
        }
        all.push((format!("record {} removed", at + 1), removed));
        all.push((format!("record {} doubled", at + 1), doubled));
    }
    let plain = all
        .iter()
        .map(|(what, lines)| (what.clone(), lines.concat()));
    let anew = all
        .iter()
        .map(|(what, lines)| (format!("{what}, chained anew"), chained_anew(lines)));
    plain.chain(anew).collect()
}

fn chained_anew(lines: &[&[u8]]) -> Vec<u8> {
    let mut head = GENESIS.to_owned();
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut record: serde_json::Value = serde_json::from_slice(line).unwrap();
        record["prev"] = head.into();
        record["seq"] = (at + 1).into();
        let line = record.to_string() + "\n";
        head = sha256_hex(line.as_bytes());
        all.extend(line.into_bytes());
    }
    all
}

#[test]
fn no_changed_byte_of_a_log_is_verified() {
    none_is_verified("log.md", each_byte);
}

#[test]
fn no_changed_byte_of_a_journal_is_verified() {
    none_is_verified("journal.jsonl", each_byte);
}

#[test]
fn no_changed_byte_of_a_runbook_or_an_output_is_verified() {
    none_is_verified("runbook.yaml", each_byte);
    none_is_verified("output/01.1.txt", |whole| {
        [each_byte(whole), each_byte(&[whole, whole].concat())].concat()
    });
}

#[test]
fn no_cut_log_or_journal_is_verified() {
    // A log that is cut behind its first signature lacks the second: its role is missing.
    none_is_verified("log.md", each_cut);
    none_is_verified("journal.jsonl", each_cut);
}

#[test]
fn no_record_is_removed_doubled_or_moved_unseen() {
    none_is_verified("journal.jsonl", each_record);
}

#[test]
fn a_head_is_written_with_its_number() {
    assert!("13:3f2a90ab".parse::<Posted>().is_ok());
    for bad in ["13", "13:3f2a", "x:3f2a90ab", "13:3f2a90ag"] {
        assert!(bad.parse::<Posted>().is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_files_hold_there_is_an_answer(
        log in prop::collection::vec(any::<u8>(), 0..400),
        at in 0usize..4000,
        noise in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let place = Place::new();
        place.bundle.write_log().unwrap();
        for file in ["log.md", "journal.jsonl", "runbook.yaml"] {
            let path = place.bundle.dir.join(file);
            let whole = fs::read(&path).unwrap();
            let mut bytes = whole.clone();
            let at = at % bytes.len();
            let end = (at + noise.len()).min(bytes.len());
            bytes.splice(at..end, noise.iter().copied());
            fs::write(&path, bytes).unwrap();
            let _ = place.asked(&Question::default()).unwrap();
            fs::write(&path, whole).unwrap();
        }
        fs::write(&place.bundle.log, &log).unwrap();
        prop_assert_ne!(place.asked(&Question::default()).unwrap().verdict, Verdict::Verified);
    }
}
