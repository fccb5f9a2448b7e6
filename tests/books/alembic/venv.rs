//! A private environment with the real Alembic in it, made once and kept below `target/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::story::fixture;

/// The versions that are installed.
const REQUIREMENTS: &str = include_str!("../../fixtures/alembic/requirements.txt");

/// Returns the `bin` directory of an environment with what `requirements.txt` names; makes it where there is none.
pub fn bin() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alembic-venv");
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let lock = File::create(home.with_extension("lock")).unwrap();
    // Several tests, and several test programs, may need it at once.
    lock.lock().unwrap();
    let made_of = home.join("made-of.txt");
    if fs::read_to_string(&made_of).is_ok_and(|text| text == REQUIREMENTS) {
        return home.join("bin");
    }
    let _ = fs::remove_dir_all(&home);
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&home);
    run(
        make,
        "install Python with its venv module (`apt-get install python3-venv`)",
    );
    let mut install = Command::new(home.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(fixture("alembic").join("requirements.txt"));
    run(
        install,
        "pip must reach PyPI, or a mirror named in PIP_INDEX_URL",
    );
    fs::write(made_of, REQUIREMENTS).unwrap();
    home.join("bin")
}

fn run(mut command: Command, hint: &str) {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("the Alembic tests need `{name}`: {e}; {hint}"));
    assert!(
        output.status.success(),
        "the Alembic tests could not make their environment: {}; {hint}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
}
