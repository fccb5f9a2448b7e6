//! What each check of a record is there against.

/// Returns which attack, or which accident, the lines of this name answer.
pub fn against(name: &str) -> &'static str {
    match name.split(' ').next().unwrap_or_default() {
        "bytes" => {
            "against text that looks other than it is: control characters, right-to-left and invisible marks"
        }
        "layout" => {
            "against text that no signature covers, before, between or behind the signatures"
        }
        "trust" => {
            "against a key that somebody put into the record's own folder: whom to trust is your list alone"
        }
        "signature" => {
            "against an edited log, a forged or moved sign-off, the wrong role, an expired or revoked key"
        }
        "addendum" => "against a correction that somebody else wrote, or that was changed later",
        "sign-offs" => {
            "against a sign-off that was cut off the end: which roles must sign stands in the signed record"
        }
        "meaning" => "against a signer who signs less than the runbook has their role sign",
        "four" => "against one person signing for two",
        "evidence" => {
            "against an output, a runbook or a journal that was edited, removed or planted"
        }
        "journal" => "against records that were changed, removed, added, moved or cut off",
        "checkpoint" => {
            "against a run that somebody else invented or dated anew, and a crash before the end"
        }
        "review" => "against another runbook than the reviewed one",
        "witness" => {
            "against all signers together: what was posted elsewhere cannot be rewritten with the folder"
        }
        "folder" => "against an old record that is shown for another run",
        "clock" => "against a clock that was set back, and times that cannot be",
        "run" => "against a run that broke off and is shown as done",
        "agreement" => {
            "against a log that says other than the journal: each line is told again and compared"
        }
        "later" => {
            "against a duty that was forgotten, and a follow-up that was made up, changed or cut off"
        }
        "log" => "there is nothing to sign or to read before it is written",
        _ => "against a record that is not what it says",
    }
}
