//! The real Prisma, brought by npm once and kept below `target/`.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::story::{copy, fixture, printed};

/// What is installed.
const PACKAGE: &str = include_str!("../../fixtures/prisma/package.json");

/// Copies the project of the tests to `dir`, with its packages.
pub fn project(dir: &Path) {
    copy(&fixture("prisma"), dir);
    symlink(packages().join("node_modules"), dir.join("node_modules")).unwrap();
}

/// Returns the directory of `node_modules`; brings it where there is none.
fn packages() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prisma-packages");
    fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.with_extension("lock")).unwrap();
    // Several tests, and several test programs, may need it at once.
    lock.lock().unwrap();
    let made_of = home.join("made-of.json");
    if fs::read_to_string(&made_of).is_ok_and(|text| text == PACKAGE) {
        return home;
    }
    fs::write(home.join("package.json"), PACKAGE).unwrap();
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
    ]);
    printed(npm.current_dir(&home));
    fs::write(made_of, PACKAGE).unwrap();
    home
}
