//! Colours and signs by meaning. Widgets name a meaning and never a colour, a sign and never a character.

use ratatui::style::{Color, Modifier, Style};

use crate::app::checklist::Mark;
use crate::app::model::Tone;
use crate::domain::sample::metric::Grade;
pub use crate::ui::glyphs::{Charset, Glyphs};

/// One style for each meaning, and the signs that the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Text.
    pub plain: Style,
    /// What can wait.
    pub quiet: Style,
    /// What names the thing at hand.
    pub strong: Style,
    /// What is under way or asks for attention.
    pub active: Style,
    /// What went well.
    pub good: Style,
    /// A warning.
    pub warning: Style,
    /// What can do harm or has.
    pub danger: Style,
    /// A protected target's name.
    pub protected: Style,
    /// The run's own sessions.
    pub ours: Style,
    /// Where the cursor stands.
    pub selected: Style,
    /// What Enter does now.
    pub call: Style,
    /// A key's name.
    pub key: Style,
    /// The frame of the pane that has the keyboard.
    pub focus: Style,
    /// The frame of any other pane.
    pub frame: Style,
    /// The signs.
    pub glyphs: &'static Glyphs,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// They are.
    #[default]
    Colours,
    /// They are not: `NO_COLOR` is set, or the terminal knows none.
    Plain,
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(Palette::default(), Charset::default())
    }
}

impl Theme {
    /// Returns the theme for a palette and a charset.
    pub fn new(palette: Palette, charset: Charset) -> Self {
        let glyphs = match charset {
            Charset::Unicode => &Glyphs::UNICODE,
            Charset::Ascii => &Glyphs::ASCII,
        };
        match palette {
            Palette::Colours => Self::coloured(glyphs),
            Palette::Plain => Self::uncoloured(glyphs),
        }
    }

    /// Returns the theme that the environment asks for: `NO_COLOR`, `TERM`, and the locale's `LC_ALL`, `LC_CTYPE`,
    /// `LANG`.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let palette = if set("NO_COLOR").is_some() || term == "dumb" || term.starts_with("vt1") {
            Palette::Plain
        } else {
            Palette::Colours
        };
        let locale = set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"));
        let locale = locale.unwrap_or_default().to_lowercase();
        let charset = if locale.contains("utf-8") || locale.contains("utf8") {
            Charset::Unicode
        } else {
            Charset::Ascii
        };
        Self::new(palette, charset)
    }

    // Only the eight colours that every terminal maps to something readable on its own background.
    fn coloured(glyphs: &'static Glyphs) -> Self {
        let of = |colour: Color| Style::new().fg(colour);
        Self {
            active: of(Color::Cyan).add_modifier(Modifier::BOLD),
            good: of(Color::Green),
            warning: of(Color::Yellow).add_modifier(Modifier::BOLD),
            danger: of(Color::Red).add_modifier(Modifier::BOLD),
            protected: of(Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED),
            ours: of(Color::Cyan),
            call: of(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::REVERSED),
            key: of(Color::Cyan).add_modifier(Modifier::BOLD),
            focus: of(Color::Cyan).add_modifier(Modifier::BOLD),
            ..Self::uncoloured(glyphs)
        }
    }

    fn uncoloured(glyphs: &'static Glyphs) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let quiet = plain.add_modifier(Modifier::DIM);
        Self {
            plain,
            quiet,
            strong: bold,
            active: bold,
            good: plain,
            warning: bold,
            danger: bold,
            protected: bold.add_modifier(Modifier::REVERSED),
            ours: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            call: bold.add_modifier(Modifier::REVERSED),
            key: bold,
            focus: bold,
            frame: quiet,
            glyphs,
        }
    }

    /// Returns the style of a tone.
    pub fn tone(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => self.plain,
            Tone::Quiet => self.quiet,
            Tone::Active => self.active,
            Tone::Good => self.good,
            Tone::Warning => self.warning,
            Tone::Danger => self.danger,
        }
    }

    /// Returns the style of a reading, and the mark that goes with it: never colour alone.
    pub fn grade(&self, grade: Grade) -> (Style, &'static str) {
        match grade {
            Grade::Calm => (self.plain, " "),
            Grade::Look => (self.warning, self.glyphs.look),
            Grade::Stop => (self.danger, self.glyphs.alarm),
        }
    }

    /// Returns the sign and the style of a step's mark.
    pub fn mark(&self, mark: Mark) -> (&'static str, Style) {
        let signs = self.glyphs.marks;
        match mark {
            Mark::ToCome => (signs.to_come, self.quiet),
            Mark::Running => (signs.running, self.active),
            Mark::WaitsForYou => (signs.waits, self.active),
            Mark::Done => (signs.done, self.good),
            Mark::Warned => (self.glyphs.look, self.warning),
            Mark::Failed => (signs.failed, self.danger),
            Mark::Accepted => (signs.accepted, self.warning),
            Mark::Skipped => (signs.skipped, self.warning),
            Mark::InDoubt => (signs.in_doubt, self.danger),
            Mark::NotApplicable => (signs.not_applicable, self.quiet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_colours_and_signs() {
        let theme = |pairs: &[(&str, &str)]| {
            let found = |name: &str| {
                pairs
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            };
            Theme::from_environment(found)
        };
        let utf8 = theme(&[("LANG", "en_US.UTF-8"), ("TERM", "xterm-256color")]);
        assert_eq!(utf8, Theme::new(Palette::Colours, Charset::Unicode));
        assert_eq!(
            theme(&[("LANG", "C.utf8"), ("NO_COLOR", "1")]),
            Theme::new(Palette::Plain, Charset::Unicode)
        );
        assert_eq!(
            theme(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]).glyphs,
            &Glyphs::ASCII
        );
        assert_eq!(theme(&[]), Theme::new(Palette::Colours, Charset::Ascii));
    }
}
