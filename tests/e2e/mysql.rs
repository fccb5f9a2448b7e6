//! A run on a real MariaDB, and on a real MySQL: what waits is cancelled and confirmed gone, what fails is tried again, the log verifies.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use holdpoint::engine::sandbox::{Brand, MariaSandbox};

use crate::maria::Kind;
use crate::sealed::{assert_sealed, dana};
use crate::session::Session;
use crate::stage::{Stage, wait};

/// What must be found in no record.
const PASSWORD: &str = "kept-out-of-it";

/// A session that has read the table and forgotten its transaction; it goes when this is dropped.
struct Holder(Child);

fn hold(server: &MariaSandbox) -> Holder {
    // MariaDB's client: what is fetched of MySQL is its server alone.
    let mut child = Command::new("mysql")
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
    if let Some(server) = Kind::Installed.start(PASSWORD, &[]) {
        is_cancelled_and_told(&server);
    }
}

/// The newest; where it is not packed, the one before.
#[test]
fn what_waits_on_mysql_is_cancelled_and_confirmed_gone_and_the_log_tells_it() {
    let start = |kind: Kind| kind.start(PASSWORD, &[]);
    if let Some(server) = start(Kind::MySql9).or_else(|| start(Kind::MySql80)) {
        is_cancelled_and_told(&server);
    }
}

fn is_cancelled_and_told(server: &MariaSandbox) {
    let (name, at_least) = match server.binaries().brand {
        Brand::MariaDb => ("MariaDB", "10.6"),
        Brand::MySql => ("MySQL", "8.0"),
    };
    server.create_database("shop").unwrap();
    let made = "create table invoices (id int primary key auto_increment, total int); insert into invoices (total) values (1), (2)";
    server.execute("shop", made).unwrap();
    let holder = hold(server);
    let book = include_str!("../fixtures/mysql.yaml");
    let book = book.replace("MariaDB", name).replace("10.6", at_least);
    let stage = Stage::with(&book);
    let mut stage = stage.env("DATABASE_URL", &server.url("shop"));
    let trust = stage.home().join("allowed_signers");
    fs::write(&trust, dana(&stage)).unwrap();
    stage.set("HOLDPOINT_TRUST", trust.to_str().unwrap());
    let mut hp = stage.run();
    hp.wait_row(&["Add the column", "running"]);
    // A subquery with two rows is refused: as long as nobody waits.
    let waits = "select if(exists(select 1 from information_schema.processlist where state = 'Waiting for table metadata lock'), 1, \
         (select 1 union select 2))";
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
    assert!(target.to_string().contains(name), "{target}");
    let journal = format!("{:?}", stage.journal());
    assert!(!journal.contains(PASSWORD), "the password was recorded");
    hp.close_record();
    hp.wait_for("The run is closed: SUCCESS");
    hp.sign_and_go("Operator");
    let log = stage.kept("log.md");
    assert!(log.contains(name) && is_gone(&log), "{log}");
    assert_sealed(&stage, &trust, "dana@example.com", "operator");
}
