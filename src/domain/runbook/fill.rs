//! `fill`: an author's placeholders, as `<host>`, give way to parameters without a byte of the block being edited.
//!
//! In a script each becomes the shell's own variable, quoted for the place where it stands, so that no value can become
//! code; in SQL it becomes `${name}` or `${name:ident}`. Where neither is safe the step is refused.

mod shell;
mod statements;
#[cfg(test)]
mod tests;

pub use shell::shell;
pub use statements::{is_plain_sql, statements};

/// Why a placeholder cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{placeholder}` stands {place}, where no value can safely be put")]
pub struct Unfilled {
    /// The placeholder as written.
    pub placeholder: String,
    /// Where it stands.
    pub place: &'static str,
}

/// Placeholders and the names of the parameters that stand for them.
pub type Fills = [(String, String)];

/// Whose quoting a script follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// sh, bash, zsh.
    Posix,
    /// PowerShell.
    Power,
    /// Any other: nothing can be filled in.
    Unknown,
}

impl Dialect {
    /// Returns whose quoting the shell `words` follows; none is the default shell.
    pub fn of(words: &[String]) -> Self {
        let name = words
            .first()
            .map(|w| w.rsplit('/').next().unwrap_or_default());
        match name {
            None | Some("bash" | "sh" | "zsh" | "dash" | "ksh" | "ash") => Self::Posix,
            Some("pwsh" | "powershell") => Self::Power,
            Some(_) => Self::Unknown,
        }
    }
}

/// Returns the placeholder that `text` begins with, and its name; the longest where several do.
fn at_start<'a>(text: &str, fills: &'a Fills) -> Option<&'a (String, String)> {
    fills
        .iter()
        .filter(|(placeholder, _)| {
            !placeholder.is_empty() && text.starts_with(placeholder.as_str())
        })
        .max_by_key(|(placeholder, _)| placeholder.len())
}

fn refused(placeholder: &str, place: &'static str) -> Unfilled {
    Unfilled {
        placeholder: placeholder.to_owned(),
        place,
    }
}
