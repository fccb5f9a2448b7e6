//! The document as it came: strict UTF-8, no byte order mark, LF, its lines and its digest.

use crate::domain::digest::sha256_hex;

/// The largest document that is imported, in bytes.
pub const LARGEST: usize = 8 << 20;

/// A document that can be read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its text, with LF line ends and without a byte order mark.
    pub text: String,
    /// SHA-256 of the bytes as they came.
    pub digest: String,
    /// What was changed to read it, and what looks damaged: line (1-based) and words.
    pub remarks: Vec<(usize, String)>,
}

/// Reads the bytes of a document.
///
/// # Errors
/// It is too large, not UTF-8, or empty; the text says where and what to do.
pub fn read(bytes: &[u8]) -> Result<Source, String> {
    if bytes.len() > LARGEST {
        return Err("the document has more than 8 MiB: cut it into parts".into());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(not_utf8(bytes, error.valid_up_to())),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("the document is empty".into());
    }
    let mut remarks = Vec::new();
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        return Err(format!(
            "line {line} holds a NUL: this is not a text; export the document as markdown"
        ));
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if let Some((line, many)) = damaged(&text) {
        let lines = if many == 1 {
            "line looks"
        } else {
            "lines look"
        };
        remarks.push((
            line,
            format!(
                "{many} {lines} as if saved in a wrong encoding once (Ã¤, â€™): kept as written"
            ),
        ));
    }
    Ok(Source {
        digest: sha256_hex(bytes),
        text,
        remarks,
    })
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    let line = bytes[..at].split(|b| *b == b'\n').count();
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return "the document is UTF-16: save it as UTF-8".into();
    }
    format!(
        "line {line} is not UTF-8 (byte 0x{:02x}): save the document as UTF-8",
        bytes.get(at).copied().unwrap_or_default()
    )
}

/// Returns the first line that looks wrongly decoded, and how many there are.
fn damaged(text: &str) -> Option<(usize, usize)> {
    const MARKS: &[&str] = &[
        "Ã¤", "Ã¶", "Ã¼", "ÃŸ", "Ã©", "Ã¨", "Ã ", "Ã§", "Ã±", "Ã³", "Ã¡", "Ã\u{AD}", "Ã£", "Ãª",
        "â€™", "â€œ", "â€“", "â€”", "â€¦", "â€¢", "âœ", "Â ", "Â»", "Ð°", "Ð¾", "\u{fffd}",
    ];
    let lines: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| MARKS.iter().any(|mark| line.contains(mark)))
        .map(|(n, _)| n + 1)
        .collect();
    lines.first().map(|first| (*first, lines.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        assert!(
            read(b"a\nb\xff")
                .unwrap_err()
                .starts_with("line 2 is not UTF-8 (byte 0xff)")
        );
        assert!(read(b"\xff\xfea\0").unwrap_err().contains("UTF-16"));
        assert!(read(b" \n").unwrap_err().contains("empty"));
        assert!(read(b"a\n\0").unwrap_err().contains("line 2 holds a NUL"));
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_go_and_damage_is_only_mentioned() {
        let source = read("\u{feff}a\r\nÃ¤\rc".as_bytes()).unwrap();
        assert_eq!(source.text, "a\nÃ¤\nc");
        assert_eq!(source.remarks.len(), 1);
        assert_eq!(source.remarks[0].0, 2);
    }
}
