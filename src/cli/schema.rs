//! `holdpoint schema`: the JSON schema of a runbook, for editors.

use std::io::{self, Write};

use crate::domain::runbook::schema;

/// Prints the schema.
pub fn print() -> io::Result<()> {
    io::stdout().write_all(text().as_bytes())
}

/// Returns the schema as it is printed, and as `assets/runbook.schema.json` holds it.
pub fn text() -> String {
    format!("{:#}\n", schema::schema())
}
