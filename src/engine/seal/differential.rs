//! Every kind of key, every kind of list: stock OpenSSH, asked as the log says, and our own reading agree.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::crypto::{self, Sum};
use super::fixture::{Place, says};
use super::keys::{Key, find};
use super::stock;
use super::tests::stock_at;
use super::verify::{Mark, Verdict};
use super::wire::SshSignature;

/// When Dana says that she signed, as the list of signers spells it, moved by `seconds`.
fn moment(place: &Place, seconds: i64) -> String {
    let log = place.log();
    let said = log.lines().rfind(|l| l.contains("Signed at")).unwrap();
    let at = said.find("20").unwrap();
    let time = chrono::DateTime::parse_from_rfc3339(&said[at..=at + 19]).unwrap();
    let time = time.to_utc() + chrono::Duration::seconds(seconds);
    time.format("%Y%m%d%H%M%SZ").to_string()
}

/// Lists of signers, with what Dana's key is called in them as `KEY`, another key as `OTHER`, and her time as `+n`/`-n`.
const LISTS: &[&str] = &[
    "dana@x KEY",
    "dana@x KEY a comment, with = signs",
    "\"dana@x\" KEY",
    "dana@x,quinn@x KEY",
    "*@x KEY",
    "d?na@x KEY",
    "d?na@y KEY",
    "!dana@x,*@x KEY",
    "*@x,!dana@x KEY",
    "quinn@x KEY",
    "Dana@x KEY",
    "dana@x OTHER",
    "dana@x OTHER\ndana@x KEY",
    "# dana@x KEY",
    "\t dana@x\tKEY",
    "  # nobody\n\ndana@x KEY",
    "dana@x KEY\r",
    "dana@x namespaces=\"role.database-admin@holdpoint\" KEY",
    "dana@x NAMESPACES=\"role.database-admin@holdpoint\" KEY",
    "dana@x namespaces=\"role.*@holdpoint\" KEY",
    "dana@x namespaces=\"role.*@holdpoint,!role.database-*\" KEY",
    "dana@x namespaces=\"role.qa-lead@holdpoint\" KEY",
    "dana@x namespaces=\"role.qa-lead@holdpoint\" KEY\ndana@x KEY",
    "dana@x namespaces=\"\" KEY",
    "dana@x namespaces=role.database-admin@holdpoint KEY",
    "dana@x valid-after=\"-60\" KEY",
    "dana@x valid-after=\"+60\" KEY",
    "dana@x valid-before=\"+60\" KEY",
    "dana@x valid-before=\"-60\" KEY",
    "dana@x valid-after=\"-0\",valid-before=\"+0\" KEY",
    "dana@x valid-after=\"+60\",valid-before=\"-60\" KEY",
    "dana@x valid-before=\"-60\" KEY\ndana@x KEY",
    "dana@x valid-before=\"2026\" KEY",
    "dana@x valid-after=\"20200101\" KEY",
    "dana@x valid-after=\"20200101\",valid-after=\"20200102\" KEY",
    "dana@x namespaces=\"file\",namespaces=\"role.*\" KEY",
    "dana@x no-such-option KEY",
    "dana@x no-such-option OTHER\ndana@x KEY",
    "quinn@x no-such-option OTHER\ndana@x KEY",
    "quinn@x ssh-ed25519 AAAA\ndana@x KEY",
    "dana@x ssh-ed25519 AAAA\ndana@x KEY",
    "quinn@x namespaces=\"open OTHER\ndana@x KEY",
    "lonely\ndana@x KEY",
    "dana@x KEY\ndana@x ssh-ed25519 AAAA",
    "dana@x cert-authority KEY",
    "*@x cert-authority OTHER",
    "",
];

fn list(place: &Place, shape: &str, key: &Key, other: &Key) -> PathBuf {
    let mut text = shape
        .replace("KEY", &key.public.line())
        .replace("OTHER", &other.public.line());
    for (spelled, seconds) in [("-60", -60), ("+60", 60), ("-0", 0), ("+0", 0)] {
        let time = moment(place, seconds);
        text = text.replace(&format!("\"{spelled}\""), &format!("\"{time}\""));
    }
    let path = place.path("allowed_signers");
    fs::write(&path, text + "\n").unwrap();
    path
}

/// Asks both about Dana's sign-off; returns whether it is good.
#[track_caller]
fn agreed(place: &Place, trust: &std::path::Path, about: &str) -> bool {
    let time = moment(place, 0);
    let theirs = stock_at(place, 1, "dana@x", "role.database-admin@holdpoint", &time);
    let report = place.verified(trust);
    let line = report.lines.iter().find(|l| l.name == "signature 1");
    let ours = line.is_some_and(|l| l.mark == Mark::Pass);
    assert_eq!(ours, theirs, "{about}\n{}", report.text());
    ours
}

#[test]
fn lists_of_signers_are_read_as_openssh_reads_them() {
    let place = Place::new();
    let (dana, other) = (
        place.key("dana", &["ed25519"]),
        place.key("other", &["ed25519"]),
    );
    place.sign("Database Admin", "dana@x", &dana).unwrap();
    let mut good = 0;
    for shape in LISTS {
        let trust = list(&place, shape, &dana, &other);
        good += usize::from(agreed(&place, &trust, shape));
    }
    assert!((15..LISTS.len()).contains(&good), "{good} good");
}

#[test]
fn every_kind_of_key_is_judged_as_openssh_judges_it() {
    for kind in [
        &["ed25519"][..],
        &["ecdsa", "-b", "256"],
        &["ecdsa", "-b", "384"],
        &["ecdsa", "-b", "521"],
        &["rsa", "-b", "2048"],
        &["rsa", "-b", "3072"],
    ] {
        let place = Place::new();
        let (dana, other) = (place.key("dana", kind), place.key("other", kind));
        place.sign("Database Admin", "dana@x", &dana).unwrap();
        for (shape, is_good) in [
            ("dana@x KEY", true),
            ("dana@x OTHER", false),
            ("*@x namespaces=\"role.qa*\" KEY", false),
            ("*@x valid-before=\"-60\" KEY", false),
        ] {
            let trust = list(&place, shape, &dana, &other);
            assert_eq!(agreed(&place, &trust, shape), is_good, "{kind:?} {shape}");
        }
        let (trust, log) = (list(&place, "dana@x KEY", &dana, &other), place.log());
        let armour = log.find("\n-----BEGIN SSH SIGNATURE-----\n").unwrap();
        // Letters over letters: above the signature, and all through its armour.
        let places = [log.find("echo upgraded").unwrap()].into_iter();
        for at in places.chain((armour + 32..log.len() - 30).step_by(23)) {
            let with = if log.as_bytes()[at] == b'A' { "B" } else { "A" };
            place.edit("log.md", |_| {
                format!("{}{with}{}", &log[..at], &log[at + 1..])
            });
            assert!(!agreed(&place, &trust, &format!("{kind:?} byte {at}")));
        }
    }
}

/// A closed run that Dana signed with a certificate made out to `name`, and the authority's key.
fn certified(name: &str) -> (Place, Key) {
    let mut place = Place::new();
    let authority = place.key("ca", &["ed25519"]);
    place.key("dana", &["ed25519"]);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-I", "it", "-n", name, "-V", "-1h:+1h", "-s"])
        .args([place.path("ca"), place.path("dana.pub")])
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    place.agent("dana");
    let path = place.path("dana-cert.pub");
    let certificate = find(&place.desk, Some(&path.to_string_lossy())).unwrap();
    place
        .sign("Database Admin", "dana@x", &certificate)
        .unwrap();
    (place, authority)
}

#[test]
fn certificates_are_judged_as_openssh_judges_them() {
    for (name, is_hers) in [("dana@x", true), ("eve@x", false)] {
        let (place, authority) = certified(name);
        let other = place.key("other", &["ed25519"]);
        for (shape, lets) in [
            ("*@x cert-authority KEY", true),
            ("dana@x cert-authority,namespaces=\"role.*\" KEY", true),
            ("dana@x cert-authority,namespaces=\"file\" KEY", false),
            ("eve@x cert-authority KEY", false),
            ("dana@x cert-authority OTHER", false),
            ("dana@x KEY", false),
        ] {
            let trust = list(&place, shape, &authority, &other);
            let good = agreed(&place, &trust, shape);
            assert_eq!(good, lets && is_hers, "{name} {shape}");
        }
    }
}

/// A security token by its own rules (`PROTOCOL.u2f`): it signs a digest, what it was told of the person, and a counter.
fn token(flags: u8, counter: u32, message: &[u8]) -> SshSignature {
    let put = |blob: &mut Vec<u8>, value: &[u8]| {
        blob.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        blob.extend(value);
    };
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap();
    let mut key = Vec::new();
    for part in [
        b"sk-ssh-ed25519@openssh.com".as_slice(),
        pair.public_key().as_ref(),
        b"ssh:",
    ] {
        put(&mut key, part);
    }
    let mut signature = SshSignature {
        key: super::wire::PublicKey::from_blob(&key).unwrap(),
        namespace: "role.database-admin@holdpoint".into(),
        hash: "sha512".into(),
        value: Vec::new(),
    };
    let digest = |bytes: &[u8]| ring::digest::digest(&ring::digest::SHA256, bytes);
    let signed = [
        digest(b"ssh:").as_ref(),
        &[flags],
        &counter.to_be_bytes(),
        digest(&signature.covered(message).unwrap()).as_ref(),
    ]
    .concat();
    put(&mut signature.value, b"sk-ssh-ed25519@openssh.com");
    put(&mut signature.value, pair.sign(&signed).as_ref());
    signature.value.push(flags);
    signature.value.extend(counter.to_be_bytes());
    signature
}

#[test]
fn a_security_token_is_judged_by_openssh_and_its_touch_is_told() {
    let place = Place::new();
    let message = b"a record\n";
    for (flags, told) in [
        (0, "NO TOUCH"),
        (1, "touch confirmed"),
        (5, "touch confirmed, PIN or finger checked"),
    ] {
        let signature = token(flags, 7, message);
        assert_eq!(crypto::verify(&signature, message), Sum::Unknown);
        assert!(stock::check(&place.desk, &signature, message).unwrap());
        assert!(!stock::check(&place.desk, &signature, b"another\n").unwrap());
        assert_eq!(
            super::verify::touched(&signature),
            format!(", security token: {told}")
        );
    }
}

#[test]
fn a_list_with_a_line_that_openssh_stops_at_is_said() {
    let place = Place::new();
    let dana = place.key("dana", &["ed25519"]);
    place.sign("Database Admin", "dana@x", &dana).unwrap();
    let trust = list(&place, "lonely\ndana@x KEY", &dana, &dana);
    says(
        &place.verified(&trust),
        Verdict::Incomplete,
        "line(s) that cannot be read: 1",
    );
}
