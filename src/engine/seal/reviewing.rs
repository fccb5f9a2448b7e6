//! Tests of reviews and of lists of signers, with the real `ssh-keygen`.

mod lists;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};

use super::fixture::Place;
use super::review::{self, Executed};
use super::trust::{self, Addition, EditError, Grade, Part, Span};
use super::*;
use crate::domain::run::review::{REVIEWED, Review, ReviewFinding};

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn looked(place: &Place, list: Option<&Path>, path: &Path) -> review::Looked {
    let bytes = fs::read(path).unwrap();
    let file = Executed {
        path,
        kept_as: "runbook.yaml",
        bytes: &bytes,
    };
    review::look(&place.desk, list, &[file], at("2026-11-20T09:00:00Z"))
}

fn found(place: &Place, list: Option<&Path>, path: &Path) -> Review {
    looked(place, list, path).review
}

/// A runbook in a git repository, with a list that lets rhea review.
fn repository(place: &Place) -> (PathBuf, PathBuf, Key) {
    let repo = place.path("repo");
    fs::create_dir_all(&repo).unwrap();
    let book = repo.join("change.yaml");
    fs::write(&book, "runbook: 1\n").unwrap();
    let rhea = place.key("rhea", &["ed25519"]);
    let list = repo.join(".holdpoint/allowed_signers");
    trust::add(
        &list,
        &addition("rhea@x", &[REVIEW], &rhea),
        at("2026-11-01T00:00:00Z"),
    )
    .unwrap();
    git(
        place,
        &repo,
        "git init -q && git config user.name r && git config user.email r@x && git add . && git commit -qm one",
    );
    (book, list, rhea)
}

fn git(place: &Place, dir: &Path, script: &str) {
    let ran = Command::new("sh")
        .args(["-euc", script])
        .current_dir(dir)
        .env("HOME", &place.desk.home)
        .status();
    assert!(ran.unwrap().success(), "{script}");
}

fn addition(identity: &str, namespaces: &[&str], key: &Key) -> Addition {
    Addition {
        identity: identity.into(),
        namespaces: namespaces.iter().map(ToString::to_string).collect(),
        span: Span::default(),
        part: Part::Signs,
        key: key.public.clone(),
        comment: "a comment".into(),
    }
}

#[test]
fn a_review_is_valid_until_a_byte_changes_and_the_reviewed_text_is_found_again() {
    let place = Place::new();
    let (book, path, rhea) = repository(&place);
    let list = Some(path.as_path());
    assert_eq!(found(&place, list, &book).finding, ReviewFinding::Absent);
    review::approve(&place.desk, &rhea, std::slice::from_ref(&book)).unwrap();
    let valid = found(&place, list, &book);
    assert_eq!(
        (valid.finding, valid.reviewer.as_str()),
        (ReviewFinding::Valid, "rhea@x")
    );
    assert_eq!(valid.key, rhea.fingerprint());
    assert!(valid.kept.contains_key("runbook.yaml.sig"));
    // Stock OpenSSH agrees.
    let mut stock = Command::new("ssh-keygen");
    stock
        .args([
            "-Y",
            "verify",
            "-I",
            "rhea@x",
            "-n",
            "runbook.review@holdpoint",
            "-f",
        ])
        .arg(&path);
    let ran = stock
        .arg("-s")
        .arg(review::beside(&book))
        .stdin(fs::File::open(&book).unwrap())
        .stdout(Stdio::null())
        .status();
    assert!(ran.unwrap().success());
    git(
        &place,
        book.parent().unwrap(),
        "git add . && git commit -qm reviewed",
    );
    fs::write(&book, "runbook: 1\n# and more\n").unwrap();
    let changed = looked(&place, list, &book);
    assert_eq!(
        changed.review.finding,
        ReviewFinding::Differs,
        "{:?}",
        changed.review
    );
    assert_eq!(changed.files[REVIEWED], b"runbook: 1\n");
    assert_eq!(changed.review.reviewer, "");
}

#[test]
fn a_review_by_somebody_who_may_not_is_none() {
    let place = Place::new();
    let (book, list, _) = repository(&place);
    let eve = place.key("eve", &["ecdsa"]);
    review::approve(&place.desk, &eve, std::slice::from_ref(&book)).unwrap();
    let unknown = found(&place, Some(&list), &book);
    assert_eq!(unknown.finding, ReviewFinding::Untrusted);
    assert!(unknown.detail.contains("not in the list"), "{unknown:?}");
    let no_list = found(&place, None, &book);
    assert_eq!(no_list.finding, ReviewFinding::Untrusted, "{no_list:?}");
    trust::add(
        &list,
        &addition("eve@x", &["role.qa-lead@holdpoint"], &eve),
        at("2026-11-01T00:00:00Z"),
    )
    .unwrap();
    let wrong = found(&place, Some(&list), &book);
    assert_eq!(wrong.finding, ReviewFinding::Untrusted);
    assert!(wrong.detail.contains("not permitted"), "{wrong:?}");
    // A sign-off is no review, whoever made it.
    let armour = sign(
        &place.desk,
        "role.qa-lead@holdpoint",
        &eve,
        &fs::read(&book).unwrap(),
    )
    .unwrap();
    fs::write(review::beside(&book), armour).unwrap();
    assert!(
        found(&place, Some(&list), &book)
            .detail
            .contains("another purpose")
    );
    fs::write(review::beside(&book), "-----BEGIN").unwrap();
    assert!(
        found(&place, Some(&list), &book)
            .detail
            .contains("no signature")
    );
}

#[test]
fn a_certified_reviewer_is_found_by_the_authority() {
    let mut place = Place::new();
    let (book, list, _) = repository(&place);
    let authority = place.key("ca", &["ed25519"]);
    place.key("kim", &["ed25519"]);
    let mut certify = Command::new("ssh-keygen");
    certify
        .args(["-q", "-I", "kim", "-n", "kim@x", "-s"])
        .arg(place.path("ca"))
        .arg(place.path("kim.pub"));
    assert!(certify.stderr(Stdio::null()).status().unwrap().success());
    place.agent("kim");
    let path = place.path("kim-cert.pub");
    let kim = find(&place.desk, Some(&path.to_string_lossy())).unwrap();
    let part = Part::Certifies;
    let line = Addition {
        part,
        ..addition("*@x", &[REVIEW], &authority)
    };
    trust::add(&list, &line, at("2026-11-01T00:00:00Z")).unwrap();
    review::approve(&place.desk, &kim, std::slice::from_ref(&book)).unwrap();
    let valid = found(&place, Some(&list), &book);
    assert_eq!(
        (valid.finding, valid.reviewer.as_str()),
        (ReviewFinding::Valid, "kim@x"),
        "{valid:?}"
    );
}
