//! What is to be done on the server when somebody stops waiting for it.

use std::pin::Pin;

type Last = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does something in the background when it is dropped before it was disarmed: a server does not notice that a
/// connection was dropped while it has nothing to tell, so that its statement would go on and its locks would stay.
pub(super) struct OnDrop(Option<Last>);

impl OnDrop {
    pub fn of(last: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(last)))
    }

    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let (Some(last), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(last);
        }
    }
}
