use std::path::PathBuf;

use tempfile::TempDir;

use super::aside::torn_file;
use super::*;

fn note(text: &str) -> Event {
    Event::TargetLost { why: text.into() }
}

/// A journal that holds these notes, in a directory of its own.
fn journal(notes: &[&str]) -> (TempDir, PathBuf, Store) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let mut store = Store::open(&path).unwrap().store;
    let events: Vec<_> = notes.iter().map(|text| note(text)).collect();
    store.append("dana", &events).unwrap();
    (dir, path, store)
}

#[test]
fn what_is_appended_is_found_again_and_the_chain_goes_on() {
    let (_dir, path, first) = journal(&["a", "b"]);
    drop(first);
    let mut again = Store::open(&path).unwrap();
    assert_eq!((again.entries.len(), again.torn), (2, Vec::new()));
    again.store.append("dana", &[note("c")]).unwrap();
    assert_eq!(read(&path).unwrap().entries.len(), 3);
}

#[test]
fn who_follows_reads_each_record_once_and_no_half_one() {
    let (_dir, path, mut store) = journal(&["a"]);
    let (mut follower, first) = Follower::open(&path).unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(follower.more().unwrap(), []);
    store.append("dana", &[note("b"), note("c")]).unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert_eq!(follower.more().unwrap().len(), 1);
    assert_eq!(follower.more().unwrap(), []);
    fs::write(&path, &whole).unwrap();
    assert_eq!(follower.more().unwrap()[0].event, note("c"));
    let forged = String::from_utf8(whole).unwrap() + "{\"prev\":\"\"}\n";
    fs::write(&path, forged).unwrap();
    assert!(follower.more().is_err());
}

#[test]
fn a_torn_tail_cut_anywhere_is_set_aside_and_counted() {
    let (dir, path, first) = journal(&["a", "b"]);
    drop(first);
    let bytes = fs::read(&path).unwrap();
    let first = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    for (before, cut) in (first + 1..bytes.len()).enumerate() {
        fs::write(&path, &bytes[..cut]).unwrap();
        let opened = Store::open(&path).unwrap();
        assert_eq!(opened.entries.len(), 1);
        // Nobody records them here, so that each is told again.
        assert_eq!(opened.torn.len(), before + 1);
        let last = opened.torn.last().unwrap();
        assert_eq!(last.sha256, sha256_hex(&bytes[first..cut]));
        assert_eq!(fs::metadata(&path).unwrap().len(), first as u64);
    }
    assert!(dir.path().join("journal.jsonl.torn-2").exists());
}

#[test]
fn what_was_set_aside_is_told_until_it_is_recorded() {
    let (_dir, path, first) = journal(&["a"]);
    drop(first);
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}half a li")).unwrap();
    assert_eq!(Store::open(&path).unwrap().torn.len(), 1);
    let mut again = Store::open(&path).unwrap();
    let [torn] = again.torn.as_slice() else {
        panic!("{:?}", again.torn);
    };
    let record = Event::JournalRecovered {
        bytes: torn.bytes,
        sha256: torn.sha256.clone(),
    };
    again.store.append("dana", &[record]).unwrap();
    assert_eq!(Store::open(&path).unwrap().torn, Vec::new());
}

#[test]
fn a_journal_taken_away_is_a_refusal_and_never_the_void() {
    let (_dir, path, mut store) = journal(&["a"]);
    fs::remove_file(&path).unwrap();
    assert!(store.append("dana", &[note("b")]).is_err());
    fs::write(&path, "other").unwrap();
    assert!(store.append("dana", &[note("b")]).is_err());
}

#[test]
fn what_somebody_else_appends_is_refused_kept_and_set_aside_with_its_digest() {
    let (_dir, path, mut store) = journal(&["a"]);
    let ours = fs::read_to_string(&path).unwrap();
    let foreign = "{\"prev\":\"forged\"}\nand half a li";
    fs::write(&path, format!("{ours}{foreign}")).unwrap();
    for _ in 0..2 {
        let why = store.append("dana", &[note("b")]).unwrap_err().to_string();
        assert!(
            why.contains("31 bytes were written into it by somebody else"),
            "{why}"
        );
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{ours}{foreign}")
    );
    let torn = store.probe().unwrap().unwrap();
    assert_eq!(torn.sha256, sha256_hex(foreign.as_bytes()));
    let kept = fs::read_to_string(torn_file(&path, 1)).unwrap();
    assert_eq!(kept, foreign);
    store.append("dana", &[note("b")]).unwrap();
    assert_eq!(store.probe().unwrap(), None);
    // Who dies before it is recorded leaves it to the next.
    assert_eq!(Store::open(&path).unwrap().torn, [torn]);
}

#[test]
fn what_a_refused_write_left_is_taken_back_and_nothing_else() {
    let (_dir, path, mut store) = journal(&["a"]);
    let ours = fs::read_to_string(&path).unwrap();
    // As the disk leaves it that is full in the middle of a record.
    store.half_written = b"{\"prev\":\"0123\"}\n".to_vec();
    fs::write(&path, format!("{ours}{{\"prev\":")).unwrap();
    store.append("dana", &[note("b")]).unwrap();
    let two = fs::read_to_string(&path).unwrap();
    assert_eq!(Journal::read(two.as_bytes()).unwrap().entries.len(), 2);
    store.half_written = b"{\"prev\":".to_vec();
    fs::write(&path, format!("{two}{{\"prev\":foreign")).unwrap();
    assert!(store.append("dana", &[note("c")]).is_err());
    assert!(fs::read_to_string(&path).unwrap().ends_with("foreign"));
}

#[test]
fn a_changed_journal_is_refused_and_not_repaired() {
    let (_dir, path, first) = journal(&["a", "b"]);
    drop(first);
    let text = fs::read_to_string(&path)
        .unwrap()
        .replacen("\"a\"", "\"x\"", 1);
    fs::write(&path, &text).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Broken { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
