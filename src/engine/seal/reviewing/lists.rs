//! The list of who may sign: as it grows and ends, and what is weak in it.

use super::*;

/// Whether stock OpenSSH takes this key's signature by this list at this time.
fn stock_takes(place: &Place, list: &Path, who: &str, key: &Key, time: &str) -> bool {
    let armour = sign(&place.desk, "role.dba@holdpoint", key, b"x").unwrap();
    let (sig, message) = (place.path("x.sig"), place.path("x"));
    fs::write(&sig, armour).unwrap();
    fs::write(&message, b"x").unwrap();
    let mut verify = Command::new("ssh-keygen");
    verify
        .args(["-Y", "verify", "-n", "role.dba@holdpoint", "-I", who])
        .arg(format!("-Overify-time={time}"));
    verify
        .arg("-f")
        .arg(list)
        .arg("-s")
        .arg(&sig)
        .stdin(fs::File::open(&message).unwrap());
    verify
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
fn a_list_grows_and_ends_as_stock_openssh_reads_it() {
    let place = Place::new();
    let list = place.path("repo/.holdpoint/allowed_signers");
    let now = at("2026-11-20T09:00:00Z");
    let (dana, eve) = (
        place.key("dana", &["ed25519"]),
        place.key("eve", &["rsa", "-b", "3072"]),
    );
    trust::add(
        &list,
        &addition("dana@x", &["role.dba@holdpoint"], &dana),
        now,
    )
    .unwrap();
    let span = Span {
        after: Some(at("2026-11-19T00:00:00Z")),
        before: Some(at("2026-12-01T00:00:00Z")),
    };
    trust::add(
        &list,
        &Addition {
            span,
            ..addition("eve@x", &["role.*@holdpoint"], &eve)
        },
        now,
    )
    .unwrap();
    assert_eq!(trust::upward(&place.path("repo")).unwrap(), list);
    assert!(stock_takes(
        &place,
        &list,
        "dana@x",
        &dana,
        "20261120090000Z"
    ));
    assert!(stock_takes(&place, &list, "eve@x", &eve, "20261120090000Z"));
    assert!(!stock_takes(
        &place,
        &list,
        "eve@x",
        &eve,
        "20261202090000Z"
    ));
    let twice = trust::add(
        &list,
        &addition("dana@x", &["role.dba@holdpoint"], &dana),
        now,
    );
    assert!(
        matches!(twice, Err(EditError::Known { line: 3, .. })),
        "{twice:?}"
    );
    let shared = trust::add(
        &list,
        &addition("quinn@x", &["role.dba@holdpoint"], &dana),
        now,
    );
    assert!(
        matches!(shared, Err(EditError::Anothers { .. })),
        "{shared:?}"
    );
    // Both ways in which a line may lack or have an end.
    for (who, key) in [("dana@x", &dana), ("eve@x", &eve)] {
        let who_or_key = if who == "eve@x" {
            key.fingerprint()
        } else {
            who.to_owned()
        };
        let ended = trust::expire(&list, &who_or_key, now).unwrap();
        assert_eq!(ended.len(), 1);
        assert!(
            stock_takes(&place, &list, who, key, "20261120085900Z"),
            "before it"
        );
        assert!(
            !stock_takes(&place, &list, who, key, "20261120090100Z"),
            "after it"
        );
    }
    assert!(matches!(
        trust::expire(&list, "dana@x", now),
        Err(EditError::Nobody(_))
    ));
    // Who comes back with the same key gets a line of their own.
    trust::add(
        &list,
        &addition("dana@x", &["role.dba@holdpoint"], &dana),
        at("2026-11-21T00:00:00Z"),
    )
    .unwrap();
    assert!(stock_takes(
        &place,
        &list,
        "dana@x",
        &dana,
        "20261122090000Z"
    ));
}

#[test]
fn a_line_without_options_gets_an_end_too() {
    let place = Place::new();
    let list = place.path("signers");
    let kim = place.key("kim", &["ed25519"]);
    fs::write(
        &list,
        format!("# people\nkim@x   {} kim\n", kim.public.line()),
    )
    .unwrap();
    trust::expire(&list, "kim@x", at("2026-11-20T09:00:00Z")).unwrap();
    let text = fs::read_to_string(&list).unwrap();
    assert!(
        text.starts_with("# people\nkim@x valid-before=\"20261120090000Z\" ssh-ed25519 "),
        "{text}"
    );
    assert!(stock_takes(&place, &list, "kim@x", &kim, "20261120085900Z"));
    assert!(!stock_takes(
        &place,
        &list,
        "kim@x",
        &kim,
        "20261120090100Z"
    ));
}

#[test]
fn what_is_weak_in_a_list_is_named_with_its_line() {
    let place = Place::new();
    let [a, b, small] = [
        ("a", &["ed25519"][..]),
        ("b", &["ecdsa"]),
        ("small", &["rsa", "-b", "2048"]),
    ]
    .map(|(name, kind)| place.key(name, kind).public.line());
    let role = "namespaces=\"role.dba@holdpoint\"";
    let text = format!(
        "ok@x {role},valid-after=\"20260101Z\" {a}\nkim@x {b}\n* {role} {small}\nj*@x {role} {a}\nlee@x namespaces=\"role.*@holdpoint\",valid-before=\"20200101\" {b}\nnonsense\n*@x cert-authority,{role} {b}\n"
    );
    let remarks = trust::lint(&text, at("2026-11-20T09:00:00Z"));
    let said = |line: usize, grade: Grade, what: &str| {
        assert!(
            remarks
                .iter()
                .any(|r| r.line == line && r.grade == grade && r.text.contains(what)),
            "{line} {what}: {remarks:#?}"
        );
    };
    assert!(!remarks.iter().any(|r| r.line == 1), "{remarks:#?}");
    said(2, Grade::Weak, "no `namespaces`");
    said(3, Grade::Weak, "is everybody");
    said(3, Grade::Weak, "2048 bits");
    said(4, Grade::Weak, "several names");
    said(4, Grade::Weak, "the key of line 1");
    said(5, Grade::Weak, "every role");
    said(5, Grade::Note, "ended 20");
    said(5, Grade::Note, "local time");
    said(6, Grade::Weak, "cannot be read");
    assert!(
        !remarks
            .iter()
            .any(|r| r.line == 7 && r.text.contains("several")),
        "{remarks:#?}"
    );
}

#[test]
fn an_identity_that_would_read_as_something_else_is_refused() {
    let place = Place::new();
    let (list, now) = (place.path("signers"), at("2026-11-20T09:00:00Z"));
    let fresh = place.key("fresh", &["ed25519"]);
    for bad in ["a b@x", "", "a\"@x", "#a@x", "a@x\nroot@x", "a@x,b@x"] {
        let refused = trust::add(&list, &addition(bad, &["role.dba@holdpoint"], &fresh), now);
        assert!(
            matches!(refused, Err(EditError::Unwritable(_))),
            "{bad:?} {refused:?}"
        );
    }
    assert!(!list.exists());
}
