//! What a check is shown, and what it must say: those for which tables are enough.

use holdpoint::domain::ready::Verdict::{self, Fail, Pass, Shown, Warn};

/// What a check is shown, and what it must say.
pub(super) struct Case {
    pub(super) check: &'static str,
    /// Arguments on both databases.
    pub(super) with: &'static str,
    /// Further ones where it is to be tripped.
    pub(super) trip: &'static str,
    /// Made in a database of its own; statements that fail are meant to.
    pub(super) made: &'static [&'static str],
    pub(super) verdict: Verdict,
    /// Stands in the rows.
    pub(super) told: &'static str,
}

const PARTITIONED: &str = "create table e (at date) partition by range (at)";

/// Those for which tables are enough.
pub(super) const AT_REST: &[Case] = &[
    case("pg/server-version", Fail, "990000").trip("at_least=990000"),
    case("pg/is-primary", Fail, "default_transaction_read_only")
        .made(&["do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$"]),
    case("pg/connection-headroom", Fail, "97").trip("warn_above=0%;fail_above=0%"),
    case("pg/connection-headroom", Warn, "97").trip("warn_above=0%"),
    case("pg/wraparound", Fail, "postgres").trip("warn_above=0%;fail_above=0%"),
    case("pg/wraparound-tables", Warn, "pg_").trip("above=0%"),
    case("pg/session-timeouts", Fail, "lock_timeout"),
    case("pg/extensions", Fail, "not available").trip("extensions=nope").with("extensions=plpgsql"),
    case("pg/ddl-observers", Warn, "publication").made(&["create publication p for all tables"]),
    case("pg/large-tables", Warn, "t").made(&["analyze t"]).trip("rows=5"),
    case("pg/null-rows", Fail, "2").with("table=t;column=v")
        .made(&["update t set v = null where id < 3"]),
    case("pg/duplicate-rows", Fail, "10").with("table=t;columns=v").made(&["update t set v = 7"]),
    case("pg/orphan-rows", Fail, "99").with("table=c;columns=t_id;parent=public.t;key=id")
        .made(&["insert into c values (1, 99)"]),
    case("pg/invalid-indexes", Fail, "not ready")
        .made(&["update t set v = 7", "create unique index concurrently bad on t (v)"]),
    case("pg/partition-index-gaps", Warn, "e_at")
        .made(&[PARTITIONED, "create table e1 partition of e default", "create index e_at on only e (at)"]),
    case("pg/unvalidated-constraints", Warn, "positive")
        .made(&["alter table t add constraint positive check (v > -1) not valid"]),
    case("pg/unpopulated-views", Fail, "public.m")
        .made(&["create materialized view m as select 1 with no data"]),
    case("pg/next-month-partitions", Fail, "e")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to ('2020-02-01')"]),
    case("pg/next-month-partitions", Pass, "")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to (maxvalue)"]),
    case("pg/partition-gaps", Warn, "2020-02-01")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to ('2020-02-01')",
                "create table e2 partition of e for values from ('2020-03-01') to (maxvalue)"]),
    case("pg/default-partition-rows", Warn, "e1")
        .made(&[PARTITIONED, "create table e1 partition of e default", "insert into e values (now())"]),
    case("pg/sequence-exhaustion", Warn, "s.id")
        .made(&["create table s (id serial)", "select setval('s_id_seq', 1700000000)"]),
    case("pg/sequence-exhaustion", Fail, "s.id")
        .made(&["create table s (id serial)", "select setval('s_id_seq', 2100000000)"]),
    case("pg/missing-fk-indexes", Warn, "c_ref").made(&["drop index c_t_id_idx", "alter table c add constraint c_ref foreign key (t_id) references t"]),
    case("pg/duplicate-indexes", Warn, "t_v2").made(&["create index t_v1 on t (v)", "create index t_v2 on t (v)"]),
    case("pg/dead-rows", Warn, "t").made(&["update t set v = v + 1"]).trip("from_rows=1"),
    case("pg/measured-bloat", Warn, "t").with("table=t;above=99%")
        .made(&["insert into t select i, i from generate_series(11, 9999) i", "delete from t where id > 10"]).trip("above=30%"),
    case("pg/stale-statistics", Warn, "n").made(&["create table n as select 1"]),
    case("pg/disabled-triggers", Fail, "checks a foreign key")
        .made(&["alter table c add foreign key (t_id) references t", "alter table c disable trigger all"]),
    case("pg/cache-hit", Warn, "").trip("at_least=200%"),
    case("pg/columns-exist", Fail, "public.t.nope").with("columns=public.t.v").trip("columns=public.t.v, public.t.nope"),
    case("pg/tables-exist", Fail, "public.nope").with("tables=public.t").trip("tables=public.t, public.nope"),
    case("pg/orphan-references", Fail, "c_t_id_fkey").made(&[
        "insert into c values (1, 99)", "alter table c add foreign key (t_id) references t not valid"]),
    case("pg/missing-grants", Fail, "INSERT, UPDATE").with("roles=app;rights=SELECT,INSERT,UPDATE;except=public.c")
        .made(&["revoke insert, update on t from app"]),
    case("pg/replica-identity", Fail, "c").made(&["create publication p for table c"]),
];

/// Those that judge nothing: what stands in their rows.
pub(super) const SHOWN: &[Case] = &[
    case("pg/identity", Shown, "primary"),
    case("pg/database-size", Shown, ""),
    case("pg/rewrite-need", Shown, "t"),
    case("pg/role-timeouts", Shown, "lock_timeout=7s")
        .made(&["do $$ begin execute format('alter database %I set lock_timeout = ''7s''', current_database()); end $$"]),
    case("pg/dependents", Shown, "referenced by").with("table=public.t")
        .made(&["alter table c add foreign key (t_id) references t", "create view w as select v from t"]),
    case("pg/write-rate", Shown, "t"),
    case("pg/counters", Shown, "deadlocks"),
    case("pg/object-counts", Shown, "tables"),
    case("pg/catalog-fingerprint", Shown, "public.t.v"),
    case("pg/row-estimates", Shown, "t"),
    case("pg/row-counts", Shown, "10"),
    case("pg/materialized-views", Shown, "public.m").made(&["create materialized view m as select 1"]),
    case("pg/table-sizes", Shown, "t"),
    case("pg/index-usage", Shown, "t_pkey"),
    case("pg/unused-indexes", Shown, "t_v").made(&["create index t_v on t (v)"]),
    case("pg/enum-values", Shown, "sad, ok").made(&["create type mood as enum ('ok')", "alter type mood add value 'sad' before 'ok'"]),
    case("pg/statements", Shown, "select count(*) from t").made(&["create extension pg_stat_statements", "select count(*) from t"]),
    case("pg/slow-statements", Shown, "select count(*) from t").with("at_most=500").made(&["create extension pg_stat_statements", "select count(*) from t"]),
];

impl Case {
    pub(super) const fn made(mut self, made: &'static [&'static str]) -> Self {
        self.made = made;
        self
    }

    pub(super) const fn trip(mut self, trip: &'static str) -> Self {
        self.trip = trip;
        self
    }

    pub(super) const fn with(mut self, with: &'static str) -> Self {
        self.with = with;
        self
    }
}

pub(super) const fn case(check: &'static str, verdict: Verdict, told: &'static str) -> Case {
    Case {
        check,
        with: "",
        trip: "",
        made: &[],
        verdict,
        told,
    }
}
