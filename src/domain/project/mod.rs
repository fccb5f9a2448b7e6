//! A project's migrations: which tool keeps them, where they lie, how it is called; and a runbook that fits them.

mod tools;
mod tree;
mod write;
mod yaml;

pub use tree::Tree;
pub use write::runbook;

use std::fmt;

/// A tool that takes a schema from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// Alembic (Python, `SQLAlchemy`).
    Alembic,
    /// Flyway, by itself or by way of Gradle or Maven.
    Flyway,
    /// Prisma Migrate.
    Prisma,
    /// `SQLx` (Rust).
    Sqlx,
    /// Django.
    Django,
    /// Rails.
    Rails,
    /// Liquibase.
    Liquibase,
    /// golang-migrate.
    Migrate,
    /// goose (Go).
    Goose,
    /// dbmate.
    Dbmate,
}

impl Tool {
    /// Every tool that is known.
    pub const ALL: [Self; 10] = [
        Self::Alembic,
        Self::Flyway,
        Self::Prisma,
        Self::Sqlx,
        Self::Django,
        Self::Rails,
        Self::Liquibase,
        Self::Migrate,
        Self::Goose,
        Self::Dbmate,
    ];

    /// What it is called on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alembic => "alembic",
            Self::Flyway => "flyway",
            Self::Prisma => "prisma",
            Self::Sqlx => "sqlx",
            Self::Django => "django",
            Self::Rails => "rails",
            Self::Liquibase => "liquibase",
            Self::Migrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alembic => "Alembic",
            Self::Flyway => "Flyway",
            Self::Prisma => "Prisma Migrate",
            Self::Sqlx => "SQLx",
            Self::Django => "Django",
            Self::Rails => "Rails",
            Self::Liquibase => "Liquibase",
            Self::Migrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
        })
    }
}

/// One migration as it lies in the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// What the tool's own table calls it.
    pub version: String,
    /// Its file, from the project's directory.
    pub file: String,
}

/// What was found in a directory. Every command is a line of `bash` with `$url` (a libpq address) at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Who keeps its schema.
    pub tool: Tool,
    /// The file that says so.
    pub evidence: String,
    /// Where the commands run, from the project's directory; `.` for itself.
    pub directory: String,
    /// Where the migrations lie, from the project's directory.
    pub files: String,
    /// Its migrations, the oldest first.
    pub migrations: Vec<Migration>,
    /// Lines that hand the target's address to the tool.
    pub address: Vec<String>,
    /// Environment variables, besides the addresses, that hold secrets.
    pub secrets: Vec<&'static str>,
    /// Says whether the tool is there.
    pub present: String,
    /// Shows what was applied and what is pending.
    pub shows: String,
    /// Shows what would be done, without doing it.
    pub plans: Option<String>,
    /// Applies everything pending.
    pub applies: String,
    /// Fails as long as something is pending.
    pub agrees: Option<String>,
    /// The tool's own table.
    pub table: &'static str,
    /// A statement that brings the newest version applied.
    pub version: Option<&'static str>,
    /// Goes back to `$version_before`.
    pub back: Option<String>,
    /// What whoever fills in the runbook must know.
    pub remarks: Vec<String>,
}

impl Project {
    /// Returns the version that the database is at when everything is applied, where the files tell.
    pub fn newest(&self) -> Option<&str> {
        self.version?;
        self.migrations.last().map(|m| m.version.as_str())
    }
}

/// Returns every project that `tree` may be, the likeliest first.
pub fn find(tree: &Tree) -> Vec<Project> {
    Tool::ALL
        .into_iter()
        .filter_map(|tool| look(tree, tool))
        .collect()
}

/// Returns the project that `tree` is for `tool`.
pub fn look(tree: &Tree, tool: Tool) -> Option<Project> {
    match tool {
        Tool::Alembic => tools::alembic::look(tree),
        Tool::Flyway => tools::flyway::look(tree),
        Tool::Prisma => tools::prisma::look(tree),
        Tool::Sqlx => tools::sqlx_cli::look(tree),
        Tool::Django => tools::django::look(tree),
        Tool::Rails => tools::rails::look(tree),
        Tool::Liquibase => tools::liquibase::look(tree),
        Tool::Migrate => tools::numbered::migrate(tree),
        Tool::Goose => tools::numbered::goose(tree),
        Tool::Dbmate => tools::numbered::dbmate(tree),
    }
}

/// Returns what would give `tool` away in a directory.
pub fn wanted(tool: Tool) -> &'static str {
    match tool {
        Tool::Alembic => "an `alembic.ini`",
        Tool::Flyway => "a `flyway.toml`, `flyway.conf`, or `flyway` in build.gradle or pom.xml",
        Tool::Prisma => "a `schema.prisma`",
        Tool::Sqlx => "a Cargo.toml that names `sqlx`, with `migrations/`",
        Tool::Django => "a `manage.py`",
        Tool::Rails => "a `db/migrate/` beside a Gemfile",
        Tool::Liquibase => "a `liquibase.properties` or a changelog",
        Tool::Migrate => "files like `000001_name.up.sql`",
        Tool::Goose => "files with `-- +goose Up`",
        Tool::Dbmate => "files with `-- migrate:up`",
    }
}

#[cfg(test)]
mod tests;
