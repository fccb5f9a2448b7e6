//! Reviewed runbooks: a reviewer signs the bytes of a runbook and of every file that it names, each beside itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::{DateTime, Utc};

use crate::domain::digest::sha256_hex;
use crate::domain::run::review::{REVIEWED, Review, ReviewFinding};
use crate::engine::seal::bundle::plain;
use crate::engine::seal::crypto::{self, Sum};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::keys::Key;
use crate::engine::seal::sign::sign;
use crate::engine::seal::stock;
use crate::engine::seal::trust;
use crate::engine::seal::verify::{Claim, Found, List, Question, Roots};
use crate::engine::seal::wire::SshSignature;

/// What reviews are signed for.
pub const NAMESPACE: &str = "runbook.review@holdpoint";

/// Commits that are looked through for the reviewed bytes, at most.
const COMMITS: &str = "-n200";

/// A file as it is executed: where it was read from, what the run's directory calls it, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executed<'a> {
    /// Where it was read from.
    pub path: &'a Path,
    /// Its path in the run's directory.
    pub kept_as: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What looking at the signatures gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looked {
    /// What is recorded.
    pub review: Review,
    /// What is kept in the run's directory, by path.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Returns where the signature over the file at `path` lies.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Signs each file, as its reviewer; returns where the signatures lie. The terminal is inherited, as in [`sign`].
///
/// # Errors
/// A file cannot be read, the key does not sign, the disk refuses.
pub fn approve(desk: &Desk, key: &Key, files: &[PathBuf]) -> Result<Vec<PathBuf>, SealError> {
    let mut made = Vec::new();
    for path in files {
        let bytes = plain(path).map_err(io_at(path))?;
        made.push((beside(path), sign(desk, NAMESPACE, key, &bytes)?));
    }
    // Written only when all are there: half a review is none.
    for (path, armour) in &made {
        fs::write(path, armour).map_err(io_at(path))?;
    }
    Ok(made.into_iter().map(|(path, _)| path).collect())
}

/// Returns the list of signers that counts for a runbook in `dir`: `named`, else the nearest in its repository, else the
/// verifier's own, else git's.
pub fn list_for(desk: &Desk, dir: &Path, named: Option<PathBuf>) -> Option<PathBuf> {
    let own = desk.config.join("allowed_signers");
    named
        .or_else(|| trust::upward(dir))
        .or_else(|| own.exists().then_some(own))
        .or_else(|| {
            desk.git("gpg.ssh.allowedSignersFile")
                .map(|p| desk.path(&p))
        })
}

/// Looks whether somebody whom `list` lets review has signed these files; the first one is the runbook.
pub fn look(desk: &Desk, list: Option<&Path>, files: &[Executed], now: DateTime<Utc>) -> Looked {
    let mut looked = Looked::default();
    let question = |path: &Path| Question {
        trust: Some(path.to_owned()),
        ..Question::default()
    };
    let roots = match list
        .map(|path| Roots::find(desk, &question(path)))
        .transpose()
    {
        Ok(roots) => roots,
        Err(e) => {
            looked.review.finding = ReviewFinding::Untrusted;
            looked.review.detail = e.to_string();
            return looked;
        }
    };
    if let Some(roots) = &roots {
        looked.review.trust = roots.list().map(List::named).unwrap_or_default();
    }
    let mut worst = None;
    for file in files {
        let found = one(desk, roots.as_ref(), file, now, &mut looked);
        let grade = |finding| match finding {
            ReviewFinding::Valid => 0,
            ReviewFinding::Absent => 1,
            ReviewFinding::Untrusted => 2,
            ReviewFinding::Differs => 3,
        };
        if worst
            .as_ref()
            .is_none_or(|w: &One| grade(found.finding) > grade(w.finding))
        {
            worst = Some(found);
        }
    }
    let worst = worst.unwrap_or_default();
    let review = &mut looked.review;
    review.finding = worst.finding;
    review.reviewer = worst.reviewer;
    review.key = worst.key;
    review.detail = worst.detail;
    let kept = looked.files.iter();
    review.kept = kept
        .map(|(path, bytes)| (path.clone(), sha256_hex(bytes)))
        .collect();
    looked
}

/// What became of one file's signature.
#[derive(Debug, Default)]
struct One {
    finding: ReviewFinding,
    reviewer: String,
    key: String,
    detail: String,
}

fn one(
    desk: &Desk,
    roots: Option<&Roots>,
    file: &Executed,
    now: DateTime<Utc>,
    looked: &mut Looked,
) -> One {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let found = |finding, detail: String| One {
        finding,
        detail,
        ..One::default()
    };
    let Ok(armour) = plain(&beside(file.path)) else {
        return found(ReviewFinding::Absent, format!("there is no {name}.sig"));
    };
    let signature = for_review(&armour);
    looked.files.insert(format!("{}.sig", file.kept_as), armour);
    let signature = match signature {
        Ok(signature) => signature,
        Err(why) => return found(ReviewFinding::Untrusted, format!("{name}.sig {why}")),
    };
    let key = signature.key.fingerprint();
    if !fits(desk, &signature, file.bytes) {
        let mut detail = format!("{name} was changed after {name}.sig was made");
        if let Some(reviewed) = from_history(desk, file.path, &signature) {
            if file.kept_as == "runbook.yaml" {
                looked.files.insert(REVIEWED.to_owned(), reviewed);
            }
        } else {
            detail += "; the reviewed text is not in its git history";
        }
        return One {
            key,
            ..found(ReviewFinding::Differs, detail)
        };
    }
    match reviewer(roots, &signature, &name, file.bytes, now) {
        Ok(reviewer) => One {
            finding: ReviewFinding::Valid,
            reviewer,
            key,
            detail: String::new(),
        },
        Err(why) => One {
            key,
            ..found(ReviewFinding::Untrusted, why)
        },
    }
}

/// Reads a signature that was made for a review; else what it is instead.
fn for_review(armour: &[u8]) -> Result<SshSignature, &'static str> {
    let signature = std::str::from_utf8(armour)
        .ok()
        .and_then(SshSignature::from_foreign_armour)
        .ok_or("is no signature")?;
    if signature.namespace == NAMESPACE {
        Ok(signature)
    } else {
        Err("was made for another purpose")
    }
}

/// Returns who made a signature that fits, by the list of signers; else why it counts for nothing, if that is to be told.
fn reviewer(
    roots: Option<&Roots>,
    signature: &SshSignature,
    name: &str,
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<String, String> {
    let roots = roots.ok_or(
        "there is no list of signers that says whose key it is: `holdpoint trust add … --reviewer`",
    )?;
    let reviewer = roots.whose(signature, now).ok_or_else(|| {
        let key = signature.key.fingerprint();
        format!("{name}: key {key} is not in the list of signers")
    })?;
    let claim = Claim {
        identity: &reviewer,
        namespace: NAMESPACE.to_owned(),
        time: now,
        message: bytes,
    };
    match roots.judge(signature, &claim) {
        Found::Good => Ok(reviewer),
        Found::Untold => Err(String::new()),
        Found::Bad(why) => Err(format!("{name}, {reviewer}: {why}")),
    }
}

fn fits(desk: &Desk, signature: &SshSignature, bytes: &[u8]) -> bool {
    match crypto::verify(signature, bytes) {
        Sum::Right => true,
        Sum::Wrong => false,
        Sum::Unknown => stock::check(desk, signature, bytes).unwrap_or(false),
    }
}

/// Whether `bytes` are those that the signature in `armour` is over.
pub fn is_reviewed(desk: &Desk, armour: &[u8], bytes: &[u8]) -> bool {
    let read = std::str::from_utf8(armour)
        .ok()
        .and_then(SshSignature::from_foreign_armour);
    read.is_some_and(|s| s.namespace == NAMESPACE && fits(desk, &s, bytes))
}

/// Looks for the bytes that a signature is over in the git history of the file at `path`.
fn from_history(desk: &Desk, path: &Path, signature: &SshSignature) -> Option<Vec<u8>> {
    let (dir, name) = (path.parent()?, path.file_name()?.to_str()?);
    let git = |args: &[&str]| {
        let mut command = desk.command("git");
        command
            .arg("-C")
            .arg(dir)
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let ended = command.output().ok()?;
        ended.status.success().then_some(ended.stdout)
    };
    let commits = String::from_utf8(git(&["log", COMMITS, "--format=%H", "--", name])?).ok()?;
    commits
        .lines()
        .filter_map(|commit| git(&["show", &format!("{commit}:./{name}")]))
        .find(|bytes| fits(desk, signature, bytes))
}
