//! Colours and signs by meaning. Widgets name a meaning and never a colour, a sign and never a character.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::app::checklist::Mark;
use crate::app::model::Tone;
use crate::domain::sample::metric::Grade;

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

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// Everything.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
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

/// The signs of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// To come.
    pub to_come: &'static str,
    /// It runs.
    pub running: &'static str,
    /// It waits for a person.
    pub waits: &'static str,
    /// Done.
    pub done: &'static str,
    /// Failed.
    pub failed: &'static str,
    /// Failed and accepted.
    pub accepted: &'static str,
    /// Left out.
    pub skipped: &'static str,
    /// It may have run.
    pub in_doubt: &'static str,
    /// It does not apply.
    pub not_applicable: &'static str,
}

/// Every sign that the screen draws. Each takes one cell, but for those of `tree`, which take two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyphs {
    /// The signs of steps.
    pub marks: Marks,
    /// An open part of the checklist, and a root of the lock tree.
    pub open: &'static str,
    /// A part of which something is done.
    pub partly: &'static str,
    /// An alarm; a reading worth stopping for.
    pub alarm: &'static str,
    /// A reading worth a look.
    pub look: &'static str,
    /// Where something was cut away.
    pub ellipsis: &'static str,
    /// Between two things of one line.
    pub dot: &'static str,
    /// Leads to.
    pub arrow: &'static str,
    /// Everything is saved.
    pub saved: &'static str,
    /// Something is being saved.
    pub saving: &'static str,
    /// Nothing, in a table.
    pub nothing: &'static str,
    /// The run's own session.
    pub ours: &'static str,
    /// The row that the cursor stands on.
    pub cursor: &'static str,
    /// A box that is ticked, and one that is not.
    pub boxes: [&'static str; 2],
    /// A list's bullet.
    pub bullet: &'static str,
    /// The filled and the empty part of a bar.
    pub bar: [&'static str; 2],
    /// The levels of a sparkline, lowest first.
    pub spark: [&'static str; 8],
    /// The lock tree: a child with siblings below, the last child, a line passing by, nothing passing by.
    pub tree: [&'static str; 4],
    /// More above, more below.
    pub more: [&'static str; 2],
    /// The frame of a pane.
    pub frame: border::Set<'static>,
    /// The frame of the pane that has the keyboard.
    pub focus: border::Set<'static>,
    /// Whether anything else may be shown as it is.
    pub charset: Charset,
}

impl Glyphs {
    /// The signs of a terminal that can show everything.
    pub const UNICODE: Self = Self {
        marks: Marks {
            to_come: "○",
            running: "▶",
            waits: "◆",
            done: "✔",
            failed: "✘",
            accepted: "≈",
            skipped: "⤼",
            in_doubt: "?",
            not_applicable: "–",
        },
        open: "▼",
        partly: "◐",
        alarm: "!",
        look: "▲",
        ellipsis: "…",
        dot: "·",
        arrow: "→",
        saved: "●",
        saving: "◌",
        nothing: "–",
        ours: "◀",
        cursor: "›",
        boxes: ["☑", "☐"],
        bullet: "•",
        bar: ["▓", "░"],
        spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        tree: ["├ ", "└ ", "│ ", "  "],
        more: ["↑", "↓"],
        frame: border::PLAIN,
        focus: border::THICK,
        charset: Charset::Unicode,
    };

    /// The signs of a terminal that shows ASCII only.
    pub const ASCII: Self = Self {
        marks: Marks {
            to_come: ".",
            running: ">",
            waits: "*",
            done: "+",
            failed: "X",
            accepted: "~",
            skipped: "/",
            in_doubt: "?",
            not_applicable: "-",
        },
        open: "v",
        partly: "%",
        alarm: "!",
        look: "^",
        ellipsis: "~",
        dot: "|",
        arrow: ">",
        saved: "*",
        saving: "o",
        nothing: "-",
        ours: "<",
        cursor: ">",
        boxes: ["x", "_"],
        bullet: "-",
        bar: ["#", "."],
        spark: ["_", "_", ".", "-", "-", "=", "#", "#"],
        tree: ["|-", "`-", "| ", "  "],
        more: ["^", "v"],
        frame: ascii_frame("+", "-", "|"),
        focus: ascii_frame("#", "=", "#"),
        charset: Charset::Ascii,
    };
}

const fn ascii_frame(
    corner: &'static str,
    across: &'static str,
    down: &'static str,
) -> border::Set<'static> {
    border::Set {
        top_left: corner,
        top_right: corner,
        bottom_left: corner,
        bottom_right: corner,
        vertical_left: down,
        vertical_right: down,
        horizontal_top: across,
        horizontal_bottom: across,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::width;

    #[test]
    fn every_sign_takes_the_cells_that_it_promises() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let m = glyphs.marks;
            let single = [
                m.to_come, m.running, m.waits, m.done, m.failed, m.accepted, m.skipped, m.in_doubt,
            ];
            let more = [
                m.not_applicable,
                glyphs.open,
                glyphs.partly,
                glyphs.alarm,
                glyphs.look,
                glyphs.ellipsis,
            ];
            let signs = [
                glyphs.dot,
                glyphs.arrow,
                glyphs.saved,
                glyphs.saving,
                glyphs.nothing,
                glyphs.ours,
            ];
            let rest = [
                glyphs.cursor,
                glyphs.bullet,
                glyphs.frame.top_left,
                glyphs.focus.top_left,
            ];
            let all = single
                .iter()
                .chain(&more)
                .chain(&signs)
                .chain(&rest)
                .chain(&glyphs.boxes);
            for sign in all
                .chain(&glyphs.bar)
                .chain(&glyphs.spark)
                .chain(&glyphs.more)
            {
                assert_eq!(width(sign), 1, "{sign}");
            }
            assert!(glyphs.tree.iter().all(|t| width(t) == 2));
        }
    }

    #[test]
    fn no_two_marks_look_alike() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let m = glyphs.marks;
            let marks = [
                m.to_come,
                m.running,
                m.waits,
                m.done,
                m.failed,
                m.accepted,
                m.skipped,
                m.in_doubt,
                m.not_applicable,
            ];
            let distinct: std::collections::BTreeSet<_> = marks.iter().collect();
            assert_eq!(distinct.len(), marks.len());
        }
    }

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
