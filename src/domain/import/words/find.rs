//! How a word is found in a text.

pub(super) fn is_or_begins(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let (stem, open) = word
            .strip_suffix('*')
            .map_or((*word, false), |stem| (stem, true));
        text.strip_prefix(stem).is_some_and(|rest| {
            open || rest.is_empty()
                || is_cjk(stem)
                || !rest.starts_with(char::is_alphanumeric) && rest.split_whitespace().count() <= 3
        })
    })
}

/// Whether one of the words stands in `text`, which is lower case.
pub fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| contains(text, word))
}

pub(super) fn contains(text: &str, word: &str) -> bool {
    let (stem, open) = word
        .strip_suffix('*')
        .map_or((word, false), |stem| (stem, true));
    if is_cjk(stem) {
        return text.contains(stem);
    }
    text.match_indices(stem).any(|(at, _)| {
        let before = text[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        let behind = open
            || text[at + stem.len()..]
                .chars()
                .next()
                .is_none_or(|c| !c.is_alphanumeric());
        before && behind
    })
}

fn is_cjk(text: &str) -> bool {
    text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c))
}
