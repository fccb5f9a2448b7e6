//! Texts of other people: in any encoding, of any length, with escapes in them.

use holdpoint::domain::sample::model::Sample;

use crate::harness::{Client, Watcher, server};

#[tokio::test]
async fn a_text_in_another_encoding_and_escapes_do_no_harm() {
    let name = "eucjp";
    server().execute("postgres", "create database eucjp encoding 'EUC_JP' lc_collate 'C' lc_ctype 'C' template template0").unwrap();
    let url = server().url(name);
    let mut client = Client::open(&url).await;
    client
        .run("begin; select '\u{65e5}\u{672c}\u{8a9e}', 'red'")
        .await;
    let mut other = Client::open(&server().url("postgres")).await;
    other
        .run("set application_name = '\u{1b}[2J'; create role \"\u{1b}[31mred\u{202e}\"; set session authorization \"\u{1b}[31mred\u{202e}\"")
        .await;
    other
        .run("begin;\n\tselect '\u{1b}[31m\u{202e}', 'red'")
        .await;
    for from in [name, "postgres"] {
        let mut watcher = Watcher::on(&server().url(from));
        let pids = [client.pid, other.pid];
        let both = |s: &Sample| pids.iter().all(|pid| s.session(*pid).is_some());
        let sample = watcher.sample(both).await;
        for pid in pids {
            let query = &sample.session(pid).unwrap().query;
            assert!(
                query.starts_with("begin; select '") && query.ends_with("', 'red'"),
                "{query}"
            );
        }
        for pid in pids {
            let session = sample.session(pid).unwrap();
            let all = [&session.query, &session.user, &session.application]
                .map(String::as_str)
                .concat();
            assert!(!all.contains(['\u{1b}', '\u{202e}', '\n']), "{all:?}");
        }
    }
}

#[tokio::test]
async fn a_megabyte_of_text_and_bytes_of_no_encoding_do_no_harm() {
    let db = "raw";
    let create = "create database raw encoding 'SQL_ASCII' template template0";
    server().execute("postgres", create).unwrap();
    let url = server().url(db);
    let mut client = Client::open(&url).await;
    client
        .run(
            "do $$ begin execute 'create table ' || quote_ident(convert_from('\\xff41fe'::bytea, 'SQL_ASCII')) || ' (i int)'; end $$",
        )
        .await;
    let long = format!("begin; select '{}'", "\u{1b}[31m\u{65e5}".repeat(130_000));
    client.run(&long).await;
    let mut watcher = Watcher::on(&url);
    let both = |s: &Sample| {
        // Whatever else the machine does: one look among many is as quick as it must be.
        s.session(client.pid).is_some() && s.extras.tables.is_some() && s.took_ms < 1_000
    };
    let sample = watcher.sample(both).await;
    let query = &sample.session(client.pid).unwrap().query;
    assert!(query.starts_with("begin; select '") && query.len() < 8_000);
    assert!(!query.contains('\u{1b}'), "{query:?}");
    let tables = sample.extras.tables.as_deref().unwrap();
    let named: Vec<&str> = tables.rows.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(named, ["public.\\xffA\\xfe"]);
}
