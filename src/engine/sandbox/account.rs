//! Who the server runs as: the caller, or a service account when the caller is root.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::engine::sandbox::SandboxError;

/// The account that owns the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// The caller's own.
    Own,
    /// A service account, because the caller is root.
    Service {
        /// Its name.
        name: String,
        /// Its user id.
        uid: u32,
        /// Its group id.
        gid: u32,
    },
}

impl Account {
    /// Returns the account a server may run as here; root becomes the first of `services` that there is.
    pub(super) fn suitable(services: &[&str]) -> Result<Self, SandboxError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        service_account(&passwd, services).ok_or(SandboxError::NoAccount)
    }

    /// Returns its name for messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Own => "you",
            Self::Service { name, .. } => name,
        }
    }

    /// Makes `command` run as this account.
    pub(super) fn wear<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Own => command,
            Self::Service { uid, gid, .. } => command.uid(*uid).gid(*gid),
        }
    }

    /// Gives `path` to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), SandboxError> {
        match self {
            Self::Own => Ok(()),
            Self::Service { uid, gid, .. } => {
                std::os::unix::fs::chown(path, Some(*uid), Some(*gid))
                    .map_err(SandboxError::file(path))
            }
        }
    }
}

/// Whose accounts serve PostgreSQL.
pub(super) const FOR_POSTGRES: &[&str] = &["postgres", "nobody"];
/// Whose accounts serve MySQL and MariaDB.
pub(super) const FOR_MYSQL: &[&str] = &["mysql", "nobody"];

/// Finds the first of `services` among the lines of `/etc/passwd`.
fn service_account(passwd: &str, services: &[&str]) -> Option<Account> {
    services.iter().find_map(|wanted| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| name == wanted)?;
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account::Service {
                name: name.to_owned(),
                uid,
                gid,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_to_nobody_and_root_is_never_taken() {
        let both = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/sh";
        let Some(Account::Service { name, uid, gid }) = service_account(both, FOR_POSTGRES) else {
            panic!("none found")
        };
        assert_eq!((name.as_str(), uid, gid), ("postgres", 101, 104));
        assert_eq!(
            service_account("postgres:x:0:0::/:/bin/sh", FOR_POSTGRES),
            None
        );
        assert_eq!(service_account("nobody:x:1", FOR_POSTGRES), None);
    }
}
