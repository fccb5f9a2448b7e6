//! `holdpoint trust`: the list of who may sign what, kept beside the runbooks.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local, NaiveDate, NaiveTime, TimeZone as _, Utc};
use clap::{Args, Subcommand};

use crate::cli::failure::{BADLY, Failure, USAGE, WORLD};
use crate::cli::tell;
use crate::domain::report::signoff::{self, addendum};
use crate::domain::tame;
use crate::engine::clock;
use crate::engine::seal::trust::{self, Addition, EditError, Grade, Part, Signer, Span, Trust};
use crate::engine::seal::{Desk, REVIEW, checkpoint, find};

/// `holdpoint trust`
#[derive(Debug, Clone, Args)]
pub struct TrustArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: TrustCommand,
    /// The list; by default the nearest `.holdpoint/allowed_signers` here or in a directory above.
    #[arg(long, global = true, value_name = "FILE", env = "HOLDPOINT_TRUST")]
    pub trust: Option<PathBuf>,
}

/// What to do with the list.
#[derive(Debug, Clone, Subcommand)]
pub enum TrustCommand {
    /// Show who may sign what.
    List,
    /// Let somebody sign.
    Add(AddArgs),
    /// Say what is weak; exit code 1 where something is.
    Lint,
    /// End somebody's lines. None is ever taken out: what they signed before stays verifiable.
    Expire(ExpireArgs),
}

/// `holdpoint trust add`
#[derive(Debug, Clone, Args)]
pub struct AddArgs {
    /// Who: the identity that they sign with, mostly an e-mail address. For an authority a pattern: `*@example.com`.
    pub identity: String,
    /// Their public key: a file, or its text (`ssh-ed25519 AAAA…`).
    pub key: String,
    /// A role that they may sign as. May be given several times.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// They may review runbooks (`holdpoint approve`).
    #[arg(long)]
    pub reviewer: bool,
    /// The key is an authority's, which certifies the keys of those who sign.
    #[arg(long)]
    pub authority: bool,
    /// From when: `2026-11-20` or a whole time.
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
}

/// `holdpoint trust expire`
#[derive(Debug, Clone, Args)]
pub struct ExpireArgs {
    /// Whose lines: an identity as it stands there, or a key's fingerprint.
    pub who: String,
    /// From when on they do not hold any more; now by default.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// Reads or changes the list.
///
/// # Errors
/// There is no list, it cannot be read or written, or what is asked for makes no sense.
pub fn trust(args: &TrustArgs) -> Result<u8, Failure> {
    match &args.what {
        TrustCommand::List => list(&existing(args)?),
        TrustCommand::Add(add) => self::add(&wanted(args)?, add),
        TrustCommand::Lint => lint(&existing(args)?),
        TrustCommand::Expire(expire) => self::expire(&existing(args)?, expire),
    }
}

fn here() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|e| Failure::world(&e))
}

/// The list that is named, else the nearest, else the one to be made here.
fn wanted(args: &TrustArgs) -> Result<PathBuf, Failure> {
    let here = here()?;
    let path = args.trust.clone().or_else(|| trust::upward(&here));
    let path = path.unwrap_or_else(|| here.join(".holdpoint/allowed_signers"));
    let dir = path.parent().unwrap_or(Path::new("."));
    if dir.join("journal.jsonl").exists() {
        let said = format!(
            "{} lies in a run's directory: whom to trust is never read from there",
            path.display()
        );
        return Err(
            Failure::new(USAGE, said).hint("keep the list in the repository of the runbooks")
        );
    }
    Ok(path)
}

fn existing(args: &TrustArgs) -> Result<PathBuf, Failure> {
    let path = wanted(args)?;
    if path.is_file() {
        return Ok(path);
    }
    let said = match &args.trust {
        Some(named) => format!("there is no list of signers at {}", named.display()),
        None => "there is no .holdpoint/allowed_signers here or in a directory above".to_owned(),
    };
    Err(Failure::new(USAGE, said).hint(
        "`holdpoint trust add IDENTITY KEY --role ROLE` makes one, `--trust FILE` names another",
    ))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| Failure::new(WORLD, format!("{}: {e}", path.display())))
}

fn list(path: &Path) -> Result<u8, Failure> {
    let trust = Trust::read(&read(path)?);
    tell(&format!("{}\n", path.display()));
    for signer in &trust.signers {
        tell(&told(signer));
    }
    for line in &trust.unreadable {
        tell(&format!("line {line} cannot be read and trusts nobody"));
    }
    if trust.signers.is_empty() {
        tell("it trusts nobody");
    }
    Ok(0)
}

fn told(signer: &Signer) -> String {
    let now = DateTime::from_timestamp_millis(clock::wall_ms()).unwrap_or_default();
    let mut text = tame::line(&signer.principals);
    if signer.part == Part::Certifies {
        text += " (by certificates of this authority)";
    }
    let what = signer.namespaces.as_deref().unwrap_or("anything");
    let _ = write!(
        text,
        "\n  may sign  {}",
        tame::line(what.replace(',', ", "))
    );
    let _ = write!(
        text,
        "\n  key       {} {}",
        signer.key.kind,
        signer.key.fingerprint()
    );
    let day = |t: DateTime<Utc>| t.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    match signer.after {
        Some(after) if after > now => {
            let _ = write!(text, "\n  not yet   from {}", day(after));
        }
        Some(after) => {
            let _ = write!(text, "\n  from      {}", day(after));
        }
        None => {}
    }
    match signer.before {
        Some(before) if before <= now => {
            let _ = write!(text, "\n  ENDED     {}", day(before));
        }
        Some(before) => {
            let _ = write!(text, "\n  until     {}", day(before));
        }
        None => {}
    }
    text + "\n"
}

fn add(path: &Path, args: &AddArgs) -> Result<u8, Failure> {
    let mut namespaces = Vec::new();
    for role in &args.roles {
        if signoff::slug(role).is_empty() {
            return Err(Failure::new(
                USAGE,
                format!("`{role}` has no letter or digit that a namespace can hold"),
            ));
        }
        namespaces.push(signoff::namespace(role));
    }
    if !args.roles.is_empty() {
        namespaces.extend([
            checkpoint::NAMESPACE.to_owned(),
            addendum::NAMESPACE.to_owned(),
        ]);
    }
    if args.reviewer {
        namespaces.push(REVIEW.to_owned());
    }
    if namespaces.is_empty() {
        return Err(Failure::new(
            USAGE,
            "say what they may sign: --role ROLE (as often as needed), --reviewer, or both",
        ));
    }
    let (key, comment) = public_key(&args.key)?;
    let addition = Addition {
        identity: args.identity.clone(),
        namespaces,
        span: Span {
            after: args.after.as_deref().map(time).transpose()?,
            before: args.before.as_deref().map(time).transpose()?,
        },
        part: if args.authority {
            Part::Certifies
        } else {
            Part::Signs
        },
        key,
        comment,
    };
    let now = DateTime::from_timestamp_millis(clock::wall_ms()).unwrap_or_default();
    let line = trust::add(path, &addition, now).map_err(|e| failure(&e))?;
    tell(&tame::line(&line));
    tell(&format!("added to {}", path.display()));
    remarks(path)?;
    tell("commit it and let others review it: who can change this list decides who is believed");
    Ok(0)
}

fn public_key(text: &str) -> Result<(crate::engine::seal::PublicKey, String), Failure> {
    if let Some((key, comment)) = crate::engine::seal::PublicKey::from_line(text) {
        return Ok((key, comment));
    }
    let found = find(&Desk::this(), Some(text)).map_err(|e| Failure::new(USAGE, e.to_string()))?;
    Ok((found.public, found.comment))
}

fn lint(path: &Path) -> Result<u8, Failure> {
    tell(&format!("{}", path.display()));
    let worst = remarks(path)?;
    if worst.is_none() {
        tell("nothing to remark");
    }
    Ok(if worst == Some(Grade::Weak) { BADLY } else { 0 })
}

/// Prints what is to be remarked; returns the worst of it.
fn remarks(path: &Path) -> Result<Option<Grade>, Failure> {
    let now = DateTime::from_timestamp_millis(clock::wall_ms()).unwrap_or_default();
    let mut found = trust::lint(&read(path)?, now);
    if let Some(text) = open_to_others(path) {
        found.push(trust::Remark {
            line: 0,
            grade: Grade::Weak,
            text,
        });
    }
    for remark in &found {
        let grade = match remark.grade {
            Grade::Weak => "WEAK",
            Grade::Note => "NOTE",
        };
        let place = if remark.line == 0 {
            "the file".to_owned()
        } else {
            format!("line {}", remark.line)
        };
        tell(&tame::line(format!("{grade}  {place}: {}", remark.text)));
    }
    Ok(found.iter().map(|r| r.grade).max())
}

fn open_to_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o002 != 0).then(|| "everybody on this machine may write it: chmod o-w".to_owned())
}

fn expire(path: &Path, args: &ExpireArgs) -> Result<u8, Failure> {
    let now = DateTime::from_timestamp_millis(clock::wall_ms()).unwrap_or_default();
    let end = args.at.as_deref().map(time).transpose()?.unwrap_or(now);
    for ended in trust::expire(path, &args.who, end).map_err(|e| failure(&e))? {
        tell(&tame::line(format!(
            "line {}: {} {} until {}",
            ended.line,
            ended.principals,
            ended.key,
            end.format("%Y-%m-%dT%H:%M:%SZ")
        )));
    }
    tell(
        "what they signed before stays valid. Was the key stolen? Then revoke it: one public key per line in `revoked` beside the list",
    );
    Ok(0)
}

fn failure(error: &EditError) -> Failure {
    let code = match error {
        EditError::Io { .. } => WORLD,
        EditError::Known { .. }
        | EditError::Anothers { .. }
        | EditError::Unwritable(_)
        | EditError::Nobody(_) => USAGE,
    };
    Failure::new(code, error.to_string())
}

/// `2026-11-20` is its first moment here; anything else is a whole time with its zone.
fn time(text: &str) -> Result<DateTime<Utc>, Failure> {
    let wrong = || {
        Failure::new(USAGE, format!("`{text}` is not a time"))
            .hint("write 2026-11-20 or 2026-11-20T22:00:00Z")
    };
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let day: NaiveDate = text.parse().map_err(|_| wrong())?;
    let midnight = Local
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest();
    midnight.map(|t| t.to_utc()).ok_or_else(wrong)
}
