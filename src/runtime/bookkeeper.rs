//! Appends to the journal in a thread of its own: a slow disk never holds up the screen.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::message::Msg;
use crate::domain::journal::Entry;
use crate::domain::redact::Redactor;
use crate::domain::run::cleaned::cleaned;
use crate::domain::run::event::Event;
use crate::domain::run::shortened::shortened;
use crate::engine::store::{Store, StoreError, Torn};

/// What is asked of the bookkeeper.
#[derive(Debug)]
enum Ask {
    Append {
        operator: String,
        events: Vec<Event>,
    },
    Probe,
    Flush(Sender<()>),
    Head(Sender<(u64, String)>),
}

/// Who keeps the journal.
#[derive(Debug)]
pub struct Bookkeeper {
    asks: Sender<Ask>,
    thread: JoinHandle<Store>,
}

impl Bookkeeper {
    /// Starts keeping `store`, without the secrets that `redactor` knows; what comes of each asking goes to `out`.
    pub fn start(store: Store, redactor: Redactor, out: UnboundedSender<Msg>) -> Self {
        let (asks, asked) = channel();
        let thread = thread::spawn(move || keep(store, &redactor, &asked, &out));
        Self { asks, thread }
    }

    /// Asks for `events` to be appended.
    pub fn append(&self, operator: &str, events: Vec<Event>) {
        let _ = self.asks.send(Ask::Append {
            operator: operator.to_owned(),
            events,
        });
    }

    /// Asks whether the disk takes records again.
    pub fn probe(&self) {
        let _ = self.asks.send(Ask::Probe);
    }

    /// Waits until all that was asked is done, or `patience` is at its end.
    pub fn flush(&self, patience: Duration) {
        let (done, wait) = channel();
        if self.asks.send(Ask::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(patience);
        }
    }

    /// Returns who asks where the journal stands, from wherever that is wanted.
    pub fn asker(&self) -> Asker {
        Asker(self.asks.clone())
    }

    /// Ends, and gives the store back; `None` where its thread has failed.
    pub fn end(self) -> Option<Store> {
        drop(self.asks);
        self.thread.join().ok()
    }
}

/// Who asks where the journal stands.
#[derive(Debug, Clone)]
pub struct Asker(Sender<Ask>);

impl Asker {
    /// Returns the number of the last record and its digest; `None`: the disk did not answer within `patience`.
    pub fn head(&self, patience: Duration) -> Option<(u64, String)> {
        let (tell, told) = channel();
        self.0.send(Ask::Head(tell)).ok()?;
        told.recv_timeout(patience).ok()
    }
}

fn keep(
    mut store: Store,
    redactor: &Redactor,
    asked: &Receiver<Ask>,
    out: &UnboundedSender<Msg>,
) -> Store {
    while let Ok(ask) = asked.recv() {
        match ask {
            Ask::Append { operator, events } => {
                let events: Vec<Event> = events.iter().map(|e| cleaned(e, redactor)).collect();
                let msg = match append(&mut store, &operator, &events) {
                    Ok(entries) => Msg::Journaled(entries),
                    Err(StoreError::Record(e)) => Msg::Unrecordable { why: e.to_string() },
                    Err(e) => Msg::NotJournaled {
                        events,
                        why: e.to_string(),
                    },
                };
                let _ = out.send(msg);
            }
            Ask::Probe => {
                if let Some(msg) = probed(&mut store) {
                    let _ = out.send(msg);
                }
            }
            Ask::Head(tell) => {
                let (seq, head) = store.head();
                let _ = tell.send((seq, head.to_owned()));
            }
            Ask::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
    store
}

/// Appends; a fact that is too long for a record is cut until it is not, for it has happened.
fn append(store: &mut Store, operator: &str, events: &[Event]) -> Result<Vec<Entry>, StoreError> {
    let refused = match store.append(operator, events) {
        Err(StoreError::Record(e)) => e,
        other => return other,
    };
    let short: Option<Vec<Event>> = events.iter().map(shortened).collect();
    match short {
        Some(short) => store.append(operator, &short),
        None => Err(StoreError::Record(refused)),
    }
}

/// Looks whether records are taken again; what somebody else wrote meanwhile is set aside and recorded first.
fn probed(store: &mut Store) -> Option<Msg> {
    let set_aside = match store.probe().ok()? {
        None => Vec::new(),
        Some(Torn { bytes, sha256 }) => {
            let recovered = Event::JournalRecovered { bytes, sha256 };
            store.append("", &[recovered]).ok()?
        }
    };
    Some(Msg::DiskBack { set_aside })
}
