//! Attempts that run to their end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use holdpoint::domain::attempt::{Ended, ExitTwo, Work};
use holdpoint::domain::expect::{Expectation, Test};
use holdpoint::domain::runbook::model::{Capture, Op};
use holdpoint::engine::attempt::{AttemptError, AttemptState, state};

use crate::workshop::{Workshop, script, shell};

fn failed(exit: i32) -> Ended {
    Ended::Failed {
        exit: Some(exit),
        signal: None,
    }
}

#[test]
fn no_line_is_lost_in_two_hundred_runs() {
    let shop = Workshop::new();
    let mut work = script("for i in {1..1000}; do echo out $i; echo err $i >&2; done");
    for run in 1..=200 {
        // Both ways: one pipe, and one for each stream.
        work.expect = (run % 2 == 0).then(|| Expectation {
            stdout: Some(Test::Contains {
                text: "out 1000".into(),
            }),
            ..Expectation::default()
        });
        let name = format!("01.{run}");
        shop.launch(&name, &work).unwrap();
        let outcome = shop.outcome(&name);
        assert_eq!(outcome.ended, Ended::Passed, "{outcome:?}");
        assert_eq!(outcome.output.lines, 2000);
        let output = shop.output(&name);
        assert_eq!(
            output.lines().filter(|l| l.starts_with("err ")).count(),
            1000
        );
        if run % 2 == 1 {
            assert!(output.starts_with("out 1\nerr 1\nout 2\nerr 2\n"));
        }
    }
}

#[test]
fn exit_statuses_and_signals_are_told() {
    let shop = Workshop::new();
    let cases = [
        ("01.1", "true", Ended::Passed, "exit 0"),
        ("01.2", "exit 3", failed(3), "exit 3"),
        (
            "01.3",
            "no-such-command-here",
            failed(127),
            "exit 127 (a command was not found)",
        ),
        ("01.4", "false | true", failed(1), "exit 1"),
        ("01.5", "echo $NOT_SET_ANYWHERE", failed(1), "exit 1"),
        (
            "01.6",
            "kill -SEGV $$",
            Ended::Failed {
                exit: None,
                signal: Some(11),
            },
            "ended by signal 11, SEGV",
        ),
    ];
    for (name, text, ended, summary) in cases {
        shop.launch(name, &script(text)).unwrap();
        let outcome = shop.outcome(name);
        assert_eq!((outcome.ended, outcome.summary.as_str()), (ended, summary));
        assert!(outcome.left_behind.is_empty());
    }
}

#[test]
fn exit_two_of_a_check_is_a_warning() {
    let shop = Workshop::new();
    let mut work = shell("echo look here; exit 2");
    work.exit_two = ExitTwo::Warns;
    let mut work = script_of(work);
    assert_eq!(shop.run(&work).ended, Ended::Warned);
    work.expect = Some(Expectation {
        stdout: Some(Test::Contains {
            text: "something else".into(),
        }),
        ..Expectation::default()
    });
    shop.launch("01.2", &work).unwrap();
    assert_eq!(shop.outcome("01.2").ended, failed(2));
}

fn script_of(
    work: holdpoint::domain::attempt::ShellWork,
) -> holdpoint::domain::attempt::Assignment {
    crate::workshop::assignment(Work::Shell(work))
}

#[test]
fn what_cannot_be_started_is_told_in_a_sentence() {
    let shop = Workshop::new();
    let mut nowhere = shell("true");
    nowhere.dir = "/no/such/place".into();
    shop.launch("01.1", &script_of(nowhere)).unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::NotStarted);
    assert!(
        outcome
            .summary
            .starts_with("the working directory /no/such/place cannot be used: No such file")
    );

    let mut no_shell = shell("true");
    no_shell.shell = vec!["/no/such/shell".into(), "-c".into()];
    shop.launch("01.2", &script_of(no_shell)).unwrap();
    let outcome = shop.outcome("01.2");
    assert_eq!(outcome.ended, Ended::NotStarted);
    assert!(
        outcome
            .summary
            .starts_with("/no/such/shell cannot be started: No such file")
    );

    let mut no_path = shell("true");
    no_path.env.insert("PATH".into(), "/nowhere".into());
    shop.launch("01.3", &script_of(no_path)).unwrap();
    assert!(
        shop.outcome("01.3")
            .summary
            .starts_with("neither bash nor sh")
    );
}

#[test]
fn without_bash_the_script_is_run_by_sh() {
    let shop = Workshop::new();
    let bin = shop.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
    let mut work = shell("echo \"$0 $-\"; false; echo not reached");
    work.env.insert("PATH".into(), bin.display().to_string());
    assert_eq!(shop.run(&script_of(work)).ended, failed(1));
    let output = shop.output("01.1");
    assert!(
        output.contains("/sh ") && output.contains('e') && output.contains('u'),
        "{output}"
    );
    assert!(!output.contains("not reached"));
}

#[test]
fn the_script_gets_its_environment_and_nothing_to_read() {
    let shop = Workshop::new();
    let mut work = shell(
        "echo $PGAPPNAME $HOLDPOINT_STEP $HOLDPOINT_ATTEMPT ${HOLDPOINT_RUN#.} $MINE ${TAKEN-gone}; cat; pwd",
    );
    work.dir = "/usr".into();
    work.env.insert("MINE".into(), "a  'b' $c".into());
    work.unset = vec!["TAKEN".into()];
    shop.launch_env("01.1", &script_of(work), &[("TAKEN", "here")]);
    assert_eq!(shop.outcome("01.1").ended, Ended::Passed);
    let run = shop
        .path()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_start_matches('.')
        .to_owned();
    assert_eq!(
        shop.output("01.1"),
        format!("holdpoint.test.a-step.1 a-step 1 {run} a 'b' $c gone\n/usr\n")
    );
}

#[test]
fn expectations_are_judged() {
    let shop = Workshop::new();
    let mut work = script("echo 9.6");
    work.expect = Some(Expectation {
        value: Some(Test::Compare {
            op: Op::Ge,
            with: "11".into(),
        }),
        ..Expectation::default()
    });
    let outcome = shop.run(&work);
    assert_eq!(outcome.ended, failed(0));
    assert_eq!(outcome.summary, "expected value >= 11, got 9.6");
    assert_eq!(outcome.checked.unwrap().actual, "9.6");
}

#[test]
fn values_are_captured_and_written_only_on_success() {
    let shop = Workshop::new();
    let text = "echo one; echo 'written /tmp/a b.dump' >&2; echo 'count=7' >> $HOLDPOINT_OUTPUT; \
                echo 'name=a=b c' >> $HOLDPOINT_OUTPUT; exit ${STATUS:-0}";
    let mut work = script(text);
    work.capture = vec![
        Capture {
            name: "file".into(),
            pattern: "^written (.+)$".into(),
        },
        Capture {
            name: "word".into(),
            pattern: "^o.e$".into(),
        },
    ];
    let outcome = shop.run(&work);
    let expected = [
        ("count", "7"),
        ("file", "/tmp/a b.dump"),
        ("name", "a=b c"),
        ("word", "one"),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    assert_eq!(outcome.values, expected);

    shop.launch_env("01.2", &work, &[("STATUS", "4")]);
    let outcome = shop.outcome("01.2");
    assert_eq!(
        (outcome.ended, outcome.values),
        (failed(4), BTreeMap::new())
    );

    work.capture[0].pattern = "^nothing like it$".into();
    shop.launch("01.3", &work).unwrap();
    let outcome = shop.outcome("01.3");
    assert_eq!(outcome.ended, failed(0));
    assert_eq!(
        outcome.summary,
        "it ended well, but nothing in its output matches /^nothing like it$/: file has no value"
    );

    shop.launch("01.4", &script("echo nonsense >> $HOLDPOINT_OUTPUT"))
        .unwrap();
    assert!(
        shop.outcome("01.4")
            .summary
            .ends_with("line 1 of what it wrote into $HOLDPOINT_OUTPUT is not name=value")
    );
}

#[test]
fn no_secret_is_stored_however_it_is_printed() {
    let shop = Workshop::new();
    let mut work = script(
        "printf %s \"${MY_KEY:0:7}\"; sleep 0.1; echo \"${MY_KEY:7}\"; echo \"$MY_KEY\" >&2; \
         echo -n \"$MY_KEY\" | base64; echo postgres://u:pw$((100+23))@h/d; echo \"$PGPASSWORD\"; \
         echo \"token=$MY_KEY\" > $HOLDPOINT_OUTPUT; echo learnt-late-$((0+1))",
    );
    work.secrets = vec!["MY_KEY".into()];
    work.secret_values = vec!["late".into()];
    work.capture = vec![Capture {
        name: "late".into(),
        pattern: "^learnt-late-\\d$".into(),
    }];
    shop.launch_env(
        "01.1",
        &work,
        &[
            ("MY_KEY", "correct-horse-battery"),
            ("PGPASSWORD", "tell-nobody"),
        ],
    );
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Passed, "{outcome:?}");
    assert_eq!(
        shop.output("01.1"),
        "[redacted]\n[redacted]\n[redacted]\npostgres://u:[redacted]@h/d\n[redacted]\n[redacted]\n"
    );
    assert_eq!(outcome.output.redactions, 6);
    let all = shop.everything("01.1");
    for secret in ["correct-horse", "tell-nobody", "learnt-late-1", "pw123"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
    // A value that holds a secret is one, whether the runbook says so or not.
    assert_eq!(outcome.secret_values, ["late", "token"]);
    let late = shop.path().join("attempts/01.1/secret/late");
    assert_eq!(fs::read_to_string(&late).unwrap(), "learnt-late-1");
    assert_eq!(
        fs::metadata(&late).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn files_are_for_their_owner_alone() {
    let shop = Workshop::new();
    shop.run(&script("umask"));
    let mode = |path: &str| {
        fs::metadata(shop.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("attempts/01.1"), 0o700);
    for file in ["action.json", "lock", "exit.json"] {
        assert_eq!(mode(&format!("attempts/01.1/{file}")), 0o600, "{file}");
    }
    assert_eq!(mode("output/01.1.txt"), 0o600);
    assert_ne!(
        shop.output("01.1"),
        "0177\n",
        "the script keeps the operator's umask"
    );
}

#[test]
fn bytes_that_are_no_text_are_stored_as_they_came() {
    let shop = Workshop::new();
    shop.run(&script(r"printf 'a\0b\xff\xfe\xc3\n\x1b[31mred'"));
    let bytes = fs::read(shop.output_path("01.1")).unwrap();
    assert_eq!(bytes, b"a\0b\xff\xfe\xc3\n\x1b[31mred");
}

#[test]
fn a_name_is_used_once() {
    let shop = Workshop::new();
    let again = |text: &str| shop.launch("01.1", &script(text));
    let gate = shop.path().join("gate");
    let first = format!(
        "until [ -e {} ]; do sleep 0.02; done; echo first",
        gate.display()
    );
    again(&first).unwrap();
    assert!(matches!(
        again("echo second"),
        Err(AttemptError::Running(_))
    ));
    fs::write(gate, "").unwrap();
    shop.outcome("01.1");
    assert!(matches!(
        again("echo third"),
        Err(AttemptError::StartedBefore(_))
    ));
    assert_eq!(shop.output("01.1"), "first\n");
    assert!(matches!(
        shop.launch("../evil", &script("true")),
        Err(AttemptError::Name(_))
    ));
}

#[test]
fn what_was_never_begun_is_not_started_and_may_be_launched() {
    let shop = Workshop::new();
    assert_eq!(state(shop.path(), "01.1"), AttemptState::NotStarted);
    // As a launcher leaves it that dies before its supervisor has said who it is.
    let dir = shop.path().join("attempts/01.1");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("lock"), "").unwrap();
    fs::write(dir.join("action.json"), "{").unwrap();
    fs::write(dir.join("cancel"), "").unwrap();
    assert_eq!(state(shop.path(), "01.1"), AttemptState::NotStarted);
    assert_eq!(shop.run(&script("true")).ended, Ended::Passed);
}

#[test]
fn a_supervisor_without_the_lock_does_nothing() {
    let shop = Workshop::new();
    shop.run(&script("echo once"));
    let status = std::process::Command::new(crate::workshop::PROGRAM)
        .arg("__attempt")
        .arg(shop.path())
        .arg("01.1")
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
    assert_eq!(shop.output("01.1"), "once\n");
}
