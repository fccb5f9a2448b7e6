//! The checklist: one row a step, those of finished and future phases folded away.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::checklist::{Fold, Here, Row, RowKind, rows, shown};
use crate::app::model::{Model, Pane};
use crate::domain::run::schedule;
use crate::domain::run::state::{Route, Stand};
use crate::domain::runbook::model::StepId;
use crate::domain::sample::words::lasting;
use crate::domain::units::{clock, words};
use crate::ui::pane::{Frame, focus, lines, window};
use crate::ui::text::{apart, to_the_day};
use crate::ui::theme::Theme;

/// Draws the checklist.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let rows = rows(&model.book, &model.run, model.checklist.selected.as_ref());
    let figure = figure(model, &rows);
    let frame = Frame::new(theme, "Checklist", focus(model, Pane::Checklist)).figure(figure);
    let room = frame.draw(area, buf);
    let shown = shown(&model.book, &model.run, &model.checklist);
    let is_shown = |row: &Row| matches!(&row.kind, RowKind::Step { id, .. } if Some(id) == shown);
    let at = rows.iter().position(is_shown).unwrap_or(0);
    let seen = window(rows.len(), at, usize::from(room.height));
    let drawn = rows
        .iter()
        .enumerate()
        .take(seen.end)
        .skip(seen.start)
        .map(|(i, row)| {
            let cursor = if i == at && is_shown(row) {
                Cursor::Here
            } else {
                Cursor::Elsewhere
            };
            row_line(model, theme, row, cursor, usize::from(room.width))
        });
    lines(theme, drawn, room, buf);
}

/// Returns how many rows the pane needs with its frame.
pub fn height(model: &Model) -> u16 {
    let rows = rows(&model.book, &model.run, model.checklist.selected.as_ref());
    u16::try_from(rows.len() + 2).unwrap_or(u16::MAX)
}

/// Returns how many steps are settled of how many: `11/23`.
pub fn summary(model: &Model) -> String {
    figure(model, &rows(&model.book, &model.run, None))
}

/// The steps of the window, or, in their own sitting, those of later duties.
fn figure(model: &Model, rows: &[Row]) -> String {
    let later = model.run.route == Route::Later;
    let (done, all) = rows.iter().fold((0, 0), |(done, all), row| match row.kind {
        RowKind::Part {
            done: d,
            all: a,
            due_ms,
            ..
        } if due_ms.is_some() == later => (done + d, all + a),
        RowKind::Part { .. } | RowKind::Group | RowKind::Step { .. } => (done, all),
    });
    format!("{done}/{all}")
}

/// Whether the cursor stands on a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Here,
    Elsewhere,
}

fn row_line(model: &Model, theme: &Theme, row: &Row, cursor: Cursor, room: usize) -> Line<'static> {
    let indent = "  ".repeat(row.depth);
    let (sign, style, text_style, right) = match &row.kind {
        RowKind::Part {
            done,
            all,
            fold,
            here,
            due_ms,
        } => {
            let (sign, style, title, figure) = part(theme, *done, *all, *fold, *here);
            let due = due_ms.filter(|_| done < all);
            let right = due.map_or(figure, |due| due_in(theme, due - model.now.wall_ms));
            (sign, style, title, right)
        }
        RowKind::Group => (theme.glyphs.bullet, theme.quiet, theme.quiet, Span::raw("")),
        RowKind::Step { id, mark } => {
            let (sign, style) = theme.mark(*mark);
            (
                sign,
                style,
                title_style(theme, *mark),
                time(model, theme, id),
            )
        }
    };
    let pointer = match cursor {
        Cursor::Here => Span::styled(theme.glyphs.cursor, theme.focus),
        Cursor::Elsewhere => Span::raw(" "),
    };
    let left = Line::from(vec![
        pointer,
        Span::raw(indent),
        Span::styled(sign, style),
        Span::raw(" "),
        Span::styled(row.text.clone(), text_style),
    ]);
    let line = apart(left, Line::from(right), room, theme.glyphs.ellipsis);
    // A cursor that was moved by hand is shown all along; one that follows the run only points.
    let moved = cursor == Cursor::Here
        && model.checklist.selected.is_some()
        && model.focus == Pane::Checklist;
    if moved {
        line.style(theme.selected)
    } else {
        line
    }
}

fn part(
    theme: &Theme,
    done: usize,
    all: usize,
    fold: Fold,
    here: Here,
) -> (&'static str, Style, Style, Span<'static>) {
    let signs = theme.glyphs;
    let whole = done == all && all > 0;
    let (sign, style) = match (fold, whole, done) {
        (Fold::Open, ..) => (
            signs.open,
            if here == Here::Yes {
                theme.active
            } else {
                theme.quiet
            },
        ),
        (Fold::Shut, true, _) => (signs.marks.done, theme.good),
        (Fold::Shut, false, 0) => (signs.marks.to_come, theme.quiet),
        (Fold::Shut, false, _) => (signs.partly, theme.warning),
    };
    let title = match here {
        Here::Yes => theme.strong,
        Here::No => theme.quiet,
    };
    (
        sign,
        style,
        title,
        Span::styled(format!("{done}/{all}"), theme.quiet),
    )
}

/// Until when a later duty is due.
fn due_in(theme: &Theme, left_ms: i64) -> Span<'static> {
    let by = lasting(to_the_day(left_ms.unsigned_abs()));
    if left_ms < 0 {
        Span::styled(format!("{} {by} overdue", theme.glyphs.alarm), theme.danger)
    } else {
        Span::styled(format!("due in {by}"), theme.quiet)
    }
}

fn title_style(theme: &Theme, mark: crate::app::checklist::Mark) -> Style {
    use crate::app::checklist::Mark;
    match mark {
        Mark::Running | Mark::WaitsForYou => theme.strong,
        Mark::Failed | Mark::InDoubt => theme.danger,
        Mark::ToCome | Mark::Accepted => theme.plain,
        Mark::Done | Mark::Warned | Mark::Skipped | Mark::NotApplicable => theme.quiet,
    }
}

/// How long a step has run or took; how long it will, where that is known.
fn time(model: &Model, theme: &Theme, id: &StepId) -> Span<'static> {
    let clock_of = |ms: u64| clock(std::time::Duration::from_millis(ms));
    let usual = || {
        let step = model.book.step(id)?;
        let rehearsed = model.rehearsed.get(id).map(|(_, ms)| (id.clone(), *ms));
        let takes = schedule::takes_ms(
            &model.book,
            &model.run,
            step,
            &rehearsed.into_iter().collect(),
        )?;
        Some(Span::styled(format!("~{}", clock_of(takes)), theme.quiet))
    };
    let Some(record) = model.run.record(id) else {
        let saving =
            model.pending > 0 && shown(&model.book, &model.run, &model.checklist) == Some(id);
        return if saving {
            Span::styled("saving", theme.active)
        } else {
            usual().unwrap_or_default()
        };
    };
    match record.stand {
        Stand::Running => Span::styled(clock_of(model.running_ms(id)), theme.active),
        Stand::Waiting => usual().unwrap_or_default(),
        Stand::InDoubt | Stand::Done | Stand::Failed | Stand::Accepted | Stand::Skipped => {
            let took = record.outcome.as_ref().map(|o| match o.duration_ms {
                ms @ ..10_000 => words(std::time::Duration::from_millis(ms)),
                ms => clock_of(ms),
            });
            Span::styled(took.unwrap_or_default(), theme.quiet)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::model::Purpose;
    use crate::domain::run::state::{RunState, StepRecord};
    use crate::domain::runbook::parse::parse;
    use crate::ui::pane::tests::drawn;

    const BOOK: &str = "
runbook: 1
title: cutover
phases:
  - phase: All
    steps:
      - {step: done, confirm: ok}
      - {step: bad, run: 'true', on_failure: continue}
      - {step: left out, confirm: ok}
      - {step: in doubt, run: 'true'}
      - {step: a title that is too long for its row, run: 'true', takes: 90s}
      - group: A group
        steps:
          - {step: 漢字, confirm: ok}
  - phase: Later
    steps:
      - {step: last, confirm: ok}
";

    #[test]
    fn every_state_has_its_own_mark_and_times_stand_at_the_right() {
        let book = parse(BOOK.as_bytes(), "b", &|_| {
            Err(std::io::Error::other("none"))
        })
        .unwrap();
        let ids: Vec<StepId> = book.steps.iter().map(|s| s.id.clone()).collect();
        let stands = [Stand::Done, Stand::Accepted, Stand::Skipped, Stand::InDoubt];
        let record = |stand: &Stand| StepRecord {
            stand: stand.clone(),
            attempts: 1,
            ..StepRecord::default()
        };
        let steps = ids.iter().cloned().zip(stands.iter().map(record)).collect();
        let run = RunState {
            steps,
            ..RunState::default()
        };
        let model = Model::new(Purpose::Drive, std::sync::Arc::new(book), run);
        let rows = drawn(30, 11, |area, buf| {
            draw(&model, &Theme::default(), area, buf);
        });
        assert_eq!(
            rows,
            [
                "┏ Checklist ━━━━━━━━━━━━ 3/7 ┓",
                "┃  ▼ All                 3/6 ┃",
                "┃    ✔ done                  ┃",
                "┃    ≈ bad                   ┃",
                "┃    ⤼ left out              ┃",
                "┃ ›  ? in doubt              ┃",
                "┃    ○ a title that i… ~1:30 ┃",
                "┃    • A group               ┃",
                "┃      ○ 漢字                ┃",
                "┃  ○ Later               0/1 ┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ]
        );
    }
}
