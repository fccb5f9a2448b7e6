//! A run on a real MariaDB: what waits is cancelled and confirmed gone, what fails is tried again, the log verifies.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use holdpoint::engine::sandbox::{MariaOptions, MariaSandbox, find_maria};

use crate::pty::Session;
use crate::sealed::{assert_sealed, dana};
use crate::stage::{Stage, wait};

/// What must be found in no record.
const PASSWORD: &str = "kept-out-of-it";

/// Where there is none the story says so; in CI it fails.
#[expect(clippy::print_stderr, reason = "what is skipped must be seen")]
fn maria() -> Option<&'static MariaSandbox> {
    static SERVER: OnceLock<Option<MariaSandbox>> = OnceLock::new();
    let start = || match find_maria() {
        Ok(binaries) => {
            let options = MariaOptions {
                password: Some(PASSWORD.into()),
                ..MariaOptions::default()
            };
            let options = options.observable(binaries.brand);
            Some(MariaSandbox::start(&binaries, options).unwrap())
        }
        Err(why) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    };
    SERVER.get_or_init(start).as_ref()
}

/// A session that has read the table and forgotten its transaction; it goes when this is dropped.
struct Holder(Child);

fn hold(server: &MariaSandbox) -> Holder {
    let program = server.binaries().tool("mysql");
    let mut child = Command::new(program.expect("the server's package brings its client"))
        .args(["--no-defaults", "-N", "-n", "-h127.0.0.1", "-uroot", "shop"])
        .arg(format!("-P{}", server.port()))
        .env("MYSQL_PWD", PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sql = b"begin; select count(*) from invoices;\n";
    child.stdin.as_mut().unwrap().write_all(sql).unwrap();
    let mut count = String::new();
    let mut out = BufReader::new(child.stdout.as_mut().unwrap());
    out.read_line(&mut count).unwrap();
    assert_eq!(count.trim(), "2");
    Holder(child)
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Cancels the step that waits, tries it again once nobody holds the table.
fn cancel_and_retry(hp: &mut Session, holder: Holder) {
    hp.press_for("x", "Enter stops it");
    hp.type_text("it must not wait");
    hp.answer("Enter stops it");
    hp.wait_for("Enter shows what can be done about it");
    drop(holder);
    hp.press_for("\r", "Enter does the marked thing: Retry");
    hp.answer("Enter does the marked thing");
    hp.wait_for("Why again?");
    hp.type_text("nobody holds it now");
    hp.answer("Enter runs it");
}

#[test]
fn what_waits_on_mariadb_is_cancelled_and_confirmed_gone_and_the_log_tells_it() {
    let Some(server) = maria() else { return };
    server.create_database("shop").unwrap();
    let made = "create table invoices (id int primary key auto_increment, total int); insert into invoices (total) values (1), (2)";
    server.execute("shop", made).unwrap();
    let holder = hold(server);
    let stage = Stage::with(include_str!("../fixtures/mysql.yaml"));
    let mut stage = stage.env("DATABASE_URL", &server.url("shop"));
    let trust = stage.home().join("allowed_signers");
    fs::write(&trust, dana(&stage)).unwrap();
    stage.set("HOLDPOINT_TRUST", trust.to_str().unwrap());
    let mut hp = stage.run();
    hp.wait_row(&["Add the column", "running"]);
    let waits = "begin not atomic if not exists (select 1 from information_schema.processlist where state = 'Waiting for table metadata lock') then signal sqlstate '45000'; end if; end";
    wait("the ALTER to wait", || server.execute("", waits).is_ok());
    cancel_and_retry(&mut hp, holder);
    hp.wait_for("every step is settled");
    let finished = stage.events("step.finished");
    let cancelled: Vec<String> = finished
        .iter()
        .filter(|event| event["outcome"]["ended"] == "cancelled")
        .map(|event| event["outcome"]["summary"].to_string())
        .collect();
    assert_eq!(cancelled.len(), 1, "{finished:?}");
    // Whoever is first stops it: the statement's own guard, or the sweep behind it.
    let gone = ["confirmed gone", "no server session of it is left"];
    let is_gone = |text: &str| gone.iter().any(|words| text.contains(words));
    assert!(is_gone(&cancelled[0]), "{cancelled:?}");
    let said = stage.kept("output/05.1.txt");
    assert_eq!(said, format!("the tool went through {}\n", server.port()));
    let target = &stage.events("target")[0];
    assert!(target.to_string().contains("MariaDB"), "{target}");
    let journal = format!("{:?}", stage.journal());
    assert!(!journal.contains(PASSWORD), "the password was recorded");
    hp.close_record();
    hp.wait_for("The run is closed: SUCCESS");
    hp.sign_and_go("Operator");
    let log = stage.kept("log.md");
    assert!(log.contains("MariaDB") && is_gone(&log), "{log}");
    assert_sealed(&stage, &trust, "dana@example.com", "operator");
}
