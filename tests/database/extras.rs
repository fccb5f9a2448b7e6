//! Tables and statements: what only some panels need, and what may not hold up the others.

use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::extra::{Measured, Table};
use holdpoint::domain::sample::news::Extra;

use crate::harness::{Client, Watcher, fresh, server};

fn table<'a>(sample: &'a Sample, name: &str) -> Option<&'a Table> {
    let tables = sample.extras.tables.as_deref()?;
    tables.rows.iter().find(|t| t.name == name)
}

#[tokio::test]
async fn a_table_tells_its_size_its_growth_and_who_cleaned_it() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    // The beginning is read without being asked for.
    watcher.sample(|s| table(s, "public.t").is_some()).await;
    let mut client = Client::open(&url).await;
    client
        .run("insert into t select i, 0 from generate_series(11, 20000) i; delete from t where id > 15000; create table new as select * from t")
        .await;
    client.run("vacuum analyze t").await;
    let _ = client.try_run("select pg_stat_force_next_flush()").await;
    watcher.wishes.send_modify(|w| w.tables = Extra::Asked);
    let grown = |t: &Table| t.grown.is_some_and(|b| b > 500_000) && t.vacuumed.is_some();
    let sample = watcher
        .sample(|s| table(s, "public.t").is_some_and(grown))
        .await;
    let t = table(&sample, "public.t").unwrap();
    assert!(t.bytes > t.index_bytes && t.index_bytes > 300_000, "{t:?}");
    assert_eq!(t.measured, Measured::Exactly);
    assert!(t.analyzed.is_some_and(|c| c.ago_ms < 60_000), "{t:?}");
    let new = table(&sample, "public.new").unwrap();
    assert_eq!(new.grown, i64::try_from(new.bytes).ok());
    let tables = sample.extras.tables.as_deref().unwrap();
    assert_eq!((tables.of, tables.lack.clone()), (2, None));
}
