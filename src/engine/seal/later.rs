//! The records behind the end of a window: read on from its head, and signed by addenda that are told from them.

use std::io;

use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, Journal};
use crate::domain::report::later::{self, FILE, Records, Told};
use crate::domain::report::signoff::{self, Addendum, Layout, Said};
use crate::engine::seal::append::{Signer, append_addendum};
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};

/// The records of later duties, whose chain is whole and goes on from the window's.
#[derive(Debug, Clone, Default)]
pub struct Later {
    /// They.
    pub journal: Journal,
    /// The head after each of them.
    pub heads: Vec<String>,
}

impl Later {
    /// Reads the records behind `window`; `None`: there are none.
    ///
    /// # Errors
    /// They cannot be read, or do not go on from there: in words.
    pub fn read(bundle: &Bundle, window: &Journal) -> Result<Option<Self>, String> {
        let bytes = match bundle.read(FILE) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let seq = window.entries.len() as u64;
        let journal = Journal::read_on(&bytes, &window.head, seq).map_err(|e| e.to_string())?;
        let whole = bytes
            .split_inclusive(|b| *b == b'\n')
            .filter(|l| l.ends_with(b"\n"));
        let heads = whole.map(sha256_hex).collect();
        Ok(Some(Self { journal, heads }))
    }

    /// Returns the records up to number `seq`.
    pub fn until(&self, seq: u64) -> &[Entry] {
        let end = self.journal.entries.partition_point(|e| e.seq <= seq);
        self.journal.entries.get(..end).unwrap_or_default()
    }

    /// Returns the records behind number `seq`.
    pub fn after(&self, seq: u64) -> &[Entry] {
        self.journal
            .entries
            .get(self.until(seq).len()..)
            .unwrap_or_default()
    }
}

/// Returns the addenda of a log that are told from records, each with its number.
pub fn addenda<'l>(layout: &'l Layout) -> impl Iterator<Item = (usize, &'l Addendum, Told)> {
    layout.blocks.iter().filter_map(|block| match &block.said {
        Said::Addendum(added) => Told::read(&added.text).map(|told| (block.number, added, told)),
        Said::SignOff(_) => None,
    })
}

/// Returns the number of the last record that an addendum tells; of the window's last, where there is none.
pub fn signed_until(log: &str, window: &Journal) -> u64 {
    let layout = signoff::read(log);
    let last = layout
        .as_ref()
        .and_then(|l| addenda(l).last().map(|(_, _, told)| told.to));
    last.unwrap_or(window.entries.len() as u64)
}

/// Signs what was done of the later duties since the last addendum; `None`: nothing was.
///
/// # Errors
/// As [`append_addendum`], or the records cannot be read.
pub fn append_later(
    desk: &Desk,
    bundle: &Bundle,
    signer: &Signer,
) -> Result<Option<Addendum>, SealError> {
    let window = bundle.journal()?;
    let window = Journal::read(&window).map_err(crate::domain::report::ReportError::from)?;
    let bad = |why: String| io_at(bundle.dir.join(FILE))(io::Error::other(why));
    let Some(records) = Later::read(bundle, &window).map_err(bad)? else {
        return Ok(None);
    };
    let log = bundle.log()?.unwrap_or_default();
    let from = signed_until(&log, &window);
    if !records.after(from).iter().any(|e| later::is_act(&e.event)) {
        return Ok(None);
    }
    let told = Records {
        book: &bundle.book()?,
        window: &window.entries,
        later: &records.journal.entries,
    };
    let text = later::text(told, from + 1, &records.journal.head);
    append_addendum(desk, bundle, signer, text.as_bytes()).map(Some)
}
