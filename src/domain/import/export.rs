//! A runbook as a markdown checklist, to print or to paste.

use crate::domain::runbook::model::Runbook;

/// Writes a runbook as a checklist.
pub fn export(_book: &Runbook) -> String {
    String::new()
}
