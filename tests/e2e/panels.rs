//! The monitor panels by hand: every panel, a filter, frozen rows, the whole screen, names that nobody meant well.

use std::thread;

use crate::server::{database, server};
use crate::stage::Stage;

#[test]
fn a_dba_finds_a_session_among_many_and_a_hostile_name_stays_a_name() {
    let name = database();
    let url = server().url(&name);
    let sleeper = |application: &str| {
        let (database, application) = (name.clone(), application.to_owned());
        thread::spawn(move || {
            let sql = format!(
                "set application_name = '{application}'; select pg_sleep(600) /* \u{202e}kcab\u{1b}]0;owned\u{7} */"
            );
            server().execute(&database, &sql)
        })
    };
    let sleepers = [sleeper("finance"), sleeper("stores")];
    let stage = Stage::new();
    let mut hp = stage.start(&["monitor", "--url", &url, "--every", "200ms"]);
    hp.wait_row(&["PgSleep", "finance"]);
    hp.wait_row(&["PgSleep", "stores"]);
    let seen = hp.screen();
    assert!(
        !seen.contains(['\u{202e}', '\u{1b}', '\u{7}']),
        "what is drawn is tamed: {seen}"
    );
    for (key, said) in [
        ("4", "nothing is in progress"),
        ("5", "no replica is fed"),
        ("6", "deadlocks"),
        ("7", "this database has no tables"),
        ("8", "pg_stat_statements"),
    ] {
        hp.press_for(key, said);
    }
    hp.press_for("3", "by for");
    hp.press_for("/", "/_");
    hp.type_text("app:fin");
    hp.press_for("\r", "/app:fin ");
    hp.press("z");
    hp.wait_gone("2 Connections ─");
    hp.wait_gone("stores");
    hp.press_for(" ", "frozen");
    hp.press("\x1b[B");
    hp.press_for("\r", "connected for");
    hp.press_for("t", "Enter ends the session");
    hp.answer("Enter ends the session");
    hp.wait_for("gone after");
    hp.wait_row(&["PgSleep", "finance"]); // frozen: it stands there still
    hp.press(" ");
    hp.wait_for("none of");
    hp.press("\x1b");
    hp.wait_row(&["PgSleep", "stores"]);
    hp.press("q");
    hp.ends_with(0);
    let [ended, _] = sleepers;
    assert!(ended.join().unwrap().is_err(), "its session was ended");
}
