//! The signs that the screen draws, for terminals that show everything and for those that show ASCII only.

use ratatui::symbols::border;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// Everything.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
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
}
