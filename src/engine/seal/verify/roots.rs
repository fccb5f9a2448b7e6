//! Whom the verifier trusts: their own lists, never one that came with the record.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::digest::sha256_hex;
use crate::domain::report::signoff::Said;
use crate::engine::seal::bundle::{Bundle, plain};
use crate::engine::seal::crypto::{self, Sum};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::stock;
use crate::engine::seal::trust::{Trust, Word};
use crate::engine::seal::verify::{Lines, Mark, Question, VerifyError};
use crate::engine::seal::wire::{PublicKey, SshSignature};

/// The lists that a verifier uses.
#[derive(Debug)]
pub struct Roots<'a> {
    desk: &'a Desk,
    trust: Option<List>,
    revoked: Option<PathBuf>,
}

/// A list of signers that was read.
#[derive(Debug)]
pub struct List {
    /// Where it lies.
    pub path: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// The last commit that touched it, where it lies in a git repository.
    pub commit: Option<String>,
    /// Its keys.
    trust: Trust,
}

impl List {
    /// Returns its path and digest.
    pub fn named(&self) -> String {
        format!("{}, SHA-256 {}", self.path.display(), self.sha256)
    }
}

/// Somebody's signature over something, as it claims to be.
pub struct Claim<'a> {
    /// Whose it says it is.
    pub identity: &'a str,
    /// What it must be for.
    pub namespace: String,
    /// When it says it was made.
    pub time: DateTime<Utc>,
    /// What it is over.
    pub message: &'a [u8],
}

/// What came of looking at a signature.
pub enum Found {
    /// It is intact, and its key may sign for this person.
    Good,
    /// It is intact, and there is nobody to say whose key it is.
    Untold,
    /// It is not good, and why.
    Bad(String),
}

impl<'a> Roots<'a> {
    /// Whether there is a list of trusted signers.
    pub fn named(&self) -> bool {
        self.trust.is_some()
    }

    /// Finds the lists: as asked, else holdpoint's own, else git's.
    ///
    /// # Errors
    /// A list cannot be read.
    pub fn find(desk: &'a Desk, question: &Question) -> Result<Self, VerifyError> {
        let own = desk.config.join("allowed_signers");
        let of_git = |name: &str| desk.git(name).map(|p| desk.path(&p)).filter(|p| p.exists());
        let mut git_revoked = None;
        let path = question
            .trust
            .clone()
            .or_else(|| own.exists().then_some(own))
            .or_else(|| {
                git_revoked = of_git("gpg.ssh.revocationFile");
                of_git("gpg.ssh.allowedSignersFile")
            });
        let trust = path.map(|path| list(desk, path)).transpose()?;
        let revoked = question
            .revoked
            .clone()
            .or_else(|| beside(trust.as_ref()))
            .or(git_revoked);
        Ok(Self {
            desk,
            trust,
            revoked,
        })
    }

    /// Returns the list of signers that is used.
    pub fn list(&self) -> Option<&List> {
        self.trust.as_ref()
    }

    /// Returns whose key made a signature, as the list spells them; `None`: it names nobody for it.
    pub fn whose(&self, signature: &SshSignature, time: DateTime<Utc>) -> Option<String> {
        let list = self.trust.as_ref()?;
        if signature.key.is_certificate() {
            return stock::whose(self.desk, &list.path, time, signature);
        }
        let whose = list.trust.whose(&signature.key, &signature.namespace, time);
        whose.map(str::to_owned)
    }

    /// Returns the list of revoked keys that is used.
    pub fn revoked(&self) -> Option<&Path> {
        self.revoked.as_deref()
    }

    /// Refuses a list that lies in the folder that is to be verified.
    ///
    /// # Errors
    /// It lies there.
    pub fn apart_from(&self, bundle: &Bundle) -> Result<(), VerifyError> {
        let lists = self.trust.iter().map(|list| &list.path);
        for path in lists.chain(&self.revoked) {
            let is_inside = match (fs::canonicalize(path), fs::canonicalize(&bundle.dir)) {
                (Ok(list), Ok(dir)) => list.starts_with(dir),
                (Err(_), _) | (_, Err(_)) => true,
            };
            if is_inside {
                return Err(VerifyError::TrustInBundle { path: path.clone() });
            }
        }
        Ok(())
    }

    /// Says which list is used.
    pub(super) fn tell(&self, lines: &mut Lines) {
        let Some(list) = &self.trust else {
            lines.say(
                Mark::Todo,
                "trust",
                "no list of trusted signers: name one with --trust, or keep one as allowed_signers in holdpoint's configuration directory",
            );
            return;
        };
        let short = list.sha256.get(..12).unwrap_or_default();
        let count = list.trust.signers.len();
        lines.say(
            Mark::Pass,
            "trust",
            format!(
                "{}, SHA-256 {short}..., {count} key(s){}",
                list.path.display(),
                list.commit
                    .as_ref()
                    .map_or(String::new(), |commit| format!(", git {commit}"))
            ),
        );
        if !list.trust.unreadable.is_empty() {
            let lines_of: Vec<_> = list.trust.unreadable.iter().map(usize::to_string).collect();
            lines.say(
                Mark::Warn,
                "trust",
                format!("line(s) that cannot be read: {}", lines_of.join(", ")),
            );
        }
    }

    /// Looks at one signature.
    pub fn judge(&self, signature: &SshSignature, claim: &Claim) -> Found {
        if signature.namespace != claim.namespace {
            return Found::Bad(format!(
                "the signature was made for \"{}\", not for \"{}\"",
                signature.namespace, claim.namespace
            ));
        }
        let intact = match crypto::verify(signature, claim.message) {
            Sum::Right => Ok(true),
            Sum::Wrong => Ok(false),
            Sum::Unknown => stock::check(self.desk, signature, claim.message),
        };
        match intact {
            Ok(true) => self.authorised(signature, claim),
            Ok(false) => Found::Bad("the text above it was changed after signing".to_owned()),
            Err(e) => Found::Bad(format!("{} cannot be checked: {e}", signature.key.kind)),
        }
    }

    fn authorised(&self, signature: &SshSignature, claim: &Claim) -> Found {
        match self.is_revoked(&signature.key) {
            Ok(false) => {}
            Ok(true) => {
                return Found::Bad(format!(
                    "intact, but not authorised: key {} is REVOKED",
                    signature.key.fingerprint()
                ));
            }
            Err(why) => {
                return Found::Bad(format!("the list of revoked keys cannot be used: {why}"));
            }
        }
        let Some(list) = &self.trust else {
            return Found::Untold;
        };
        let word = if signature.key.is_certificate() {
            self.by_authority(list, signature, claim)
        } else {
            list.trust
                .judge(&signature.key, claim.identity, &claim.namespace, claim.time)
        };
        match word {
            Word::Allowed => Found::Good,
            Word::Refused(why) => Found::Bad(format!("intact, but not authorised: {why}")),
        }
    }

    fn by_authority(&self, list: &List, signature: &SshSignature, claim: &Claim) -> Word {
        if !list.trust.has_authorities() {
            return Word::Refused("the trust file names no authority for certificates".to_owned());
        }
        let said = stock::verify(
            self.desk,
            &list.path,
            claim.identity,
            claim.time,
            signature,
            claim.message,
        );
        match said {
            Ok(None) => Word::Allowed,
            Ok(Some(why)) => Word::Refused(why),
            Err(e) => Word::Refused(e.to_string()),
        }
    }

    fn is_revoked(&self, key: &PublicKey) -> Result<bool, String> {
        let Some(path) = &self.revoked else {
            return Ok(false);
        };
        let bytes = plain(path).map_err(|e| format!("{}: {e}", path.display()))?;
        if bytes.starts_with(b"SSHKRL\n\0") {
            return stock::is_revoked(self.desk, path, key).map_err(|e| e.to_string());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let listed = text.lines().filter_map(PublicKey::from_line);
        Ok(listed.into_iter().any(|(listed, _)| listed == *key))
    }
}

/// Returns the claim of a sign-off or an addendum.
pub fn claim<'a>(said: &'a Said, message: &'a str) -> Claim<'a> {
    Claim {
        identity: said.identity(),
        namespace: said.namespace(),
        time: said.signed_at().to_utc(),
        message: message.as_bytes(),
    }
}

fn list(desk: &Desk, path: PathBuf) -> Result<List, VerifyError> {
    let bytes = plain(&path).map_err(|source| VerifyError::List {
        path: path.clone(),
        source,
    })?;
    Ok(List {
        sha256: sha256_hex(&bytes),
        commit: commit(desk, &path),
        trust: Trust::read(&String::from_utf8_lossy(&bytes)),
        path,
    })
}

/// Returns the last commit that touched a file, and whether the file differs from what is committed.
fn commit(desk: &Desk, path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let dir = path.parent()?.to_string_lossy().into_owned();
    let name = path.file_name()?.to_string_lossy().into_owned();
    let ask = |args: &[&str]| {
        let args = [&["-C", &dir, "--no-optional-locks"], args, &["--", &name]].concat();
        desk.ask("git", &args)
    };
    let last = ask(&["log", "-1", "--format=%h of %cs"])?;
    match ask(&["status", "--porcelain"]) {
        None => Some(last),
        Some(_) => Some(format!("{last}, changed since")),
    }
}

/// `revoked.krl` or `revoked` beside the list of signers.
fn beside(list: Option<&List>) -> Option<PathBuf> {
    let dir = list?.path.parent().unwrap_or(Path::new("."));
    let names = ["revoked.krl", "revoked"];
    names
        .iter()
        .map(|name| dir.join(name))
        .find(|p| p.is_file())
}
