//! What is remembered of a stream for expectations and captures: its beginning and its end, never all of a flood.

/// How much is kept of either end.
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
        bytes.extend_from_slice(&self.tail[self.tail.len().saturating_sub(EACH)..]);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Appends `bytes` to `tail` and lets its beginning go once it is twice as long as `keep`; returns how many bytes went.
pub fn keep_last(tail: &mut Vec<u8>, bytes: &[u8], keep: usize) -> u64 {
    tail.extend_from_slice(bytes);
    if tail.len() <= 2 * keep {
        return 0;
    }
    let gone = tail.len() - keep;
    tail.drain(..gone);
    gone as u64
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
        assert!(text.len() <= 2 * EACH + 1);
        assert!(keep.tail.capacity() <= 4 * EACH);
    }
}
