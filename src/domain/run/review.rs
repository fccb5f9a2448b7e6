//! Whether somebody reviewed the bytes that a run executes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::runbook::model::Demand;

/// What the run directory calls the reviewed bytes, where those that are executed are others.
pub const REVIEWED: &str = "runbook.reviewed.yaml";

/// What became of a reviewer's signature when the run was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Review {
    /// What was found.
    pub finding: ReviewFinding,
    /// Who reviewed it, as the list of signers spells them; empty: nobody whom it knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reviewer: String,
    /// The fingerprint of the key that signed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What is not as it should be: which file, and why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Whether the target demands a review.
    #[serde(default)]
    pub demand: Demand,
    /// Why the run was started all the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The list of signers that was asked: its path and SHA-256.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trust: String,
    /// The signatures, and the reviewed bytes where they are others, by their paths in the run's directory, with SHA-256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, String>,
}

/// What became of a reviewer's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewFinding {
    /// The bytes are those that were reviewed, by somebody whom the list lets review.
    Valid,
    /// There is no signature.
    #[default]
    Absent,
    /// Other bytes were reviewed.
    Differs,
    /// These bytes were signed, by nobody whom the list lets review.
    Untrusted,
}

impl Review {
    /// Returns what was found, as a sentence without its end.
    pub fn said(&self) -> String {
        let detail = match self.detail.as_str() {
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        match self.finding {
            ReviewFinding::Valid => format!("the runbook is as {} reviewed it", self.reviewer),
            ReviewFinding::Absent => format!("nobody has reviewed the runbook{detail}"),
            ReviewFinding::Differs => {
                format!("the runbook is not the one that was reviewed{detail}")
            }
            ReviewFinding::Untrusted => {
                format!("nobody who may review has reviewed the runbook{detail}")
            }
        }
    }
}
