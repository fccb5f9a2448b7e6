//! Secrets that were learnt only after they were printed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::domain::attempt::OutputDigest;
use crate::domain::digest::Sha256;

/// Overwrites every one of `secrets` in the file with asterisks: they were known only after it was written.
///
/// The file keeps its length, so that whoever follows it is not disturbed.
pub fn mask(path: &Path, secrets: &[String], digest: &mut OutputDigest) -> io::Result<()> {
    let longest = secrets.iter().map(String::len).max().unwrap_or(0);
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut window = vec![0; 256 * 1024 + longest];
    let mut from = 0;
    loop {
        file.seek(SeekFrom::Start(from))?;
        let got = fill(&mut file, &mut window)?;
        for secret in secrets.iter().filter(|s| s.len() >= 6) {
            let mut at = 0;
            while let Some(found) = window[at..got]
                .windows(secret.len())
                .position(|w| w == secret.as_bytes())
            {
                at += found;
                window[at..at + secret.len()].fill(b'*');
                file.seek(SeekFrom::Start(from + at as u64))?;
                file.write_all(&window[at..at + secret.len()])?;
                digest.redactions += 1;
            }
        }
        if got < window.len() {
            break;
        }
        from += 256 * 1024;
    }
    file.sync_all()?;
    refresh(digest, path)
}

fn fill(file: &mut File, window: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < window.len() {
        match file.read(&mut window[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Says of the file what it holds now.
pub fn refresh(digest: &mut OutputDigest, path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut sum = Sha256::default();
    let mut buffer = vec![0; 65_536];
    let (mut bytes, mut lines, mut last) = (0, 0, b'\n');
    loop {
        let got = file.read(&mut buffer)?;
        let Some(end) = buffer[..got].last() else {
            break;
        };
        sum.update(&buffer[..got]);
        bytes += got as u64;
        lines += buffer[..got]
            .iter()
            .map(|b| u64::from(*b == b'\n'))
            .sum::<u64>();
        last = *end;
    }
    digest.sha256 = sum.hex();
    digest.bytes = bytes;
    digest.lines = lines + u64::from(last != b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::domain::digest::sha256_hex;

    use super::*;

    #[test]
    fn a_secret_is_masked_wherever_it_stands_and_the_digest_follows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.txt");
        // Across the border of two windows, at the end, and one too short to be blotted out.
        let mut text = vec![b'.'; 256 * 1024 - 4];
        text.extend(b"token-123 and token-123\n");
        fs::write(&path, &text).unwrap();
        let mut digest = OutputDigest::default();
        mask(&path, &["token-123".into(), "and".into()], &mut digest).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.ends_with(b".********* and *********\n"));
        assert_eq!(digest.redactions, 2);
        assert_eq!(digest.sha256, sha256_hex(&bytes));
        assert_eq!((digest.bytes, digest.lines), (bytes.len() as u64, 1));
    }
}
