//! Values and names reach the server as what they are, under every `sql_mode`.

use holdpoint::domain::ready::Family;
use holdpoint::domain::runbook::sql::{Quoting, expand_sql};
use holdpoint::engine::database::Dsn;
use holdpoint::engine::database::target::quoting;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::harness::{Client, fresh, on_each_server};
use holdpoint::engine::sandbox::MariaSandbox;

on_each_server! {
    every_value_comes_back_as_it_was_put_in
    every_name_names_what_it_says
    the_server_is_asked_where_quotes_end
}

const CASES: usize = 150;
const NASTY: &[&str] = &[
    "\\",
    "a\\",
    "\\'",
    "' or '1'='1",
    "\\' or 1 -- ",
    "''",
    "`",
    "``",
    "\"",
    "a\0b",
    "\u{1a}",
    "%\\_",
    "😀\\",
    "é'",
    "; drop table t; -- ",
    "/*",
    "#",
    "${x}",
];
const MODES: &[&str] = &[
    "@@global.sql_mode",
    "'NO_BACKSLASH_ESCAPES'",
    "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "'ANSI'",
];

fn put(sql: &str, value: &str) -> Result<String, String> {
    let quoting = Quoting::of(Family::MySql);
    let put = expand_sql(sql, quoting, &|_| Some(value.to_owned()));
    put.map_err(|e| e.to_string())
}

/// What is nasty, and much that nobody thought of.
fn strings(pattern: &str) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let mut any = || pattern.new_tree(&mut runner).unwrap().current();
    let nasty = NASTY.iter().map(|s| (*s).to_owned());
    nasty.chain((0..CASES).map(|_| any())).collect()
}

async fn every_value_comes_back_as_it_was_put_in(server: &'static MariaSandbox) {
    let mut client = Client::open(&server.url(&fresh(server))).await;
    let mut values = strings("(?s).{0,40}");
    values.extend(strings("['\"`\\\\a;%_ #-]{1,12}"));
    for mode in MODES {
        client.run(&format!("set sql_mode = {mode}")).await;
        for value in &values {
            let sql = put("select ${x}", value).unwrap();
            let back = client.value(&sql).await;
            assert_eq!(back.as_deref(), Some(value.as_str()), "{mode}: {sql}");
        }
    }
    // A value with a backslash is compared as any other text is.
    client
        .run("create table l (c varchar(20) character set latin1 collate latin1_swedish_ci)")
        .await;
    client
        .run(&put("insert into l values (${x})", "é\\").unwrap())
        .await;
    let sql = put("select count(*) from l where c = ${x}", "É\\").unwrap();
    assert_eq!(client.value(&sql).await.as_deref(), Some("1"));
}

async fn every_name_names_what_it_says(server: &'static MariaSandbox) {
    let mut client = Client::open(&server.url(&fresh(server))).await;
    let mut names = strings("[a-zé'\"`\\\\.;#-]{1,20}");
    names.extend(strings("['\"`\\\\ ]{1,4}"));
    let asked = "show columns from n";
    let mut made = 0;
    for mode in MODES {
        client.run(&format!("set sql_mode = {mode}")).await;
        for name in names.iter().step_by(3) {
            // What no name can be is refused before it is sent.
            let Ok(sql) = put("create temporary table n (${x:ident} int)", name) else {
                continue;
            };
            client.run("drop temporary table if exists n").await;
            client.run(&sql).await;
            let is = client.value(asked).await;
            assert_eq!(is.as_deref(), Some(name.as_str()), "{mode}: {sql}");
            made += 1;
        }
    }
    assert!(made > 200, "{made}");
    let rows = client.value("select count(*) from t").await;
    assert_eq!(rows.as_deref(), Some("10"));
}

async fn the_server_is_asked_where_quotes_end(server: &'static MariaSandbox) {
    let dsn = Dsn::read(&server.url("")).unwrap();
    let read = quoting(&dsn, "select 'it\\'s'").await.unwrap();
    assert_eq!(read, Quoting::of(Family::MySql));
}
