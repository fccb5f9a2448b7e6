//! `holdpoint fmt`: runbooks in their canonical form.

use crate::cli::args::FmtArgs;
use crate::cli::failure::Failure;

/// Formats.
///
/// # Errors
/// None yet.
pub fn fmt(_args: &FmtArgs) -> Result<u8, Failure> {
    Ok(0)
}
