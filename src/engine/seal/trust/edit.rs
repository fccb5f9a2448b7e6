//! Changing a list of signers: lines are added, or get an end. None is ever taken out, because what it let sign before
//! must stay verifiable.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::engine::seal::trust::{Part, Signer, Trust};
use crate::engine::seal::wire::PublicKey;

/// The first lines of a new list.
const HEAD: &str = "\
# Who may sign what (OpenSSH's allowed_signers, see ssh-keygen(1)).
# Lines are never taken out: `holdpoint trust expire` ends them, or old logs stop verifying.
";

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Not before.
    pub after: Option<DateTime<Utc>>,
    /// Not later than.
    pub before: Option<DateTime<Utc>>,
}

/// A line to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Who; for an authority a pattern of whom it certifies.
    pub identity: String,
    /// What for.
    pub namespaces: Vec<String>,
    /// When.
    pub span: Span,
    /// What the key is for.
    pub part: Part,
    /// The key.
    pub key: PublicKey,
    /// Behind it: whose it is in other words.
    pub comment: String,
}

/// A line that got an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Its number, counted from one.
    pub line: usize,
    /// Its identities.
    pub principals: String,
    /// Its key's fingerprint.
    pub key: String,
}

/// Why a list cannot be changed.
#[derive(Debug, Error)]
pub enum EditError {
    /// The line is there.
    #[error(
        "line {line} trusts this key for {principals} already: end that one first (`holdpoint trust expire`), or edit it"
    )]
    Known {
        /// Its number.
        line: usize,
        /// Its identities.
        principals: String,
    },
    /// The key is somebody else's.
    #[error(
        "line {line} gives this key to {principals}: one key is one person's, who else signs with it cannot be told apart"
    )]
    Anothers {
        /// Its number.
        line: usize,
        /// Its identities.
        principals: String,
    },
    /// The line would not be read as it is meant.
    #[error(
        "`{0}` cannot stand in a list of signers: no blanks, quotes or commas in an identity, a plain text behind the key"
    )]
    Unwritable(String),
    /// Nothing fits.
    #[error("no line that still holds is for `{0}`: `holdpoint trust list` shows them all")]
    Nobody(String),
    /// The disk refuses.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Adds a line to the list at `path`, which is made where it is missing. Returns the line.
///
/// # Errors
/// The key is listed already, the line cannot be written so that it is read again, the disk refuses.
pub fn add(path: &Path, addition: &Addition, now: DateTime<Utc>) -> Result<String, EditError> {
    let text = read(path)?.unwrap_or_else(|| HEAD.to_owned());
    let holds = |s: &&Signer| s.key == addition.key && s.before.is_none_or(|t| t > now);
    if let Some(known) = Trust::read(&text).signers.iter().find(holds) {
        let (line, principals) = (known.line, known.principals.clone());
        return Err(if principals == addition.identity {
            EditError::Known { line, principals }
        } else {
            EditError::Anothers { line, principals }
        });
    }
    let line = addition.line();
    let mut lines = text;
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines.push_str(&line);
    lines.push('\n');
    let meant = |s: &&Signer| {
        s.principals == addition.identity && s.key == addition.key && s.part == addition.part
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | ',' | '#');
    if addition.identity.contains(odd)
        || line.contains(['\n', '\r'])
        || Trust::read(&lines).signers.iter().rfind(meant).is_none()
    {
        return Err(EditError::Unwritable(addition.identity.clone()));
    }
    write(path, &lines)?;
    Ok(line)
}

impl Addition {
    fn line(&self) -> String {
        let mut options = Vec::new();
        if self.part == Part::Certifies {
            options.push("cert-authority".to_owned());
        }
        options.push(format!("namespaces=\"{}\"", self.namespaces.join(",")));
        options.extend(
            self.span
                .after
                .map(|t| format!("valid-after=\"{}\"", stamp(t))),
        );
        options.extend(
            self.span
                .before
                .map(|t| format!("valid-before=\"{}\"", stamp(t))),
        );
        let line = format!(
            "{} {} {} {}",
            self.identity,
            options.join(","),
            self.key.line(),
            self.comment
        );
        line.trim_end().to_owned()
    }
}

/// Ends every line for `who` (an identity, or a key's fingerprint) that still holds, at `end`.
///
/// # Errors
/// No line fits, or the disk refuses.
pub fn expire(path: &Path, who: &str, end: DateTime<Utc>) -> Result<Vec<Expiry>, EditError> {
    let text = read(path)?.unwrap_or_default();
    let trust = Trust::read(&text);
    let fits = |s: &&Signer| {
        (s.principals == who || s.key.fingerprint() == who) && s.before.is_none_or(|t| t > end)
    };
    let ended: Vec<&Signer> = trust.signers.iter().filter(fits).collect();
    if ended.is_empty() {
        return Err(EditError::Nobody(who.to_owned()));
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for signer in &ended {
        if let Some(line) = lines.get_mut(signer.line - 1) {
            *line = with_end(line, signer, end);
        }
    }
    write(path, &(lines.join("\n") + "\n"))?;
    Ok(ended
        .into_iter()
        .map(|s| Expiry {
            line: s.line,
            principals: s.principals.clone(),
            key: s.key.fingerprint(),
        })
        .collect())
}

/// Only the end is put in, before the key: whatever else the line says stays as it was written.
fn with_end(line: &str, signer: &Signer, end: DateTime<Utc>) -> String {
    let option = format!("valid-before=\"{}\"", stamp(end));
    if let Some(at) = line.find("valid-before=\"") {
        let rest = &line[at + "valid-before=\"".len()..];
        let behind = rest.split_once('"').map_or("", |(_, behind)| behind);
        return format!("{}{option}{behind}", &line[..at]);
    }
    let Some(at) = line.find(&format!("{} ", signer.key.kind)) else {
        return line.to_owned();
    };
    let (before, key) = line.split_at(at);
    let bare = signer.namespaces.is_none() && signer.after.is_none() && signer.part == Part::Signs;
    let before = before.trim_end();
    let joint = if bare { " " } else { "," };
    format!("{before}{joint}{option} {key}")
}

/// `20261120090000Z`; with `Z` it means the same wherever it is read (OpenSSH 9.1 and later).
fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y%m%d%H%M%SZ").to_string()
}

fn read(path: &Path) -> Result<Option<String>, EditError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_at(path)(e)),
    }
}

fn write(path: &Path, text: &str) -> Result<(), EditError> {
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        fs::create_dir_all(dir).map_err(io_at(dir))?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    File::create(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, path))
        .map_err(io_at(path))
}

fn io_at(path: &Path) -> impl FnOnce(std::io::Error) -> EditError {
    let path = path.display().to_string();
    move |source| EditError::Io { path, source }
}
