//! A replica of a throw-away server.

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::maria::{Brand, MariaSandbox};

impl MariaSandbox {
    /// Starts a second server that follows this one, which needs `log_bin` and `server_id`. Drop it first.
    ///
    /// It begins at the first byte of this server's first binary log, so that one must still be there.
    ///
    /// # Errors
    /// As [`MariaSandbox::start`], and what either server said.
    pub fn replica(&self) -> Result<Self, SandboxError> {
        self.execute(
            "",
            "create user if not exists 'replica'@'127.0.0.1' identified by 'replica'; \
             grant replication slave on *.* to 'replica'@'127.0.0.1'",
        )?;
        let options = self.options.clone();
        let options = options
            .setting("server_id", "4711")
            .setting("read_only", "ON");
        let replica = Self::start(&self.binaries, options)?;
        let port = self.port;
        let follow = match self.binaries.brand {
            Brand::MariaDb => format!(
                "change master to master_host = '127.0.0.1', master_port = {port}, master_user = 'replica', \
                 master_password = 'replica', master_connect_retry = 1, master_use_gtid = slave_pos; start slave"
            ),
            Brand::MySql => format!(
                "change replication source to source_host = '127.0.0.1', source_port = {port}, \
                 source_user = 'replica', source_password = 'replica', source_connect_retry = 1, \
                 get_source_public_key = 1; start replica"
            ),
        };
        replica.execute("", &follow)?;
        Ok(replica)
    }
}
