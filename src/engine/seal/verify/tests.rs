use std::fs;

use proptest::prelude::*;

use super::*;
use crate::engine::seal::fixture::Place;

/// Every byte of a file is changed, one after the other, each in another of its bits.
fn no_change_is_verified(file: &str) {
    let place = Place::new();
    let trust = place.signed();
    assert_eq!(place.verified(&trust).verdict, Verdict::Verified);
    let path = place.bundle.dir.join(file);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let report = place.verified(&trust);
        assert_ne!(report.verdict, Verdict::Verified, "byte {at} of {file}");
    }
}

#[test]
fn no_changed_byte_of_a_log_is_verified() {
    no_change_is_verified("log.md");
}

#[test]
fn no_changed_byte_of_a_journal_is_verified() {
    no_change_is_verified("journal.jsonl");
}

#[test]
fn no_cut_log_or_journal_is_verified() {
    for file in ["log.md", "journal.jsonl"] {
        let place = Place::new();
        let trust = place.signed();
        let path = place.bundle.dir.join(file);
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let report = place.verified(&trust);
            assert_ne!(report.verdict, Verdict::Verified, "{file} cut at {end}");
        }
    }
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
