//! NOTICE and WARNING of the server, which sqlx tells as tracing events and nowhere else.

use std::fmt;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

struct Listener(UnboundedSender<String>);

/// Returns what a future that talks to the server is to run under, and where its notices arrive.
///
/// Only the message is there: sqlx keeps DETAIL, HINT and SQLSTATE of a notice to itself.
pub(super) fn listener() -> (Dispatch, UnboundedReceiver<String>) {
    let (tell, heard) = unbounded_channel();
    let subscriber = tracing_subscriber::registry().with(Listener(tell));
    (Dispatch::new(subscriber), heard)
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::postgres::notice" {
            return;
        }
        let label = match *event.metadata().level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARNING",
            Level::INFO => "NOTICE",
            Level::DEBUG => "DEBUG",
            Level::TRACE => "INFO",
        };
        let mut message = Message(String::new());
        event.record(&mut message);
        // Nobody listens any more: then nobody misses it.
        let _ = self.0.send(format!("{label}: {}", message.0));
    }
}

struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
