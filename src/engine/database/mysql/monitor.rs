//! The monitor: so far it knows which server it is and that it is there.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::domain::sample::news::{MonitorNews, Watched, Wishes};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::identity::identify;

/// Time between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// Says who the server is, then that it cannot be watched, until the sender of `wishes` is gone.
pub async fn observe(
    dsn: Dsn,
    _plan: Watched,
    mut wishes: watch::Receiver<Wishes>,
    news: impl Fn(MonitorNews) + Send + Sync,
) {
    let began = Instant::now();
    let mut known = false;
    loop {
        let for_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let why = match identify(&dsn).await {
            Ok(seen) if !known => {
                known = true;
                news(MonitorNews::Identity(seen));
                continue;
            }
            Ok(_) => "the panels cannot show this server yet: steps run on it all the same".into(),
            Err(error) => error.said,
        };
        news(MonitorNews::Lost { why, for_ms });
        let gone = async { while wishes.changed().await.is_ok() {} };
        if timeout(PAUSE, gone).await.is_ok() {
            return;
        }
    }
}
