//! What the record can be checked by: heads, clocks, digests, and the commands for whoever has no holdpoint.

use std::fmt::Write as _;

use crate::domain::report::page::Page;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::tame;

/// The commands that check a log without holdpoint.
pub const STOCK: &str = "\
```sh
grep -E '^[0-9a-f]{64}  ' log.md | sha256sum -c
awk -v n=N '/^-----BEGIN SSH SIGNATURE-----$/ && ++c==n {exit} 1' log.md > part
awk -v n=N '/^-----BEGIN SSH SIGNATURE-----$/ {c++} c==n; c==n && /^-----END/ {exit}' log.md > part.sig
ssh-keygen -Y verify -f ALLOWED_SIGNERS -I WHO -n role.ROLE@holdpoint -s part.sig < part
```
";

/// Adds the evidence.
pub fn section(page: &mut Page, story: &Story) {
    page.head(2, "Evidence");
    page.line(format!(
        "Journal: {} records, head `{}`.",
        story.entries().len(),
        story.journal.head
    ));
    page.line(posted(story));
    page.line(opening(story));
    page.line(clocks(story));
    let redactions = story
        .attempts
        .iter()
        .filter_map(|a| a.outcome())
        .map(|o| o.output.redactions);
    page.line(format!(
        "Redactions in outputs: {}.",
        redactions.fold(0_u64, u64::saturating_add)
    ));
    page.say("SHA-256 of the files beside this log:");
    let mut block = "```text\n".to_owned();
    for (path, sha256) in story.digests() {
        let _ = writeln!(block, "{sha256}  {path}");
    }
    block.push_str("```\n");
    page.block(&block);
    page.line("To check without holdpoint, in this folder, with a list of signers you trust (`N` is the signature's number,");
    page.line("`WHO` and `ROLE` are read from the signature, for example `dana@example.com` and `database-admin`; an addendum");
    page.line("is signed for `addendum@holdpoint`, in the place of `role.ROLE@holdpoint`):");
    page.block(STOCK);
}

fn posted(story: &Story) -> String {
    let posts: Vec<String> = story
        .entries()
        .iter()
        .filter_map(|e| match &e.event {
            Event::WitnessPosted {
                seq,
                head,
                receipt,
                sink,
                error,
            } if error.is_empty() => Some(format!(
                "record {seq} ({}) to the witness of the {} at {}, answer {}",
                tame::code_span(head),
                tame::cell(sink),
                story.clock(e),
                tame::code_span(receipt)
            )),
            _ => None,
        })
        .collect();
    if posts.is_empty() {
        "Head posted outside: no.".to_owned()
    } else {
        format!("Head posted outside: {}.", posts.join("; "))
    }
}

fn opening(story: &Story) -> String {
    let signed: Vec<String> = story
        .entries()
        .iter()
        .filter_map(|e| match &e.event {
            Event::Checkpoint(c) => Some(format!(
                "record {} ({}{}) by {}",
                e.seq,
                tame::cell(&c.reason),
                c.step.as_ref().map_or(String::new(), |s| format!(
                    ", {}: {}",
                    tame::cell(&s.role),
                    s.word.word()
                )),
                tame::code_span(&c.identity)
            )),
            _ => None,
        })
        .collect();
    if signed.is_empty() {
        "Checkpoints signed during the run: none.".to_owned()
    } else {
        format!("Checkpoints signed during the run: {}.", signed.join("; "))
    }
}

fn clocks(story: &Story) -> String {
    let start = story.entries().iter().find_map(|e| match &e.event {
        Event::Target(seen) => Some(seen.clock_offset_ms),
        _ => None,
    });
    let end = story.run.closed.as_ref().and_then(|c| c.clock_offset_ms);
    let said = |ms: Option<i64>| ms.map_or("not known".to_owned(), time::offset);
    format!(
        "Clock against the database server: {} at the start, {} at the end.",
        said(start),
        said(end)
    )
}
