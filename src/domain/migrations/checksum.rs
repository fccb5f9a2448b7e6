//! Checksums as the tools compute them.

use ring::digest::{Algorithm, SHA256, SHA384, digest};

/// Returns Flyway's checksum: CRC-32 over the lines without their ends, as a signed number.
pub(super) fn flyway(text: &[u8]) -> String {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut crc = u32::MAX;
    for byte in text.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (0xEDB8_8320 * low);
        }
    }
    (!crc).cast_signed().to_string()
}

/// Returns Prisma's checksum: SHA-256, lower-case hex.
pub(super) fn prisma(text: &[u8]) -> String {
    hex(&SHA256, text)
}

/// Returns `SQLx`'s checksum: SHA-384, lower-case hex.
pub(super) fn sqlx(text: &[u8]) -> String {
    hex(&SHA384, text)
}

fn hex(algorithm: &'static Algorithm, text: &[u8]) -> String {
    let digest = digest(algorithm, text);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_the_tools_write() {
        // CRC-32 of "123456789" is 0xCBF43926.
        assert_eq!(flyway(b"123456789"), "-873187034");
        assert_eq!(flyway(b"\xef\xbb\xbf1234\r\n56789\n"), "-873187034");
        assert!(prisma(b"").starts_with("e3b0c44298fc1c14"));
        assert!(sqlx(b"").starts_with("38b060a751ac9638"));
    }
}
