//! Secrets that steps print, fail with, send and learn: none may be found anywhere afterwards.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use holdpoint::engine::sandbox::any_server;

use crate::cluster::Cluster;
use crate::memory::Watcher;
use crate::pty::Pty;
use crate::stage::Stage;

/// Declared in the runbook.
const TOKEN: &str = "s3cr3t-Tok/en+42 \"x\"";
/// In the connection URL, where it is percent-encoded.
const URL_PASSWORD: &str = "db@Secr3t/pw";
/// In the environment alone, known by the variable's name.
const NAMED: &str = "by-its-name-77";
/// Written into the runbook, as `PASSWORD '…'`.
const WRITTEN: &str = "Lit3ral-pass-word";
/// Learnt by a capture.
const LEARNT: &str = "Capt-ured-9f8e7d6c";

const RUNBOOK: &str = r#"
runbook: 1
title: Secrets
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [MY_TOKEN, api_key]
monitor: {every: 250ms}
phases:
  - phase: Work
    steps:
      - step: Print
        on_failure: continue
        run: |
          echo "token=$MY_TOKEN"
          printf '%s' "${MY_TOKEN:0:7}"; sleep 0.3; printf '%s\n' "${MY_TOKEN:7}"
          echo "$DATABASE_URL"
          env
      - step: Encode
        on_failure: continue
        run: |
          printf '%s' "$MY_TOKEN" | base64
          printf 'bob:%s' "$MY_TOKEN" | base64
          printf 'bo:%s;' "$MY_TOKEN" | base64
          printf '%s' "$MY_TOKEN" | base64 | tr '+/' '-_'
          for hex in ABCDEF abcdef; do
            printf 'https://api.example.com/?key='
            printf '%s' "$MY_TOKEN" | od -An -v -tx1 | tr -d ' \n' | tr abcdef $hex | sed 's/../%&/g'; echo
            printf '%s' "$MY_TOKEN" | sed 's,/,%2F,g; s,+,%2B,g; s, ,%20,g; s,",%22,g' | sed "$([ $hex = abcdef ] && echo 's/%2F/%2f/g; s/%2B/%2b/g')"; echo
            printf '%s' "$MY_TOKEN" | sed 's,/,%2F,g; s,+,%2B,g; s, ,+,g; s,",%22,g'; echo
          done
          printf '{"token": "%s"}\n' "$(printf '%s' "$MY_TOKEN" | sed 's,",\\",g')"
      - step: Fail
        on_failure: continue
        run: |
          set -x
          : "$MY_TOKEN"
          echo "cannot log in with $MY_TOKEN" >&2
          exit 3
      - step: Expect
        on_failure: continue
        run: echo "$MY_TOKEN"
        expect: '= something else'
      - {step: Alter, sql: "alter role nobody_there password 'Lit3ral-pass-word'", on_failure: continue}
      - {step: Alter wrongly, sql: "alter role postgres bogus password 'Lit3ral-pass-word' bogus", on_failure: continue}
      - {step: Sleep with it, sql: "select pg_sleep(1.2) as \"password 'Lit3ral-pass-word'\"", on_failure: continue}
      - step: Psql
        on_failure: continue
        run: |
          "$PSQL" -X -a -v ON_ERROR_STOP=1 <<SQL
          alter role nobody_there password '$MY_TOKEN';
          SQL
      - step: Ask
        on_failure: continue
        http:
          get: '${API}/ask?key=${MY_TOKEN}'
          headers: {Authorization: 'Bearer ${MY_TOKEN}'}
          expect: {status: 200}
      - step: Ask nobody
        on_failure: continue
        http: {get: 'http://bob:${MY_TOKEN}@127.0.0.1:9/x?key=${MY_TOKEN}'}
      - step: Learn
        run: |
          echo "made key $(printf '%s-%s' "$FIRST_HALF" "$OTHER_HALF")"
          sleep 1
        capture: {api_key: '^made key (.+)$'}
      - step: Use
        on_failure: continue
        run: |
          echo "using $api_key"
          printf '%s' "$api_key" | base64
          echo "denied: $api_key" >&2; exit 1
      - {step: Names, sql: "select application_name from pg_stat_activity where application_name <> ''"}
      - {step: Look at it, confirm: It looks well., evidence: text}
"#;

/// What must be found nowhere.
fn needles() -> Vec<(&'static str, String)> {
    let text = str::to_owned;
    vec![
        ("the token", text(TOKEN)),
        ("its beginning", text("s3cr3t-Tok")),
        ("its end", text("Tok/en+42")),
        ("the token in base64", text("czNjcjN0LVRv")),
        (
            "the token behind four bytes in base64",
            text("M2NyM3QtVG9r"),
        ),
        (
            "the token behind three bytes in base64",
            text("zM2NyM3QtVG9r"),
        ),
        ("the token in an address", text("s3cr3t-Tok%2Fen")),
        (
            "the token in an address, in small letters",
            text("s3cr3t-Tok%2fen"),
        ),
        (
            "the token, every byte of it encoded",
            text("%73%33%63%72%33%74"),
        ),
        ("the password of the URL", text(URL_PASSWORD)),
        ("the password as the URL has it", text("db%40Secr3t%2Fpw")),
        ("what its variable's name calls a secret", text(NAMED)),
        ("what is written into a statement", text(WRITTEN)),
        ("what was captured", text(LEARNT)),
        ("what was captured in base64", text("Q2FwdC11cmVk")),
    ]
}

/// A server that says back whatever it was asked, as a bad one does.
fn parrot() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            let said: String = head.flat_map(|line| [line, "\n".into()]).collect();
            let length = said.len();
            let _ = write!(
                stream,
                "HTTP/1.1 500 No\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}"
            );
        }
    });
    format!("http://{address}")
}

fn stage(cluster: &Cluster) -> Stage {
    let url = format!(
        "postgres://postgres:db%40Secr3t%2Fpw@127.0.0.1:{}/postgres?sslmode=disable",
        cluster.port()
    );
    let psql = any_server().unwrap().tool("psql").expect("psql is at hand");
    let (first, other) = LEARNT.rsplit_once('-').unwrap();
    Stage::with(RUNBOOK)
        .env("DATABASE_URL", url)
        .env("MY_TOKEN", TOKEN)
        .env("SERVICE_PASSWORD", NAMED)
        .env("FIRST_HALF", first)
        .env("OTHER_HALF", other)
        .env("API", parrot())
        .env("PSQL", psql)
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", cluster.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGDATABASE", "postgres")
}

#[test]
fn a_secret_reaches_no_file_no_screen_no_log_no_process_list_and_no_panic() {
    let cluster = Cluster::start("");
    let stage = stage(&cluster);
    let mut screen = stage.run();
    let watcher = Watcher::start(screen.pid(), &stage);
    screen.wait_for("Enter opens the confirmation");
    look_at_every_step(&mut screen);
    let peaks = watcher.end();
    let ends = stage.events("step.finished");
    assert_eq!(ends.len(), 13, "{ends:#?}");
    println!(
        "{} command lines, {} rows of the screen",
        peaks.commands.len(),
        screen.ever().lines().count()
    );
    let mut leaks = found("a command line", &peaks.commands.join("\n"));
    screen.press("\x1b[95;5u"); // crashes on purpose
    assert_eq!(screen.exit_code(), 101);
    assert!(screen.ever().contains("crashed on purpose"));
    leaks.extend(found("the screen or the panic", &screen.ever()));
    type_it(&stage);
    let log = stage.log();
    assert!(log.contains("[redacted]"));
    leaks.extend(found("the log as printed", &log));
    leaks.extend(in_files(&stage.data()));
    leaks.extend(found("the application names", &names(&stage)));
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    stage.assert_verifies();
}

/// Lets the cursor stand on every step, so that all of them are drawn.
fn look_at_every_step(screen: &mut Pty) {
    for _ in 0..16 {
        screen.press("\x1b[A");
        thread::sleep(std::time::Duration::from_millis(150));
    }
}

/// A person types a secret into a note; what they see themselves is theirs, but it is not kept.
fn type_it(stage: &Stage) {
    let mut screen = stage.start(&["resume"]);
    screen.wait_for("Reason:");
    screen.type_slowly("it crashed on purpose\r");
    screen.wait_for("Enter opens the confirmation");
    screen.press_for("n", "Enter writes it down");
    screen.type_slowly(&format!(
        "the token is {TOKEN}, and PASSWORD 'Lit3ral-pass-word'"
    ));
    screen.answer("Enter writes it down");
    let note = &stage.wait_events("note", 1)[0];
    assert!(
        note["text"].as_str().unwrap().contains("[redacted]"),
        "{note}"
    );
    screen.leave();
}

fn names(stage: &Stage) -> String {
    let told = fs::read_to_string(stage.run_dir().join("output/13.1.txt")).unwrap();
    assert!(told.contains("holdpoint monitor"), "{told}");
    told
}

fn found(place: &str, text: &str) -> Vec<String> {
    let there = needles()
        .into_iter()
        .filter(|(_, needle)| text.contains(needle.as_str()));
    let said = there.map(|(what, needle)| {
        let line = text
            .lines()
            .find(|line| line.contains(&needle))
            .unwrap_or_default();
        format!("{what} is in {place}: {line}")
    });
    said.collect()
}

fn in_files(dir: &Path) -> Vec<String> {
    let mut leaks = Vec::new();
    for path in files(dir) {
        let place = path.display().to_string();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let may_hold = |leak: &String| {
            let own =
                place.ends_with("/secret/api_key") && leak.starts_with("what was captured is");
            // The plan is kept byte for byte, and the supervisor must know the statement.
            let plan = place.ends_with("/runbook.yaml") || place.ends_with("/action.json");
            own || (plan && leak.starts_with("what is written into a statement"))
        };
        leaks.extend(
            found(&place, &text)
                .into_iter()
                .filter(|leak| !may_hold(leak)),
        );
    }
    leaks
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}
