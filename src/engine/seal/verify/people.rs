//! Who signed as what, and who is still to sign.

use crate::domain::report::signoff::{self, Block, Decision, Layout, Said, Statement};
use crate::domain::runbook::model::Runbook;
use crate::engine::seal::verify::roots::{self, Found, Roots};
use crate::engine::seal::verify::{Lines, Mark, named};
use crate::engine::seal::wire::{Reader, SshSignature};

/// A signature as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What is said.
    pub said: Said,
    /// What it is worth.
    pub worth: Worth,
}

/// What a signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It is intact, and its key may sign for this person in this role.
    Good,
    /// It is intact, and nobody says whose key it is.
    Untold,
    /// It is neither.
    Bad,
}

/// Looks at every signature and at the roles that are required.
pub(super) fn look(
    lines: &mut Lines,
    roots: &Roots,
    layout: &Layout,
    book: Option<&Runbook>,
) -> Vec<Signed> {
    let all: Vec<Signed> = layout
        .blocks
        .iter()
        .map(|block| Signed {
            said: block.said.clone(),
            worth: signature(lines, roots, block),
        })
        .collect();
    let good: Vec<&Statement> = all
        .iter()
        .filter(|signed| signed.worth != Worth::Bad)
        .filter_map(|signed| match &signed.said {
            Said::SignOff(statement) => Some(statement),
            Said::Addendum(_) => None,
        })
        .collect();
    match book {
        Some(book) => {
            meanings(lines, book, &good);
            sign_offs(lines, &book.roles, &good);
        }
        None => lines.say(
            Mark::Fail,
            "sign-offs",
            "which roles are required is not known: runbook.yaml cannot be read",
        ),
    }
    same_person(lines, &good);
    all
}

/// Looks at one signature.
fn signature(lines: &mut Lines, roots: &Roots, block: &Block) -> Worth {
    let name = format!("signature {}", block.number);
    let who = named(&block.said);
    let fail = |lines: &mut Lines, why: &str| lines.say(Mark::Fail, &name, format!("{who}: {why}"));
    if let Said::SignOff(statement) = &block.said
        && signoff::slug(&statement.role).is_empty()
    {
        fail(
            lines,
            "its role has no letter or digit that a namespace can hold",
        );
        return Worth::Bad;
    }
    let Some(signature) = SshSignature::from_armour(block.armour) else {
        fail(
            lines,
            "the signature cannot be read: it was changed, or made by something unknown",
        );
        return Worth::Bad;
    };
    if !signature.key.is_certificate() && signature.key.fingerprint() != block.said.key() {
        fail(lines, "the key that it names is not the key that signed");
        return Worth::Bad;
    }
    let claim = roots::claim(&block.said, block.signed);
    let what = match &block.said {
        Said::SignOff(s) => format!("\"{}\" at {}", s.decision.word(), s.said_at()),
        Said::Addendum(a) => format!("added a text at {}", a.said_at()),
    };
    let told = format!("{who} {what} (claimed){}", touched(&signature));
    match roots.judge(&signature, &claim) {
        Found::Good => {
            lines.say(Mark::Pass, &name, told);
            Worth::Good
        }
        Found::Untold => {
            let text = format!("{told}: intact, but nobody says whose key it is");
            lines.say(Mark::Todo, &name, text);
            Worth::Untold
        }
        Found::Bad(why) => {
            fail(lines, &why);
            Worth::Bad
        }
    }
}

/// What a security token says about its touch.
pub(in crate::engine::seal) fn touched(signature: &SshSignature) -> String {
    if !signature.key.kind.starts_with("sk-") {
        return String::new();
    }
    let mut reader = Reader::new(&signature.value);
    let flags = reader
        .string()
        .and_then(|_| reader.string())
        .and_then(|_| reader.byte());
    let touch = match flags {
        Some(flags) if flags & 1 != 0 => "touch confirmed",
        Some(_) | None => "NO TOUCH",
    };
    let pin = if flags.is_some_and(|f| f & 4 != 0) {
        ", PIN or finger checked"
    } else {
        ""
    };
    format!(", security token: {touch}{pin}")
}

/// What a signature means stands in the reviewed runbook: nobody signs less, or more, in words of their own.
fn meanings(lines: &mut Lines, book: &Runbook, good: &[&Statement]) {
    for signed in good {
        let slug = signoff::slug(&signed.role);
        let mut roles = book.meanings.iter();
        let of_role = roles.find(|(role, _)| signoff::slug(role) == slug);
        let of_role = of_role.map(|(_, meaning)| meaning.as_str());
        if !signoff::may_mean(&signed.meaning, of_role, signed.decision) {
            let (role, said) = (&signed.role, &signed.meaning);
            let text = format!(
                "{role} signed that it means \"{said}\": the runbook has it mean something else"
            );
            lines.say(Mark::Fail, "meaning", text);
        }
    }
}

fn sign_offs(lines: &mut Lines, required: &[String], good: &[&Statement]) {
    let mut missing = Vec::new();
    for role in required {
        let slug = signoff::slug(role);
        let last = good.iter().rev().find(|b| signoff::slug(&b.role) == slug);
        match last.map(|b| b.decision) {
            Some(Decision::Approved | Decision::ApprovedWithRemarks) => {}
            Some(Decision::Rejected) => {
                lines.say(
                    Mark::Todo,
                    "sign-offs",
                    format!("{role} REJECTED this record, and has not approved it since"),
                );
            }
            None => missing.push(role.as_str()),
        }
    }
    if !missing.is_empty() {
        lines.say(
            Mark::Todo,
            "sign-offs",
            format!("missing or not valid: {}", missing.join(", ")),
        );
        return;
    }
    match (required.len(), good.len()) {
        (0, 0) => lines.say(
            Mark::Todo,
            "sign-offs",
            "nobody has signed; the runbook requires no role",
        ),
        (0, n) => lines.say(
            Mark::Pass,
            "sign-offs",
            format!("{n} signature(s); the runbook requires no role"),
        ),
        (n, _) => lines.say(
            Mark::Pass,
            "sign-offs",
            format!("all {n} required roles signed: {}", required.join(", ")),
        ),
    }
}

/// Four eyes are worth more than two: it is said where one person, or one key, signed for two roles.
fn same_person(lines: &mut Lines, good: &[&Statement]) {
    for (at, block) in good.iter().enumerate() {
        let other = good[..at]
            .iter()
            .find(|b| b.role != block.role && (b.identity == block.identity || b.key == block.key));
        if let Some(other) = other {
            lines.say(
                Mark::Warn,
                "four eyes",
                format!(
                    "{} signed as {} and as {}",
                    block.identity, other.role, block.role
                ),
            );
        }
    }
}
