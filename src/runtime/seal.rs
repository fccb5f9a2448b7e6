//! The two ends of a record: a signature over its first records, and the log that is written when it is closed.

use std::fs;

use crate::app::message::Sealing;
use crate::app::model::Model;
use crate::domain::report::signoff::Decision;
use crate::domain::run::event::{Event, Operator};
use crate::engine::seal::checkpoint::{self, Covered};
use crate::engine::seal::verify::{Question, verify};
use crate::engine::seal::{Approval, Bundle, Desk, SealError, Signer, append_signoff, find};
use crate::runtime::opening::OpenRun;
use crate::runtime::perform::World;

/// The environment variable that names another list of trusted signers than the configured one.
pub const TRUST_ENV: &str = "HOLDPOINT_TRUST";

/// Signs the records so far: a key that does not sign is found out now and not at the end, and a run that breaks off
/// has a signature. The terminal must be free.
///
/// # Errors
/// Why the key does not sign; the run goes on all the same.
pub fn sign_opening(open: &mut OpenRun, reason: &str) -> Result<(), String> {
    let operator = open.run.operator.clone();
    if operator.key.is_empty() {
        return Err("there is no SSH key: the log can be signed later, by `holdpoint sign`".into());
    }
    let desk = Desk::this();
    let run = open.dir.name();
    let (seq, head) = open.store.head();
    let covered = Covered {
        run: &run,
        seq,
        head,
    };
    let signed = key_of(&desk, &operator)
        .and_then(|key| checkpoint::checkpoint(&desk, &key, &operator.identity, reason, covered))
        .map_err(|e| e.to_string())?;
    let entries = open
        .store
        .append(&operator.identity, &[Event::Checkpoint(signed)])
        .map_err(|e| e.to_string())?;
    for entry in &entries {
        open.run.apply(entry);
    }
    Ok(())
}

/// The operator's key by what the run's first records say of it: its fingerprint, else where it lay.
fn key_of(desk: &Desk, operator: &Operator) -> Result<crate::engine::seal::Key, SealError> {
    let wanted = if operator.key_source == "agent" {
        &operator.key
    } else {
        &operator.key_source
    };
    find(desk, Some(wanted))
}

/// Writes the log of the closed run; returns what to tell. The terminal must be free.
///
/// # Errors
/// What kept it from being written or signed.
pub fn seal(world: &World, model: &Model, sealing: Sealing) -> Result<Vec<String>, String> {
    let dir = world.run_dir.as_ref().ok_or("there is no run")?;
    make_read_only(&dir.journal()).map_err(|e| format!("the journal cannot be closed: {e}"))?;
    let bundle = Bundle::at(&dir.path);
    bundle
        .write_log()
        .map_err(|e| format!("the log cannot be written: {e}"))?;
    let log = dir.log().display().to_string();
    let Sealing::SignedAs(role) = sealing else {
        return Ok(vec![
            format!("written, unsigned: {log}"),
            format!("sign it with: holdpoint sign {} --role ROLE", dir.name()),
        ]);
    };
    let desk = Desk::this();
    let operator = &model.run.operator;
    let key = key_of(&desk, operator).map_err(|e| e.to_string())?;
    let (name, identity) = (operator.name.clone(), operator.identity.clone());
    let approval = Approval {
        role: role.clone(),
        decision: Decision::Approved,
        remark: String::new(),
        signer: Signer {
            name,
            identity,
            key,
        },
    };
    let stated =
        append_signoff(&desk, &bundle, &approval).map_err(|e| format!("not signed: {e}"))?;
    let mut lines = vec![
        format!(
            "signed as {role} by {} with {}",
            stated.identity, stated.key
        ),
        format!("the log: {log}"),
    ];
    match verify(
        &desk,
        &dir.path,
        &Question {
            trust: std::env::var_os(TRUST_ENV).map(Into::into),
            ..Question::default()
        },
    ) {
        Ok(report) => lines.extend(report.text().lines().map(ToOwned::to_owned)),
        Err(e) => lines.push(format!("it cannot be verified here: {e}")),
    }
    Ok(lines)
}

fn make_read_only(path: &std::path::Path) -> std::io::Result<()> {
    let mut rights = fs::metadata(path)?.permissions();
    rights.set_readonly(true);
    fs::set_permissions(path, rights)
}
