//! Statements of MySQL and MariaDB as text: where one ends, what kind it is, and whether it commits by itself.

mod kind;
mod split;

pub use kind::{commits, effect, leaves_open, name, refusal, returns_rows};
pub use split::{Mode, split, split_as};
pub(in crate::domain) use split::{comment, quoted};

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in r#"[a-z'"`#;(/*!\-\\ eä\n]{0,60}"#) {
            for s in &split(&text) {
                let from: String = text.chars().skip(s.start).collect();
                proptest::prop_assert!(from.starts_with(s.text));
                let _ = (name(s), effect(s), refusal(s), commits(s), returns_rows(s));
            }
        }
    }
}
