//! Which servers of MySQL's family the tests run on: the one that is installed (MariaDB in CI), MySQL 8.0 and MySQL 9.
//!
//! What cannot be found or fetched is skipped, and said on the terminal whatever becomes of the test. In CI the installed
//! one must be there, and at least one MySQL: distributions move, and a release that is not packed today is no fault of ours.

use std::io::Write as _;
use std::sync::OnceLock;

use holdpoint::engine::sandbox::{
    MYSQL_PACKED, MariaBinaries, MariaOptions, MariaSandbox, SandboxError, find_maria, mysql_of,
};

/// A server that the tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Installed,
    MySql80,
    MySql9,
}

impl Kind {
    fn find(self) -> Result<MariaBinaries, SandboxError> {
        match self {
            Self::Installed => find_maria(),
            Self::MySql80 => mysql_of(&MYSQL_PACKED[0]),
            Self::MySql9 => mysql_of(&MYSQL_PACKED[1]),
        }
    }

    /// Returns its programs, looked for once. `None`: there are none here, which is told.
    pub fn binaries(self) -> Option<&'static MariaBinaries> {
        static FOUND: [OnceLock<Option<MariaBinaries>>; 3] = [const { OnceLock::new() }; 3];
        let found = FOUND[self as usize].get_or_init(|| match self.find() {
            Ok(binaries) => {
                say(&format!(
                    "TESTED ON {:?} {}",
                    binaries.brand, binaries.version
                ));
                Some(binaries)
            }
            Err(why) => {
                say(&format!("SKIPPED {self:?}: {why}"));
                let other = match self {
                    Self::Installed => None,
                    Self::MySql80 => Self::MySql9.find().ok(),
                    Self::MySql9 => Self::MySql80.find().ok(),
                };
                let must = std::env::var_os("CI").is_some() && other.is_none();
                assert!(!must, "{self:?} must be tested in CI: {why}");
                None
            }
        });
        found.as_ref()
    }

    /// Starts one with `password` for `root`, whose locks can be watched.
    pub fn start(self, password: &str, settings: &[(&str, &str)]) -> Option<MariaSandbox> {
        let binaries = self.binaries()?;
        let options = MariaOptions {
            password: Some(password.into()),
            ..MariaOptions::default()
        };
        let mut options = options.observable(binaries.brand);
        for (name, value) in settings {
            options = options.setting(name, value);
        }
        Some(MariaSandbox::start(binaries, options).unwrap())
    }
}

/// Says it where it is seen: what tests print is kept from the terminal unless they fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
