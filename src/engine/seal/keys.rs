//! Finding the key to sign with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::wire::PublicKey;

/// A key that can sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public half.
    pub public: PublicKey,
    /// Its comment.
    pub comment: String,
    /// Where it is.
    pub place: Place,
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file; its public half may be in an agent that holds the private one.
    File(PathBuf),
    /// In the agent alone.
    Agent,
}

impl Key {
    /// Returns `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint()
    }

    /// Returns where it comes from, for people: `agent`, or the file's path.
    pub fn source(&self) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Agent => "agent".to_owned(),
        }
    }

    /// Returns what the person has to do with their hands while it signs; `None`: nothing that nobody says.
    pub fn touch(&self) -> Option<&'static str> {
        // An agent's token blinks without a word; ssh-keygen itself says so only where it holds the key.
        (self.public.kind.starts_with("sk-")).then_some("touch your security key when it blinks")
    }

    /// Returns fingerprint, comment and source, for people who choose among several.
    pub fn told(&self) -> String {
        format!(
            "{} {} ({})",
            self.fingerprint(),
            self.comment,
            self.source()
        )
    }
}

/// Finds the key to sign with: `wanted` (a file, or a fingerprint of one in the agent), the one that was chosen before,
/// the one that `holdpoint keygen` made, git's, the only one in the agent, the only one in `~/.ssh`.
///
/// # Errors
/// There is none, or several and nothing that prefers one.
pub fn find(desk: &Desk, wanted: Option<&str>) -> Result<Key, SealError> {
    if let Some(wanted) = wanted {
        return named(desk, wanted);
    }
    // A choice whose key is gone (another agent, a token not plugged in) is no choice.
    if let Some(key) = chosen(desk).and_then(|wanted| named(desk, &wanted).ok()) {
        return Ok(key);
    }
    let own = own(desk);
    if own.exists() || public_of(&own).exists() {
        return read(&own);
    }
    if let Some(key) = of_git(desk) {
        return key;
    }
    let in_agent = agent(desk);
    if !in_agent.is_empty() {
        return only(in_agent);
    }
    only(at_home(desk))
}

/// Returns where `holdpoint keygen` puts the key.
pub fn own(desk: &Desk) -> PathBuf {
    desk.config.join("id")
}

/// Remembers that this key was chosen among several.
///
/// # Errors
/// The disk refuses.
pub fn remember(desk: &Desk, key: &Key) -> Result<(), SealError> {
    let wanted = match &key.place {
        Place::File(path) => path.display().to_string(),
        Place::Agent => key.fingerprint(),
    };
    let path = choice(desk);
    fs::create_dir_all(&desk.config).map_err(io_at(&desk.config))?;
    fs::write(&path, wanted + "\n").map_err(io_at(&path))
}

fn choice(desk: &Desk) -> PathBuf {
    desk.config.join("chosen-key")
}

fn chosen(desk: &Desk) -> Option<String> {
    let text = fs::read_to_string(choice(desk)).ok()?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

fn only(mut keys: Vec<Key>) -> Result<Key, SealError> {
    match keys.len() {
        0 => Err(SealError::NoKey),
        1 => Ok(keys.remove(0)),
        _ => Err(SealError::SeveralKeys { keys }),
    }
}

fn named(desk: &Desk, wanted: &str) -> Result<Key, SealError> {
    if wanted.starts_with("SHA256:") {
        let found = agent(desk).into_iter().find(|k| k.fingerprint() == wanted);
        return found.ok_or_else(|| SealError::BadKey {
            path: wanted.to_owned(),
            why: "the agent does not hold it".to_owned(),
        });
    }
    read(&desk.path(wanted))
}

fn of_git(desk: &Desk) -> Option<Result<Key, SealError>> {
    if desk.git("gpg.format")? != "ssh" {
        return None;
    }
    let setting = desk.git("user.signingKey")?;
    let literal = setting.strip_prefix("key::").unwrap_or(&setting);
    match PublicKey::from_line(literal) {
        Some((public, comment)) => Some(Ok(Key {
            public,
            comment,
            place: Place::Agent,
        })),
        None => Some(read(&desk.path(&setting))),
    }
}

/// Returns the keys that the agent holds.
fn agent(desk: &Desk) -> Vec<Key> {
    let Some(listed) = desk
        .agent
        .as_ref()
        .and_then(|_| desk.ask("ssh-add", &["-L"]))
    else {
        return Vec::new();
    };
    let keys = listed.lines().filter_map(PublicKey::from_line);
    keys.map(|(public, comment)| Key {
        public,
        comment,
        place: Place::Agent,
    })
    .collect()
}

fn at_home(desk: &Desk) -> Vec<Key> {
    let Ok(entries) = fs::read_dir(desk.home.join(".ssh")) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    let is_ours = |path: &&PathBuf| {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        name.starts_with("id_")
            && path.extension().is_some_and(|e| e == "pub")
            && !name.ends_with("-cert.pub")
    };
    files
        .iter()
        .filter(is_ours)
        .filter_map(|path| read(path).ok())
        .collect()
}

fn public_of(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|e| e == "pub") {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// Reads the public half of the key at `path`, which names either half.
fn read(path: &Path) -> Result<Key, SealError> {
    let public = public_of(path);
    let bad = |why: String| SealError::BadKey {
        path: public.display().to_string(),
        why,
    };
    let text = fs::read_to_string(&public).map_err(|e| {
        bad(format!(
            "{e}; make it with `ssh-keygen -y -f {}`",
            path.display()
        ))
    })?;
    let line = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .unwrap_or_default();
    let (key, comment) =
        PublicKey::from_line(line).ok_or_else(|| bad("it is no public key".to_owned()))?;
    Ok(Key {
        public: key,
        comment,
        place: Place::File(public),
    })
}
