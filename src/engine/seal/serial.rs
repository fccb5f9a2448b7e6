//! Sign-offs are serial: where a log lies in git, the copy that was pushed last is the one to sign.

use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::SealError;

/// Returns what the signer must know before they sign; `None`: the log lies in no git repository.
///
/// # Errors
/// What was fetched last holds changes of this record that are not here.
pub fn serial(desk: &Desk, bundle: &Bundle) -> Result<Option<String>, SealError> {
    let dir = bundle.dir.to_string_lossy().into_owned();
    let git = |args: &[&str]| desk.ask("git", &[&["-C", dir.as_str()], args].concat());
    if git(&["ls-files", "--", "."]).is_none() {
        return Ok(None);
    }
    let ahead = ["rev-list", "--count", "HEAD..@{upstream}", "--", "."];
    match git(&ahead) {
        Some(commits) if commits != "0" => Err(SealError::Behind {
            path: bundle.log.clone(),
            commits,
        }),
        Some(_) => Ok(Some(
            "this log lies in git and is as new as what was fetched last: pull first, push right after signing; who signs \
             another copy meanwhile has to sign again"
                .to_owned(),
        )),
        None => Ok(Some(
            "this log lies in git: sign the newest copy and pass it on; who signs another copy meanwhile has to sign again"
                .to_owned(),
        )),
    }
}
