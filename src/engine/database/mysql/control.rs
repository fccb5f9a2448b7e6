//! Acting on other sessions: so far the server is told nothing.

use crate::domain::run::event::{ActOutcome, BackendAct};
use crate::domain::sample::detail::SessionDetail;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::dsn::Dsn;

/// The connection that acts on other sessions.
pub struct Control {}

impl Control {
    /// Connects.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn open(dsn: &Dsn) -> Result<Self, DatabaseError> {
        std::future::ready(Ok(Self::closed(dsn))).await
    }

    /// Returns a control that connects when it is first needed.
    pub fn closed(_dsn: &Dsn) -> Self {
        Self {}
    }

    /// Refuses: sessions of this family are not shown, so none can be meant.
    pub async fn act(&mut self, _pid: i32, _backend_start: &str, _act: BackendAct) -> ActOutcome {
        std::future::ready(ActOutcome::Refused {
            why: "sessions of this server cannot be acted on yet".to_owned(),
        })
        .await
    }

    /// Finds nothing.
    ///
    /// # Errors
    /// None.
    pub async fn detail(&mut self, _pid: i32) -> Result<Option<SessionDetail>, DatabaseError> {
        std::future::ready(Ok(None)).await
    }
}
