//! What is remembered of a stream for expectations and captures: its beginning and its end, never all of a flood.

/// How much is kept of the beginning, and at least of the end; of the end up to twice as much.
const EACH: usize = 512 * 1024;

/// The beginning and the end of a stream, as it came.
#[derive(Debug, Default)]
pub struct Keep {
    head: Vec<u8>,
    tail: Vec<u8>,
    dropped: u64,
}

impl Keep {
    /// Takes what came.
    pub fn take(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(EACH - self.head.len()));
        self.head.extend_from_slice(first);
        self.dropped += keep_last(&mut self.tail, rest, EACH);
    }

    /// Returns what was kept as text; where something is missing between, the two ends stand on lines of their own.
    pub fn text(&self) -> String {
        let mut bytes = self.head.clone();
        if self.dropped > 0 {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&self.tail);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Appends `bytes` to `tail`, which never holds more than twice `keep`: when it would, all but the last `keep` go.
///
/// Returns how many bytes went.
pub fn keep_last(tail: &mut Vec<u8>, bytes: &[u8], keep: usize) -> u64 {
    if tail.len() + bytes.len() <= 2 * keep {
        tail.extend_from_slice(bytes);
        return 0;
    }
    let last = &bytes[bytes.len().saturating_sub(keep)..];
    let gone = (tail.len() + last.len())
        .saturating_sub(keep)
        .min(tail.len());
    tail.drain(..gone);
    tail.extend_from_slice(last);
    (gone + bytes.len() - last.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_stream_is_kept_whole_and_a_flood_by_its_ends() {
        let mut keep = Keep::default();
        keep.take(b"one ");
        keep.take(b"two");
        assert_eq!(keep.text(), "one two");
        for _ in 0..100 {
            keep.take(&vec![b'x'; 65_536]);
        }
        keep.take(b"end");
        let text = keep.text();
        assert!(text.starts_with("one two") && text.ends_with("xend"));
        assert!(text.len() <= 3 * EACH + 1);
        assert!(keep.tail.capacity() <= 4 * EACH);
    }

    #[test]
    fn whatever_is_not_kept_is_counted() {
        for piece in [1, 7, 4096, 65_536, 3 * EACH] {
            let (mut tail, mut gone, mut came) = (Vec::new(), 0, 0);
            while came < 4 * EACH {
                let bytes: Vec<u8> = (came..came + piece)
                    .map(|n| u8::try_from(n % 251).unwrap())
                    .collect();
                gone += keep_last(&mut tail, &bytes, EACH);
                came += piece;
                assert!(tail.len() <= 2 * EACH);
            }
            assert_eq!(gone + tail.len() as u64, came as u64);
            assert!(tail.len() >= EACH);
            assert_eq!(tail.last(), Some(&u8::try_from((came - 1) % 251).unwrap()));
        }
    }

    #[test]
    fn what_fits_is_not_cut() {
        let mut keep = Keep::default();
        let bytes = vec![b'y'; 2 * EACH + EACH / 2];
        for piece in bytes.chunks(10_000) {
            keep.take(piece);
        }
        assert_eq!(keep.text().len(), bytes.len());
    }
}
