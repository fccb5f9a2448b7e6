//! Did you mean …? The nearest of some known words.

/// Returns the word of `known` nearest to `word`, where it is near enough to be a slip of the finger.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let limit = (letters.len() / 3 + 1).min(3);
    known
        .into_iter()
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(far, candidate)| *far <= limit && *far < candidate.chars().count())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Returns "did you mean …?" for the nearest of `known`, else the whole list where it is short.
pub fn hint<'a>(
    word: &str,
    what: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = known.into_iter().map(|w| format!("`{w}`")).collect();
    (1..=12)
        .contains(&all.len())
        .then(|| format!("{what}: {}", all.join(", ")))
}

/// Counts the letters to insert, leave out, replace or swap with a neighbour (optimal string alignment).
fn distance(word: &[char], other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && word[i - 1] == *b && other[j - 1] == *a {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let keys = ["timeout", "title", "run", "on_failure"];
        assert_eq!(nearest("timout", keys), Some("timeout"));
        assert_eq!(nearest("tiemout", keys), Some("timeout"));
        assert_eq!(nearest("on-failure", keys), Some("on_failure"));
        assert_eq!(nearest("Run", keys), Some("run"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("x", ["a"]), None);
    }

    #[test]
    fn a_short_list_is_told_whole() {
        assert_eq!(
            hint("zzzz", "there are", ["one", "two"]).unwrap(),
            "there are: `one`, `two`"
        );
        assert_eq!(hint("zzzz", "there are", []), None);
    }
}
