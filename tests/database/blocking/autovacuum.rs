//! Autovacuum in the way.

use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::blocking::tree;
use holdpoint::engine::sandbox::Sandbox;

use crate::blocking::case::agrees;
use crate::harness::{Client, Watcher, fresh_on, own_server};

/// Autovacuum in the way: the ordinary one gives way, the one against wraparound does not. The server is changed.
pub async fn autovacuum(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let mut client = Client::open(&url).await;
    for table in ["big", "old"] {
        client
            .run(&format!(
                "create table {table} as select i from generate_series(1, 100000) i"
            ))
            .await;
        // Slow enough to be met: one page, then a tenth of a second.
        client.run(&format!("alter table {table} set (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)")).await;
    }
    // Before 14 the collector is in no hurry to tell autovacuum what was deleted.
    let tells = server.binaries().major >= 14;
    client.run("alter table big set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)").await;
    client.run("delete from big where i % 2 = 0").await;
    client
        .run("alter table old set (autovacuum_freeze_max_age = 100000)")
        .await;
    client.run("create table burnt (i int); do $$ begin for i in 1..100100 loop begin insert into burnt values (i); exception when others then null; end; end loop; end $$").await;
    for sql in [
        "alter system set autovacuum = on",
        "alter system set autovacuum_naptime = 1",
        "select pg_reload_conf()",
    ] {
        client.run(sql).await;
    }
    let mut watcher = Watcher::on(&url);
    let mut expected = vec![(
        "old",
        "VACUUM public.old (to prevent wraparound): it does not give way",
    )];
    if tells {
        expected.push(("big", "VACUUM ANALYZE public.big: it gives way"));
    }
    let mut waiters = Vec::new();
    for (table, words) in expected {
        let name = format!("public.{table}");
        let vacuums = |s: &Sample| {
            s.sessions
                .iter()
                .any(|s| s.kind == "autovacuum worker" && s.query.contains(&name))
        };
        let (pid, sample) = loop {
            watcher.sample(&vacuums).await;
            let lock = format!("begin; lock table {table}; rollback");
            let (pid, mut task) = Client::open(&url).await.waits(&lock);
            let waiter = [pid];
            tokio::select! {
                sample = watcher.with_waiters(&waiter) => {
                    waiters.push(task);
                    break (pid, sample);
                }
                // It had just ended: it gets work again.
                _ = &mut task => client.run(&format!("update {table} set i = i")).await,
            }
        };
        agrees(&sample, &mut client, &[pid]).await;
        let forest = tree(&sample);
        let above = forest.roots.iter().find(|r| {
            r.children
                .iter()
                .any(|c| c.session(&sample).is_some_and(|s| s.pid == pid))
        });
        let said = above.unwrap().words(&sample);
        // An analyze may come with it, as the server sees fit.
        assert!(
            said.replace("VACUUM ANALYZE public.old", "VACUUM public.old")
                .contains(words),
            "{said}"
        );
    }
    client.run("alter system set autovacuum = off; ").await;
    client.run("select pg_reload_conf()").await;
    for task in waiters {
        task.abort();
    }
}

#[tokio::test]
async fn autovacuum_in_the_way_is_called_by_its_name() {
    autovacuum(&own_server()).await;
}
