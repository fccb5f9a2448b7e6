//! The two ends of a record: a signature over its first records, and the log that is written when it is closed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::message::{AskedSignature, Sealing};
use crate::app::model::Model;
use crate::domain::report::signoff::{self, Decision};
use crate::domain::run::event::{Checkpoint, Event, Operator, StepSigned};
use crate::engine::rundir::RunDir;
use crate::engine::seal::checkpoint::{self, Covered};
use crate::engine::seal::review;
use crate::engine::seal::verify::{Question, verify};
use crate::engine::seal::{
    Approval, Bundle, Desk, SealError, Signer, append_later, append_signoff, find, permitted,
};
use crate::runtime::opening::{self, OpenRun};
use crate::runtime::perform::World;
use crate::runtime::witness;

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

/// Lets a role sign in a step: the operator, or whoever sits down beside them with a key. The terminal must be free.
///
/// # Errors
/// The key does not sign, or the disk does not answer.
pub fn sign_step(
    world: &World,
    model: &Model,
    asked: &AskedSignature,
) -> Result<Checkpoint, String> {
    let desk = Desk::this();
    let operator = &model.run.operator;
    let own = asked.identity.is_empty() || asked.identity == operator.identity;
    let identity = if own {
        &operator.identity
    } else {
        &asked.identity
    };
    let name = match (asked.name.as_str(), own) {
        ("", true) => &operator.name,
        ("", false) => identity,
        (name, _) => name,
    };
    let key = if asked.key.is_empty() {
        key_of(&desk, operator)
    } else {
        find(&desk, Some(&asked.key))
    };
    let key = key.map_err(|e| e.to_string())?;
    let patience = Duration::from_secs(5);
    let head = world
        .bookkeeper
        .as_ref()
        .and_then(|b| b.asker().head(patience));
    let (seq, head) = head.ok_or("the disk does not answer")?;
    let run = &model.run.opened.run;
    let said = StepSigned {
        step: asked.step.clone(),
        role: asked.role.clone(),
        name: name.to_owned(),
        key: key.fingerprint(),
        word: asked.word,
        // What is signed is recorded as it was signed: secrets go before, not after.
        remark: opening::redactor(model).redact_text(&asked.remark),
        seen_ms: asked.seen_ms,
    };
    let head = head.as_str();
    if let Some(touch) = key.touch() {
        let _ = writeln!(std::io::stderr(), "{touch}");
    }
    checkpoint::in_step(&desk, &key, identity, said, Covered { run, seq, head })
        .map_err(|e| e.to_string())
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
    if sealing == Sealing::Addendum {
        return seal_later(world, model, dir);
    }
    if !is_read_only(&dir.journal()) {
        witness::post_last(world, model);
    }
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
    permitted(
        list(&desk, model).as_deref(),
        &key,
        &identity,
        &signoff::namespace(&role),
    )
    .map_err(|e| {
        let run = dir.name();
        format!("not signed: {e}. Write it unsigned; who may sign does it with `holdpoint sign {run} --role '{role}'`")
    })?;
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
    verified(&desk, model, dir, &mut lines);
    Ok(lines)
}

/// Signs what was done of the later duties; the log of the window stays as it is.
fn seal_later(world: &World, model: &Model, dir: &RunDir) -> Result<Vec<String>, String> {
    let operator = &model.run.operator;
    let later = format!("`holdpoint sign {} --later`", dir.name());
    if operator.key.is_empty() {
        return Ok(vec![format!("recorded, unsigned: sign it with {later}")]);
    }
    witness::post_last(world, model);
    let desk = Desk::this();
    let key = key_of(&desk, operator).map_err(|e| e.to_string())?;
    let signer = Signer {
        name: operator.name.clone(),
        identity: operator.identity.clone(),
        key,
    };
    let namespace = signoff::addendum::NAMESPACE;
    permitted(
        list(&desk, model).as_deref(),
        &signer.key,
        &signer.identity,
        namespace,
    )
    .map_err(|e| format!("recorded, not signed: {e}. Who may sign does it with {later}"))?;
    let added = append_later(&desk, &Bundle::at(&dir.path), &signer);
    let added = added.map_err(|e| format!("recorded, not signed: {e}; {later} signs it later"))?;
    let Some(added) = added else {
        return Ok(vec!["there is nothing that is not signed already".into()]);
    };
    let mut lines = vec![
        format!("addendum signed by {} with {}", added.identity, added.key),
        format!("the log: {}", dir.log().display()),
    ];
    verified(&desk, model, dir, &mut lines);
    Ok(lines)
}

/// Returns the list of signers that counts for the run.
fn list(desk: &Desk, model: &Model) -> Option<PathBuf> {
    let named = std::env::var_os(TRUST_ENV).map(Into::into);
    review::list_for(desk, Path::new(&model.runbook_dir), named)
}

fn verified(desk: &Desk, model: &Model, dir: &RunDir, lines: &mut Vec<String>) {
    match verify(
        desk,
        &dir.path,
        &Question {
            trust: list(desk, model),
            ..Question::default()
        },
    ) {
        Ok(report) => lines.extend(report.text().lines().map(ToOwned::to_owned)),
        Err(e) => lines.push(format!("it cannot be verified here: {e}")),
    }
}

fn is_read_only(path: &std::path::Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.permissions().readonly())
}

fn make_read_only(path: &std::path::Path) -> std::io::Result<()> {
    let mut rights = fs::metadata(path)?.permissions();
    rights.set_readonly(true);
    fs::set_permissions(path, rights)
}
