//! A hot standby of a sandbox: its files copied while it runs, then fed by streaming replication.

use std::fs;
use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use crate::engine::sandbox::host::{apart, last_lines};
use crate::engine::sandbox::{Sandbox, SandboxError};

impl Sandbox {
    /// Starts a hot standby called `name` that is fed by this server. Drop it before its primary.
    ///
    /// No `pg_basebackup` is needed: not every copy of the server's programs brings it.
    pub fn standby(&self, name: &str) -> Result<Self, SandboxError> {
        let conninfo = format!(
            "host={} port={} user={} application_name={name}",
            self.dir().display(),
            self.port(),
            self.options().superuser
        );
        let options = self.options().clone();
        let options = options.setting("primary_conninfo", &conninfo);
        let mut standby = Self::prepare(self.binaries(), options)?;
        let label = self.copy_into(&standby)?;
        let data = standby.host().data();
        for (file, text) in [("backup_label", label.as_str()), ("standby.signal", "")] {
            let path = data.join(file);
            fs::write(&path, text).map_err(SandboxError::file(&path))?;
            standby.host().account().own(&path)?;
        }
        standby.launch()?;
        Ok(standby)
    }

    /// Copies the files between the two ends of a backup; returns the label that the copy starts from.
    fn copy_into(&self, standby: &Self) -> Result<String, SandboxError> {
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
        // The session must stay open from begin to end, and the copy may take its time in between.
        let (copied, label) = apart(|| async {
            let mut session: PgConnection = options.disable_statement_logging().connect().await?;
            sqlx::raw_sql(begin).execute(&mut session).await?;
            let copied = self.copy(standby);
            let row = sqlx::raw_sql(end).fetch_one(&mut session).await?;
            let label: String = row.try_get(0)?;
            session.close().await?;
            Ok((copied, label))
        })?;
        copied.map(|()| label)
    }

    fn copy(&self, standby: &Self) -> Result<(), SandboxError> {
        let (ours, theirs) = (self.host().data(), standby.host().data());
        let mut command = self.host().program(Path::new("/bin/cp"));
        command.args(["-a", "--"]).args([&ours, &theirs]);
        let output = command
            .output()
            .map_err(|e| self.host().not_started(&command, e))?;
        // Files that come and go while the server runs are no loss: the log brings them back.
        let path = theirs.join("global/pg_control");
        if !path.exists() {
            return Err(SandboxError::Init {
                said: last_lines(&String::from_utf8_lossy(&output.stderr)),
            });
        }
        let _ = fs::remove_file(theirs.join("postmaster.pid"));
        Ok(())
    }
}
