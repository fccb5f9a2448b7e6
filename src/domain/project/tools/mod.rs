//! How each tool is recognised and called. Sources: the tools' documentation, and what they were seen to do.

pub mod alembic;
pub mod django;
pub mod flyway;
pub mod liquibase;
pub mod numbered;
pub mod prisma;
pub mod rails;
pub mod sqlx_cli;

use crate::domain::project::{Project, Tool};

/// Returns a project of `tool` that says nothing yet but what every tool shares.
fn bare(tool: Tool, evidence: &str, directory: String) -> Project {
    Project {
        tool,
        evidence: evidence.to_owned(),
        directory,
        files: String::new(),
        migrations: Vec::new(),
        address: vec!["export DATABASE_URL=\"$url\"".to_owned()],
        secrets: Vec::new(),
        present: String::new(),
        shows: String::new(),
        plans: None,
        applies: String::new(),
        agrees: None,
        table: "",
        version: None,
        back: None,
        remarks: Vec::new(),
    }
}

/// Returns `word` for the shell: bare where it needs no quotes.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Returns the digits that `name` begins with.
fn leading_digits(name: &str) -> &str {
    let end = name
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(name.len());
    name.get(..end).unwrap_or("")
}
