//! Whole screens, kept as text: read the snapshots before accepting them.

use crossterm::event::KeyCode;
use holdpoint::app::message::Msg;
use holdpoint::app::model::{Model, Pane};
use holdpoint::app::shown::Extents;
use holdpoint::app::start::{Open, Opening, StartScreen};
use holdpoint::app::update::update;
use holdpoint::ui::theme::{Charset, Palette, Theme};
use holdpoint::ui::{view, view_measured, view_start};
use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

mod hostile;
mod paint;
mod panels;
mod scenes;

/// The sizes that every scene is drawn at.
const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (180, 50)];

/// A scene's name and how it comes about.
type Scene = (&'static str, fn() -> Model);

const SCENES: [Scene; 12] = [
    ("fresh", scenes::fresh),
    ("storm", scenes::storm),
    ("failure", scenes::failure),
    ("failure_choices", scenes::failure_choices),
    ("typed_danger", scenes::typed_danger),
    ("deciding", scenes::deciding),
    ("confirming", scenes::confirming),
    ("lost", scenes::lost),
    ("help", scenes::help),
    ("reading", scenes::reading),
    ("monitoring", scenes::monitoring),
    ("monitor_focus", scenes::monitor_focus),
];

/// Draws into so many cells.
fn drawn((width, height): (u16, u16), draw: impl FnOnce(&mut Frame)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(draw).unwrap().buffer.clone()
}

/// Returns what a terminal would show, row by row.
fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let row = |cells: &[ratatui::buffer::Cell]| {
        let mut text = String::new();
        let mut hidden = 0;
        for cell in cells {
            if hidden == 0 {
                text.push_str(cell.symbol());
                hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            } else {
                hidden -= 1;
            }
        }
        text.trim_end().to_owned()
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

fn start_screen() -> StartScreen {
    let opening = |title: &str, detail: &str, open| Opening {
        title: title.into(),
        detail: detail.into(),
        open,
    };
    StartScreen {
        openings: vec![
            opening(
                "Alembic migration → production",
                "waits for you at 3.2 Apply the migrations, since 02:14Z",
                Open::Run("20261120T014100Z-billing-7f3a2c".into()),
            ),
            opening(
                "Alembic migration",
                "runbooks/alembic-postgresql.yaml",
                Open::Runbook("a".into()),
            ),
            opening(
                "Failover rehearsal",
                "runbooks/failover.yaml",
                Open::Runbook("b".into()),
            ),
            opening(
                "The demonstration",
                "a throw-away PostgreSQL and a migration that meets a lock",
                Open::Demo,
            ),
        ],
        cursor: 0,
        notice: String::new(),
    }
}

#[test]
fn every_scene_at_every_size() {
    let theme = Theme::default();
    for (name, scene) in SCENES {
        let model = scene();
        for size in SIZES {
            let buffer = drawn(size, |frame| view(&model, &theme, frame));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), text(&buffer));
        }
    }
}

#[test]
fn the_start_screen_at_every_size() {
    for size in SIZES {
        let buffer = drawn(size, |frame| {
            view_start(&start_screen(), &Theme::default(), frame);
        });
        insta::assert_snapshot!(format!("start_{}x{}", size.0, size.1), text(&buffer));
    }
}

#[test]
fn a_choice_stays_made_and_marked_while_its_reason_is_typed() {
    let model = scenes::deciding_with_a_reason();
    let text = text(&drawn((80, 24), |frame| {
        view(&model, &Theme::default(), frame);
    }));
    assert!(text.contains("› Roll back"), "{text}");
    assert!(
        text.contains("Enter takes the marked way: Roll back"),
        "{text}"
    );
    assert!(text.contains("errors doubled"), "{text}");
}

#[test]
fn a_question_is_read_from_its_top_and_typing_brings_its_field_into_sight() {
    let rows = |story: &scenes::Story| {
        text(&drawn((60, 16), |frame| {
            view(&story.model, &Theme::default(), frame);
        }))
    };
    let mut story = scenes::long_question();
    let first = rows(&story);
    assert!(first.contains("line 1 of the instruction"), "{first}");
    assert!(!first.contains("Link") && first.contains('↓'), "{first}");
    story.key(KeyCode::Tab);
    let field = rows(&story);
    assert!(field.contains("Link") && field.contains('↑'), "{field}");
    story.key(KeyCode::PageUp);
    story.key(KeyCode::PageUp);
    story.key(KeyCode::PageUp);
    assert!(rows(&story).contains("line 1 of the instruction"));
}

#[test]
fn a_tiny_terminal_says_so_and_that_the_run_goes_on() {
    let model = scenes::storm();
    let buffer = drawn((59, 16), |frame| view(&model, &Theme::default(), frame));
    insta::assert_snapshot!("tiny", text(&buffer));
}

#[test]
fn without_colours_nothing_is_coloured_and_everything_is_still_told() {
    let model = scenes::storm();
    let plain = Theme::new(Palette::Plain, Charset::Unicode);
    let coloured = drawn((120, 40), |frame| view(&model, &Theme::default(), frame));
    let uncoloured = drawn((120, 40), |frame| view(&model, &plain, frame));
    assert_eq!(text(&coloured), text(&uncoloured));
    let reset = ratatui::style::Color::Reset;
    assert!(
        uncoloured
            .content
            .iter()
            .all(|c| c.fg == reset && c.bg == reset)
    );
}

#[test]
fn an_ascii_terminal_gets_ascii_only() {
    let ascii = Theme::new(Palette::Colours, Charset::Ascii);
    for (name, scene) in SCENES {
        let model = scene();
        let buffer = drawn((120, 40), |frame| view(&model, &ascii, frame));
        assert!(text(&buffer).is_ascii(), "{name}");
        if name == "storm" {
            insta::assert_snapshot!("storm_ascii", text(&buffer));
        }
    }
}

/// Draws as the program does: what was moved too far is taken back.
fn drawn_and_laid(story: &mut scenes::Story, size: (u16, u16)) -> String {
    let mut extents = Extents::default();
    let buffer = drawn(size, |frame| {
        extents = view_measured(&story.model, &Theme::default(), frame);
    });
    let _ = update(&mut story.model, Msg::Laid(extents));
    text(&buffer)
}

#[test]
fn a_long_command_can_be_read_to_its_end_and_no_further() {
    let mut story = scenes::long_command();
    for size in [(80, 24), (120, 40), (180, 50)] {
        story.model.focus = Pane::Output;
        story.key(KeyCode::Home);
        let first = drawn_and_laid(&mut story, size);
        assert!(first.contains("line 1 of the script"), "{first}");
        assert!(first.contains("more lines below: ]"), "{first}");
        for _ in 0..60 {
            story.key(KeyCode::Char(']'));
            drawn_and_laid(&mut story, size);
        }
        let last = drawn_and_laid(&mut story, size);
        assert!(last.contains("line 80 of the script"), "{last}");
        assert!(!last.contains("more lines below"), "{last}");
        story.key(KeyCode::Up);
        story.key(KeyCode::Up);
        let up = drawn_and_laid(&mut story, size);
        assert!(
            up.contains("2 more lines below"),
            "one key is one row:\n{up}"
        );
    }
}

#[test]
fn a_dialog_is_not_paged_past_its_end() {
    let mut story = scenes::Story::opened();
    story.key(KeyCode::Char('?'));
    let size = (80, 24);
    drawn_and_laid(&mut story, size);
    for _ in 0..40 {
        story.key(KeyCode::PageDown);
        drawn_and_laid(&mut story, size);
    }
    let end = drawn_and_laid(&mut story, size);
    story.key(KeyCode::PageUp);
    let up = drawn_and_laid(&mut story, size);
    assert_ne!(end, up, "the first page up moves");
    for _ in 0..40 {
        story.key(KeyCode::PageUp);
        drawn_and_laid(&mut story, size);
    }
    assert!(drawn_and_laid(&mut story, size).contains("Everywhere"));
}
