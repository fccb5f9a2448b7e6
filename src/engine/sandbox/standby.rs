//! A hot standby of a sandbox: its files copied while it runs, then fed by streaming replication.

use std::fs;
use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::engine::sandbox::account::{Account, FOR_POSTGRES};
use crate::engine::sandbox::cluster::{block_on, last_lines, not_started};
use crate::engine::sandbox::{Sandbox, SandboxError};

impl Sandbox {
    /// Starts a hot standby called `name` that is fed by this server. Drop it before its primary.
    ///
    /// No `pg_basebackup` is needed: not every copy of the server's programs brings it.
    pub fn standby(&self, name: &str) -> Result<Self, SandboxError> {
        let account = Account::suitable(FOR_POSTGRES)?;
        let conninfo = format!(
            "host={} port={} user={} application_name={name}",
            self.dir().display(),
            self.port(),
            self.options().superuser
        );
        let options = self.options().clone();
        let options = options.setting("primary_conninfo", &conninfo);
        let mut standby = Self::prepare(self.binaries(), options, &account)?;
        let label = self.copy_into(&standby, &account)?;
        let data = standby.data();
        for (file, text) in [("backup_label", label.as_str()), ("standby.signal", "")] {
            let path = data.join(file);
            fs::write(&path, text).map_err(SandboxError::file(&path))?;
            account.own(&path)?;
        }
        standby.launch(&account)?;
        Ok(standby)
    }

    /// Copies the files between the two ends of a backup; returns the label that the copy starts from.
    fn copy_into(&self, standby: &Self, account: &Account) -> Result<String, SandboxError> {
        let said = |source| SandboxError::Statement { source };
        let options: PgConnectOptions = self.url("postgres").parse().map_err(said)?;
        let (begin, end) = if self.binaries().major >= 15 {
            (
                "select pg_backup_start('standby', true)",
                "select labelfile from pg_backup_stop(false)",
            )
        } else {
            (
                "select pg_start_backup('standby', true, false)",
                "select labelfile from pg_stop_backup(false, false)",
            )
        };
        std::thread::scope(|scope| {
            let work = || {
                let open = async {
                    let mut session = options.disable_statement_logging().connect().await?;
                    sqlx::raw_sql(begin).execute(&mut session).await?;
                    Ok::<PgConnection, sqlx::Error>(session)
                };
                // The session must stay open from begin to end, and the copy may take its time in between.
                block_on(async {
                    let mut session = open.await?;
                    let copied = self.copy(standby, account);
                    let row = sqlx::raw_sql(end).fetch_one(&mut session).await?;
                    let label: String = row.try_get(0)?;
                    session.close().await?;
                    Ok((copied, label))
                })
            };
            let joined = scope.spawn(work).join();
            let died = Err(sqlx::Error::Io(std::io::Error::other("its thread died")));
            let (copied, label) = joined.unwrap_or(died).map_err(said)?;
            copied.map(|()| label)
        })
    }

    fn copy(&self, standby: &Self, account: &Account) -> Result<(), SandboxError> {
        let program = PathBuf::from("/bin/cp");
        let mut command = self.program(&program, account);
        let output = command
            .args(["-a", "--"])
            .args([self.data(), standby.data()])
            .output()
            .map_err(|e| not_started(&program, account, e))?;
        // Files that come and go while the server runs are no loss: the log brings them back.
        let path = standby.data().join("global/pg_control");
        if !path.exists() {
            return Err(SandboxError::Init {
                said: last_lines(&String::from_utf8_lossy(&output.stderr)),
            });
        }
        let _ = fs::remove_file(standby.data().join("postmaster.pid"));
        Ok(())
    }
}
