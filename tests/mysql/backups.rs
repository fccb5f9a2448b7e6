//! What a backup locks, each on a server of its own: it would stop the neighbours.

use holdpoint::engine::sandbox::{Brand, MariaOptions, MariaSandbox};

use crate::blocking::Case;
use crate::harness::on_each_server;

on_each_server! {
    what_a_backup_locks_is_seen_with_who_waits_for_it
}

/// The one who holds it, what the other does, and what is waited for.
struct Held(&'static str, &'static str, &'static str);

const OF_MYSQL: &[Held] = &[
    Held(
        "lock instance for backup",
        "alter table t add column w int",
        "the server's backup lock",
    ),
    Held(
        "flush tables with read lock",
        "update t set v = 1 where id = 1",
        "the global read lock",
    ),
    Held(
        "set global super_read_only = 1; set global super_read_only = 0; flush tables t with read lock",
        "update t set v = 1 where id = 1",
        "t",
    ),
];

const STAGES: &str = "backup stage start; backup stage flush; backup stage block_ddl";

async fn what_a_backup_locks_is_seen_with_who_waits_for_it(server: &'static MariaSandbox) {
    let binaries = server.binaries();
    let options = MariaOptions::default().observable(binaries.brand);
    let own = MariaSandbox::start(binaries, options).unwrap();
    let commit = format!("{STAGES}; backup stage block_commit");
    let of_mariadb = [
        (STAGES, "alter table t add column w int"),
        (commit.as_str(), "update t set v = 1 where id = 1"),
        (
            "flush tables with read lock",
            "update t set v = 1 where id = 1",
        ),
        ("backup lock t", "alter table t add column w int"),
    ];
    let of_mysql = OF_MYSQL
        .iter()
        .map(|Held(holds, waits, _)| (*holds, *waits));
    let cases: Vec<(&str, &str)> = match binaries.brand {
        Brand::MariaDb => of_mariadb.to_vec(),
        Brand::MySql => of_mysql.collect(),
    };
    for (nth, (holds, waits)) in cases.into_iter().enumerate() {
        let mut case = Case::on(&own).await;
        case.holds(holds).await;
        case.waits(waits).await;
        assert_eq!(case.drawn().await, "A\n  B Holder\n", "{holds}");
        let object = case.object_of(1).await;
        let wanted = match (binaries.brand, OF_MYSQL.get(nth)) {
            (Brand::MySql, Some(Held(_, _, object))) => object,
            (Brand::MySql, None) => unreachable!(),
            (Brand::MariaDb, _) if nth == 3 => "t",
            (Brand::MariaDb, _) => "the server's backup lock",
        };
        assert_eq!(object.rsplit('.').next().unwrap(), wanted, "{holds}");
        case.lets_go().await;
    }
}
