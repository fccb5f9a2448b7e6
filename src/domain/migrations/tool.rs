//! The tools, and how their tables are read.

use crate::domain::ready::Family;

/// A migration tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Alembic.
    Alembic,
    /// dbmate.
    Dbmate,
    /// Django.
    Django,
    /// Flyway.
    Flyway,
    /// golang-migrate.
    GolangMigrate,
    /// goose.
    Goose,
    /// Liquibase.
    Liquibase,
    /// Prisma Migrate.
    Prisma,
    /// Active Record.
    Rails,
    /// `SQLx`.
    Sqlx,
}

impl Tool {
    /// Every tool with its word.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("alembic", Self::Alembic),
        ("dbmate", Self::Dbmate),
        ("django", Self::Django),
        ("flyway", Self::Flyway),
        ("golang-migrate", Self::GolangMigrate),
        ("goose", Self::Goose),
        ("liquibase", Self::Liquibase),
        ("prisma", Self::Prisma),
        ("rails", Self::Rails),
        ("sqlx", Self::Sqlx),
    ];

    /// Returns the tool called `word`.
    pub fn named(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(name, _)| *name == word);
        found.map(|(_, tool)| *tool)
    }

    /// Returns the name of its table, quoted for `family`.
    pub fn table(self, family: Family) -> String {
        let name = match self {
            Self::Alembic => "alembic_version",
            Self::Dbmate | Self::GolangMigrate | Self::Rails => "schema_migrations",
            Self::Django => "django_migrations",
            Self::Flyway => "flyway_schema_history",
            Self::Goose => "goose_db_version",
            Self::Liquibase => match family {
                Family::MySql => "DATABASECHANGELOG",
                Family::Postgres | Family::Any => "databasechangelog",
            },
            Self::Prisma => "_prisma_migrations",
            Self::Sqlx => "_sqlx_migrations",
        };
        match family {
            Family::MySql => format!("`{name}`"),
            Family::Postgres | Family::Any => format!("\"{name}\""),
        }
    }

    /// Returns the question for its history, in the order in which it was written: columns `version`, `name`, `at`,
    /// `state` (`applied`, `failed`, `rolled back`, `other`) and `checksum`.
    pub fn question(self, table: &str, family: Family) -> String {
        let mysql = family == Family::MySql;
        let hex = if mysql {
            "lower(hex(checksum))"
        } else {
            "encode(checksum, 'hex')"
        };
        let yes = |column: &str| format!("case when {column} then 'applied' else 'failed' end");
        match self {
            Self::Alembic => format!(
                "select version_num as version, '' as name, null as at, 'applied' as state, null as checksum from {table} order by 1"
            ),
            Self::Dbmate | Self::Rails => format!(
                "select version, '' as name, null as at, 'applied' as state, null as checksum from {table} order by 1"
            ),
            Self::Django => format!(
                "select concat(app, '.', name) as version, '' as name, applied as at, 'applied' as state, null as checksum from {table} order by id"
            ),
            Self::Flyway => format!(
                "select coalesce(version, script) as version, description as name, installed_on as at, \
                 case when not success then 'failed' when type in ('SQL', 'JDBC', 'SPRING_JDBC') then 'applied' else 'other' end as state, \
                 checksum from {table} order by installed_rank"
            ),
            Self::GolangMigrate => format!(
                "select version, '' as name, null as at, {} as state, null as checksum from {table}",
                yes("not dirty")
            ),
            Self::Goose => format!(
                "select version_id as version, '' as name, tstamp as at, case when is_applied then 'applied' else 'rolled back' end as state, \
                 null as checksum from {table} where version_id > 0 order by id"
            ),
            Self::Liquibase => format!(
                "select id as version, concat(filename, ' by ', author) as name, dateexecuted as at, \
                 case when exectype in ('EXECUTED', 'RERAN', 'MARK_RAN') then 'applied' when exectype = 'FAILED' then 'failed' else 'other' end as state, \
                 null as checksum from {table} order by orderexecuted"
            ),
            Self::Prisma => format!(
                "select migration_name as version, '' as name, started_at as at, \
                 case when rolled_back_at is not null then 'rolled back' when finished_at is null then 'failed' else 'applied' end as state, \
                 checksum from {table} order by started_at"
            ),
            Self::Sqlx => format!(
                "select version, description as name, installed_on as at, {} as state, {hex} as checksum from {table} order by installed_on, version",
                yes("success")
            ),
        }
    }
}
