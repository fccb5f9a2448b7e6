//! The reviewer's signature over what was executed.

use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::run::review::{Review, ReviewFinding};
use crate::domain::runbook::model::Demand;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::review::NAMESPACE;
use crate::engine::seal::verify::chain::Chain;
use crate::engine::seal::verify::roots::{Claim, Found, Roots};
use crate::engine::seal::verify::{Lines, Mark};
use crate::engine::seal::wire::SshSignature;

/// Looks at what the journal says of a review, where it says anything.
pub fn look(lines: &mut Lines, roots: &Roots, bundle: &Bundle, chain: &Chain) {
    let recorded = chain.journal.entries.iter().find_map(|e| match &e.event {
        Event::RunbookReviewed(review) => Some((review, time::read(&e.t)?)),
        _ => None,
    });
    let Some((review, at)) = recorded else { return };
    if review.finding != ReviewFinding::Valid {
        let demanded = match review.demand {
            Demand::Demanded => "; the target demands a reviewed runbook",
            Demand::Welcome => "",
        };
        lines.say(Mark::Warn, "review", format!("{}{demanded}", review.said()));
        return;
    }
    for path in review.kept.keys() {
        let Some(signed) = path.strip_suffix(".sig") else {
            continue;
        };
        let (mark, text) = match one(roots, bundle, review, (signed, path), at) {
            Ok(Found::Good) => (
                Mark::Pass,
                format!("{signed} as reviewed by {}", review.reviewer),
            ),
            Ok(Found::Untold) => (
                Mark::Todo,
                format!(
                    "{signed} as reviewed by {}: intact, but nobody says whose key it is",
                    review.reviewer
                ),
            ),
            Ok(Found::Bad(why)) => (Mark::Fail, format!("{signed}, {}: {why}", review.reviewer)),
            Err(why) => (Mark::Fail, format!("{path}: {why}")),
        };
        lines.say(mark, "review", text);
    }
    if !review.kept.contains_key("runbook.yaml.sig") {
        lines.say(
            Mark::Fail,
            "review",
            "the journal says that it was reviewed, and names no signature",
        );
    }
}

fn one(
    roots: &Roots,
    bundle: &Bundle,
    review: &Review,
    (signed, path): (&str, &str),
    time: chrono::DateTime<chrono::Utc>,
) -> Result<Found, String> {
    let message = bundle.read(signed).map_err(|e| e.to_string())?;
    let armour = bundle.read(path).map_err(|e| e.to_string())?;
    let read = std::str::from_utf8(&armour)
        .ok()
        .and_then(SshSignature::from_foreign_armour);
    let signature = read.ok_or("it is no signature")?;
    // Another reviewer may have signed a file that the runbook names.
    let named = signed == "runbook.yaml" && !signature.key.is_certificate();
    if named && signature.key.fingerprint() != review.key {
        return Err("it was made with another key than the journal says".to_owned());
    }
    let reviewer = roots
        .whose(&signature, time)
        .unwrap_or_else(|| review.reviewer.clone());
    let claim = Claim {
        identity: &reviewer,
        namespace: NAMESPACE.to_owned(),
        time,
        message: &message,
    };
    Ok(roots.judge(&signature, &claim))
}
