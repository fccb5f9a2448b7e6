//! Secrets in a stream: whole, in pieces, in other spellings.

use proptest::prelude::*;

use super::*;

fn whole(secrets: &[&str], text: &[u8]) -> (Vec<u8>, u64) {
    let mut redactor = Redactor::new(secrets);
    let mut clean = Vec::new();
    redactor.push(text, &mut clean);
    redactor.finish(&mut clean);
    (clean, redactor.redactions())
}

fn clean(secrets: &[&str], text: &str) -> String {
    Redactor::new(secrets).redact_text(text)
}

#[test]
fn a_known_secret_is_blotted_out_wherever_it_stands() {
    assert_eq!(
        clean(&["hunter22"], "a hunter22,hunter22hunter22 b"),
        "a [redacted],[redacted][redacted] b"
    );
    assert_eq!(whole(&["hunter22"], b"hunter22 hunter2").1, 1);
}

#[test]
fn a_short_value_is_left_alone() {
    assert_eq!(clean(&["yes", "12345"], "yes, 12345"), "yes, 12345");
}

#[test]
fn each_line_of_a_secret_with_several_is_blotted_out() {
    let key = "-----BEGIN KEY-----\nabcdefghijkl\r\nmnopqrstuvw\n--";
    assert_eq!(
        clean(&[key], "x abcdefghijkl y\nmnopqrstuvw"),
        "x [redacted] y\n[redacted]"
    );
}

#[test]
fn encodings_of_a_secret_are_blotted_out() {
    // base64 of `bob:correct horse`, `correct horse` at an odd place; then percent and JSON
    assert!(!clean(&["correct horse"], "Basic Ym9iOmNvcnJlY3QgaG9yc2U=").contains("cnJlY3Qg"));
    assert_eq!(
        clean(&["correct horse"], "Y29ycmVjdCBob3JzZQ=="),
        "[redacted]=="
    );
    for spelled in [
        "p%40ss%2Fwo rd",
        "p%40ss%2fwo%20rd",
        "p@ss/wo+rd",
        "%70%40%73%73%2f%77%6F%20%72%64",
        "p@ss\\/wo rd",
    ] {
        assert_eq!(
            clean(&["p@ss/wo rd"], &format!("?k={spelled}&")),
            "?k=[redacted]&"
        );
    }
    assert_eq!(
        clean(&["a\"quote\\d"], r#"{"x":"a\"quote\\d"}"#),
        r#"{"x":"[redacted]"}"#
    );
}

#[test]
fn the_password_of_a_secret_address_is_a_secret_too() {
    assert_eq!(
        clean(
            &["postgres://app:s%40cretly@db/shop"],
            "login app s@cretly s%40cretly"
        ),
        "login app [redacted] [redacted]"
    );
}

#[test]
fn a_password_in_an_address_is_blotted_out() {
    assert_eq!(
        redact_text("postgres://app:p@ss@db:5432/x and http://host:8080/@y ftp://u@h"),
        "postgres://app:[redacted]@db:5432/x and http://host:8080/@y ftp://u@h"
    );
}

#[test]
fn a_password_in_a_statement_or_a_setting_is_blotted_out() {
    assert_eq!(
        redact_text("ALTER ROLE app PASSWORD 'it''s x' VALID"),
        "ALTER ROLE app PASSWORD '[redacted]' VALID"
    );
    assert_eq!(
        redact_text("host=db password=geheim user=x; PGPASSWORD='a b' Password = \"c\""),
        "host=db password=[redacted] user=x; PGPASSWORD='[redacted]' Password = \"[redacted]\""
    );
    assert_eq!(
        redact_text(r#"{"password": "a\"b", "user": "password"}"#),
        r#"{"password": "[redacted]", "user": "password"}"#
    );
    assert_eq!(
        redact_text(
            "create user a identified by 'geheim'; alter user b IDENTIFIED VIA x USING PASSWORD('ge''heim') "
        ),
        "create user a identified by '[redacted]'; alter user b IDENTIFIED VIA x USING PASSWORD('[redacted]') "
    );
    assert_eq!(
        redact_text("identified by random password, it is"),
        "identified by random password, it is"
    );
    let harmless = "Password: \npassword authentication failed for user \"app\"\npassword ''";
    assert_eq!(redact_text(harmless), harmless);
}

#[test]
fn a_statement_that_never_closes_its_quote_is_swallowed_to_the_end_of_its_line() {
    let long = "x".repeat(20_000);
    let text = format!("PASSWORD '{long}\nnext");
    assert_eq!(redact_text(&text), "PASSWORD '[redacted]\nnext");
}

#[test]
fn overlapping_secrets_leave_nothing_between_them() {
    assert_eq!(
        clean(&["abcdef", "defghi", "hijklm"], "-abcdefghijklm-"),
        "-[redacted]-"
    );
    assert_eq!(
        clean(&["user:pass1"], "x://user:pass1@h"),
        "x://[redacted]@h"
    );
}

#[test]
fn a_prompt_is_not_held_back() {
    let mut redactor = Redactor::new(["hunter22"]);
    let mut seen = Vec::new();
    redactor.push(b"Continue? [y/n] ", &mut seen);
    assert_eq!(seen, b"Continue? [y/n] ");
}

const SECRETS: [&str; 4] = [
    "hunter22",
    "hunter22-and-more",
    "22-hunter",
    "pg://me:topsecret@h/d",
];
const WORDS: [&str; 18] = [
    "hunt%65r22",
    "%32%",
    "hunter22",
    "hunter",
    "22-hunter",
    "-and-more",
    "PASSWORD '",
    "' ",
    "pass",
    "word=",
    "://",
    "u:",
    "@",
    "topsecret",
    "\n",
    " ",
    "p",
    "aHVudGVyMjI",
];

proptest! {
    #[test]
    fn no_chunking_changes_what_is_blotted_out(
        words in prop::collection::vec(0..WORDS.len(), 0..40),
        cuts in prop::collection::vec(1..9usize, 1..60),
        noise in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut text: Vec<u8> = words.iter().flat_map(|w| WORDS[*w].bytes()).collect();
        text.extend(noise);
        let (expected, count) = whole(&SECRETS, &text);
        let mut redactor = Redactor::new(SECRETS);
        let mut seen = Vec::new();
        let mut left = text.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, rest) = left.split_at((*cut).min(left.len()));
            redactor.push(piece, &mut seen);
            left = rest;
            if left.is_empty() { break; }
        }
        redactor.finish(&mut seen);
        prop_assert_eq!(&seen, &expected);
        prop_assert_eq!(redactor.redactions(), count);
        for secret in ["hunter22", "22-hunter", "topsecret", "aHVudGVyMjI"] {
            prop_assert!(!seen.windows(secret.len()).any(|w| w == secret.as_bytes()));
        }
    }

    #[test]
    fn bytes_that_are_no_secret_pass_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let plain: Vec<u8> = bytes.into_iter().filter(|b| !b":pP".contains(b)).collect();
        prop_assert_eq!(whole(&[], &plain).0, plain);
    }
}
