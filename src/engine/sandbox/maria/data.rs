//! A fresh data directory.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::host::Host;
use crate::engine::sandbox::maria::options::{ENGINE, arguments};
use crate::engine::sandbox::maria::{Brand, MariaBinaries};

/// Makes the data directory of `host`: a copy where one is kept with the programs, else by the server's own means.
pub(super) fn make(binaries: &MariaBinaries, host: &Host) -> Result<(), SandboxError> {
    if let Some(template) = &binaries.template {
        if copied(template, host) {
            return Ok(());
        }
        // It may be another user's, who keeps it to himself.
        let _ = fs::remove_dir_all(host.data());
    }
    let mut command = match binaries.brand {
        Brand::MariaDb => installer(binaries, host)?,
        Brand::MySql => {
            let mut command = host.program(&binaries.server);
            command.args(["--no-defaults", "--initialize-insecure"]);
            command.args(arguments(ENGINE));
            command
        }
    };
    command.arg(format!("--datadir={}", host.data().display()));
    host.make_data(command)
}

fn installer(binaries: &MariaBinaries, host: &Host) -> Result<Command, SandboxError> {
    let names = ["mariadb-install-db", "mysql_install_db"];
    let program = names.iter().find_map(|name| binaries.tool(name));
    let program = program.ok_or_else(|| SandboxError::Init {
        said: "there is no `mariadb-install-db` beside the server or on the PATH".to_owned(),
    })?;
    let mut command = host.program(&program);
    command.args([
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        "--innodb-flush-method=nosync",
        "--innodb-log-file-size=16M",
    ]);
    Ok(command)
}

fn copied(template: &Path, host: &Host) -> bool {
    let mut copy = host.program(Path::new("/bin/cp"));
    copy.args(["-a", "--"]).arg(template).arg(host.data());
    copy.output().is_ok_and(|output| output.status.success())
}
