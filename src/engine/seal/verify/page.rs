//! A verdict on one page of markdown, to be filed: what was looked at, who signed as what, and what stays open.

use std::collections::BTreeSet;

use crate::domain::digest::sha256_hex;
use crate::domain::report::page::Page;
use crate::domain::report::signoff::Said;
use crate::domain::tame;
use crate::engine::seal::bundle::{Bundle, plain};
use crate::engine::seal::verify::{Examined, Question, Roots, Worth};

/// Who verified, when and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// When, with its zone.
    pub at: String,
    /// The account and the machine.
    pub by: String,
}

/// Returns the page.
pub fn page(
    found: &Examined,
    roots: &Roots,
    bundle: &Bundle,
    question: &Question,
    about: &About,
) -> String {
    let mut page = Page::default();
    let opened = found.chain.as_ref().and_then(|chain| chain.opened());
    let run = opened.map_or_else(
        || bundle.folder().unwrap_or_default(),
        |opened| opened.run.clone(),
    );
    let verdict = found.report.verdict;
    page.head(1, format!("Verification of run {}", tame::cell(&run)));
    page.say(verdict.sentence());
    let mut rows = vec![
        ["Verdict".to_owned(), format!("**{}**", verdict.word())],
        ["Verified at".to_owned(), tame::cell(&about.at)],
        ["Verified by".to_owned(), tame::cell(&about.by)],
        [
            "With".to_owned(),
            concat!("holdpoint ", env!("CARGO_PKG_VERSION")).to_owned(),
        ],
    ];
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    if let Some(opened) = opened {
        row("Record", tame::cell(&opened.title));
        if !opened.change.is_empty() {
            row("Change", tame::code_cell(&opened.change));
        }
        row("Target", tame::code_cell(&opened.target));
    }
    row("Log", tame::code_cell(bundle.log.display().to_string()));
    row("SHA-256 of the log", digest(found.log_sha256.as_deref()));
    row(
        "Journal head",
        digest(found.chain.as_ref().map(|c| c.journal.head.as_str())),
    );
    row("Signers trusted by", trusted(roots));
    row("Revoked keys", revoked(roots));
    let heads = question.heads.iter();
    let heads: Vec<_> = heads
        .map(|h| format!("record {} `{}`", h.seq, h.head))
        .collect();
    row(
        "Heads kept elsewhere",
        if heads.is_empty() {
            "none given".to_owned()
        } else {
            heads.join(", ")
        },
    );
    page.table(["Verification", ""], &rows);
    signers(&mut page, found);
    checked(&mut page, found);
    open(&mut page, found, question);
    page.finish()
}

fn digest(sha256: Option<&str>) -> String {
    sha256.map_or("none".to_owned(), |sha256| format!("`{sha256}`"))
}

fn trusted(roots: &Roots) -> String {
    let Some(list) = roots.list() else {
        return "nobody: no list of signers was given".to_owned();
    };
    let commit = match &list.commit {
        Some(commit) => format!(", git {}", tame::cell(commit)),
        None => ", in no git repository".to_owned(),
    };
    format!(
        "{}, SHA-256 `{}`{commit}",
        tame::code_cell(list.path.display().to_string()),
        list.sha256
    )
}

fn revoked(roots: &Roots) -> String {
    let Some(path) = roots.revoked() else {
        return "no list".to_owned();
    };
    let sha256 = plain(path).map_or("not readable".to_owned(), |bytes| {
        format!("SHA-256 `{}`", sha256_hex(&bytes))
    });
    format!("{}, {sha256}", tame::code_cell(path.display().to_string()))
}

fn signers(page: &mut Page, found: &Examined) {
    page.head(2, "Who signed as what");
    let rows: Vec<_> = found
        .signed
        .iter()
        .enumerate()
        .map(|(at, signed)| {
            let (role, name, said, time) = match &signed.said {
                Said::SignOff(s) => (tame::cell(&s.role), &s.name, s.decision.word(), s.said_at()),
                Said::Addendum(a) => (
                    "none: an addendum".to_owned(),
                    &a.name,
                    "added",
                    a.said_at(),
                ),
            };
            [
                (at + 1).to_string(),
                role,
                format!(
                    "{}, {}",
                    tame::cell(name),
                    tame::code_cell(signed.said.identity())
                ),
                said.to_owned(),
                time,
                tame::code_cell(signed.said.key()),
                match signed.worth {
                    Worth::Good => "good".to_owned(),
                    Worth::Untold => "intact, **nobody says whose key it is**".to_owned(),
                    Worth::Bad => "**not good**".to_owned(),
                },
            ]
        })
        .collect();
    if rows.is_empty() {
        page.say("Nobody.");
        return;
    }
    page.table(
        [
            "#",
            "Role",
            "Name",
            "Decision",
            "Signed at (claimed)",
            "Key",
            "Found",
        ],
        &rows,
    );
}

fn checked(page: &mut Page, found: &Examined) {
    page.head(2, "What was checked");
    let rows: Vec<_> = found
        .report
        .lines
        .iter()
        .map(|line| {
            [
                line.mark.word().to_owned(),
                line.name.clone(),
                tame::cell(&line.text),
            ]
        })
        .collect();
    page.table(["", "Check", "Found"], &rows);
}

/// What no look at these files can show.
fn open(page: &mut Page, found: &Examined, question: &Question) {
    page.head(2, "What this does not show");
    page.line("- When it was signed: the times are the signers' own claims.");
    if question.heads.is_empty() {
        page.line("- That all signers together did not rewrite the record before signing: no head kept elsewhere was given.");
    }
    let signed = found.signed.iter();
    let signers: BTreeSet<&str> = signed.map(|signed| signed.said.identity()).collect();
    if signers.len() < 2 {
        page.line(
            "- That its only signer did not rewrite it before signing: nobody else has signed.",
        );
    }
    page.line("- What was done in another window: the database server's own log has it, by `application_name`.");
    page.line("- That the program and the machine which recorded the run were sound: they were the operator's.");
    page.gap();
}
