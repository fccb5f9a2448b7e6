//! Where a list of trusted signers is kept: beside the runbooks, in their repository.

use std::path::{Path, PathBuf};

/// Its path below the directory of a repository.
const PLACE: &str = ".holdpoint/allowed_signers";

/// Returns the list of the repository that `from` (a directory) lies in: the nearest one upwards.
pub fn upward(from: &Path) -> Option<PathBuf> {
    let from = std::path::absolute(from).ok()?;
    from.ancestors()
        .map(|dir| dir.join(PLACE))
        .find(|path| path.is_file())
}
