//! The filter of a panel: words that a row must hold, in any column or in a named one, or must not.

/// One word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    column: Option<String>,
    text: String,
    wants: Wants,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    It,
    AnythingElse,
}

/// A filter: `api db:billing -celery "two words"`. Every word must be met; letters' case does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads what was typed.
    pub fn read(text: &str) -> Self {
        let terms = words(text).into_iter().filter_map(|word| term(&word));
        Self {
            terms: terms.collect(),
        }
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a row passes, given its columns' titles and texts.
    pub fn passes(&self, fields: &[(&str, &str)]) -> bool {
        self.terms.iter().all(|term| {
            let named = |title: &str| term.column.as_ref().is_some_and(|c| is_called(title, c));
            // What looks like a column and is none is part of the text: `public:`.
            let of_column = fields.iter().any(|(title, _)| named(title));
            let whole = match &term.column {
                Some(column) if !of_column => format!("{column}:{}", term.text),
                _ => term.text.clone(),
            };
            let found = fields
                .iter()
                .filter(|(title, _)| !of_column || named(title))
                .any(|(_, text)| text.to_lowercase().contains(&whole));
            found == (term.wants == Wants::It)
        })
    }
}

/// Columns go by the beginning of their titles, and by what people call them.
fn is_called(title: &str, name: &str) -> bool {
    let alias = match name {
        "db" => "database",
        "query" | "sql" | "text" => "statement",
        "state" | "wait" => "doing",
        "host" | "ip" => "client",
        other => other,
    };
    title.starts_with(alias)
}

fn term(word: &str) -> Option<Term> {
    let (wants, word) = match word.strip_prefix(['-', '!']) {
        Some(rest) => (Wants::AnythingElse, rest),
        None => (Wants::It, word),
    };
    let word = word.to_lowercase();
    let (column, text) = match word.split_once(':') {
        Some((column, text)) if !column.is_empty() => (Some(column.to_owned()), text.to_owned()),
        _ => (None, word),
    };
    // A word that is still to be typed asks for nothing yet.
    (!text.is_empty()).then_some(Term {
        column,
        text,
        wants,
    })
}

/// Splits at blanks, but not within quotes; the quotes go.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// Returns a filter's word for a column that holds `text`.
pub fn word(column: &str, text: &str) -> String {
    if text.contains(char::is_whitespace) {
        format!("{column}:\"{text}\"")
    } else {
        format!("{column}:{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str) -> bool {
        let fields = [
            ("pid", "4711"),
            ("user", "Cron"),
            ("database", "billing"),
            ("application", "nightly invoices"),
            ("statement", "SELECT * FROM public.invoices"),
        ];
        Filter::read(filter).passes(&fields)
    }

    #[test]
    fn every_word_must_be_met_whatever_its_case() {
        for (filter, met) in [
            ("", true),
            ("  ", true),
            ("cron", true),
            ("CRON bill", true),
            ("cron api", false),
            ("47", true),
        ] {
            assert_eq!(passes(filter), met, "{filter}");
        }
    }

    #[test]
    fn a_column_may_be_named_by_its_beginning_or_by_what_people_call_it() {
        for (filter, met) in [
            ("user:cron", true),
            ("user:billing", false),
            ("app:nightly", true),
            ("db:billing", true),
            ("query:invoices", true),
            ("user:", true),
            ("app:\"nightly invoices\"", true),
            ("\"nightly  invoices\"", false),
        ] {
            assert_eq!(passes(filter), met, "{filter}");
        }
    }

    #[test]
    fn a_word_may_be_unwanted_and_a_colon_may_mean_nothing() {
        assert!(!passes("-cron") && !passes("!user:cron") && passes("-api"));
        assert!(passes("-user:api select"));
        assert!(!passes("nowhere:cron") && passes("-"));
    }

    #[test]
    fn words_for_a_column_are_read_back() {
        assert_eq!(word("user", "api"), "user:api");
        assert!(passes(&word("application", "nightly invoices")));
    }
}
