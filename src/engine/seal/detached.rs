//! The signatures of a log as pairs of files, for those whose tools want them so: `log.1.md` and `log.1.md.sig`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::domain::report::signoff;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::error::{SealError, io_at};

/// Writes what each signature covers, and the signature, as files of their own in `dir`; returns the first of each pair.
///
/// They are made for `ssh-keygen -Y verify -s log.1.md.sig < log.1.md`. Nothing that is there already is written over.
///
/// # Errors
/// The log cannot be told, nobody has signed it, a file is there already, the disk refuses.
pub fn detach(bundle: &Bundle, dir: &Path) -> Result<Vec<PathBuf>, SealError> {
    let log = bundle.write_log()?;
    let blocks = signoff::read(&log).map_or_else(Vec::new, |layout| layout.blocks);
    if blocks.is_empty() {
        return Err(SealError::Unsigned);
    }
    fs::create_dir_all(dir).map_err(io_at(dir))?;
    let mut written = Vec::new();
    for block in blocks {
        let text = dir.join(format!("log.{}.md", block.number));
        let signature = dir.join(format!("log.{}.md.sig", block.number));
        for (path, bytes) in [(&text, block.signed), (&signature, block.armour)] {
            let mut file = File::create_new(path).map_err(io_at(path))?;
            file.write_all(bytes.as_bytes()).map_err(io_at(path))?;
        }
        written.push(text);
    }
    Ok(written)
}
