//! A run as one page of HTML: the log as it stands, and the run along its time. It needs no script and no network.
//!
//! The page is a picture of the record and not the record: what is signed is `log.md`, and the page says so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::domain::digest::sha256_hex;
use crate::domain::journal::Journal;
use crate::domain::report::story::Story;
use crate::domain::report::timeline::{self, Timeline};
use crate::domain::report::{Files, ReportError, signoff};
use crate::domain::runbook::model::Runbook;
use crate::domain::sample::timeline::Line;
use crate::domain::tame;

mod markdown;

#[cfg(test)]
mod tests;

/// How the page looks; its digest stands in the page's policy, so that no other style and no script runs.
const STYLE: &str = include_str!("page.css");

/// What the page is made of.
pub struct Made<'a> {
    /// The plan.
    pub book: &'a Runbook,
    /// The journal's bytes.
    pub journal: &'a [u8],
    /// The log as it stands, signed or not.
    pub log: &'a str,
    /// The monitor's samples, where the run kept them.
    pub seen: &'a [Line],
}

/// Returns the page.
///
/// # Errors
/// A journal that is broken, or that does not begin with an opened run.
pub fn page(made: &Made, files: Files) -> Result<String, ReportError> {
    let journal = Journal::read(made.journal)?;
    let story =
        Story::tell(made.book, &journal, made.journal, files).ok_or(ReportError::NotOpened)?;
    let title = escaped(&story.opened.title);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))
    );
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}{}<main class=\"log\">\n{}</main>\n</body>\n</html>\n",
        banner(made, &story),
        picture(&story, made.seen),
        markdown::html(made.log)
    ))
}

/// What this page is, and what it is not.
fn banner(made: &Made, story: &Story) -> String {
    let status = story
        .run
        .closed
        .as_ref()
        .map_or("NOT CLOSED", |closed| closed.status.word());
    let class = status.to_ascii_lowercase().replace(' ', "-");
    let signed = signoff::read(made.log).map_or(0, |layout| layout.blocks.len());
    let signed = match signed {
        0 => "nobody has signed it yet".to_owned(),
        1 => "<code>log.md</code> carries 1 signature".to_owned(),
        n => format!("<code>log.md</code> carries {n} signatures"),
    };
    format!(
        "<header>\n<p class=\"status {class}\">{status}</p>\n<p class=\"id\">{}</p>\n\
         <p class=\"notice\"><strong>The signed record is <code>log.md</code>, not this page.</strong> This page shows its \
         text and a picture drawn from its journal; {signed}. Check it with <code>holdpoint verify</code>, or with the \
         commands that it prints.<br>SHA-256 of <code>log.md</code> <code>{}</code></p>\n</header>\n",
        escaped(&story.opened.run),
        sha256_hex(made.log.as_bytes()),
    )
}

fn picture(story: &Story, seen: &[Line]) -> String {
    let Some(timeline) = Timeline::of(story, seen) else {
        return String::new();
    };
    let source = if seen.is_empty() {
        "the peaks of each attempt, which are in the journal"
    } else {
        "the monitor's samples, which no signature covers"
    };
    let marks: String = timeline
        .marks
        .iter()
        .map(|mark| {
            format!(
                "<li class=\"{}\"><time>{}</time> {}</li>\n",
                mark.sort.word(),
                escaped(&mark.clock),
                escaped(&mark.text)
            )
        })
        .collect();
    format!(
        "<figure>\n<div class=\"wide\">\n{}</div>\n<figcaption>Times are UTC. Above the thin line: what was done; the thin \
         line: when it was planned. <span class=\"key done\">well</span> <span class=\"key warned\">warned</span> \
         <span class=\"key failed\">failed</span> <span class=\"key person\">a question on the screen</span>. Sessions and \
         connections are {source}.</figcaption>\n<ol class=\"marks\">\n{marks}</ol>\n</figure>\n",
        timeline::draw(&timeline)
    )
}

/// Returns text for HTML and its attributes: tamed, and nothing in it is a mark.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in tame::line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
