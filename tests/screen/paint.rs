//! Writes every scene with its colours as a terminal would get it, for `assets/dev/screenshot.py` and the eye.

use std::fmt::Write as _;

use holdpoint::ui::theme::Theme;
use holdpoint::ui::{view, view_start};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::{SCENES, SIZES, drawn, start_screen};

fn sgr(cell: &Cell) -> String {
    let mut codes = String::from("0");
    let base = |c: Color| match c {
        Color::Red => Some(1),
        Color::Green => Some(2),
        Color::Yellow => Some(3),
        Color::Cyan => Some(6),
        _ => None,
    };
    if let Some(n) = base(cell.fg) {
        let _ = write!(codes, ";{}", 30 + n);
    }
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
    ] {
        if cell.modifier.contains(modifier) {
            let _ = write!(codes, ";{code}");
        }
    }
    format!("\u{1b}[{codes}m")
}

fn painted(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut hidden = 0;
        for cell in row {
            if hidden == 0 {
                text.push_str(&sgr(cell));
                text.push_str(cell.symbol());
                hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            } else {
                hidden -= 1;
            }
        }
        text.push_str("\u{1b}[0m\n");
    }
    text
}

#[test]
#[ignore = "paints for the eye: PAINT_DIR=… cargo test --test screen -- --ignored"]
fn paint_every_scene() {
    let dir = std::path::PathBuf::from(std::env::var("PAINT_DIR").unwrap());
    for (name, scene) in SCENES {
        let model = scene();
        for size in SIZES {
            let buffer = drawn(size, |frame| view(&model, &Theme::default(), frame));
            std::fs::write(
                dir.join(format!("{name}_{}x{}.ansi", size.0, size.1)),
                painted(&buffer),
            )
            .unwrap();
        }
    }
    let buffer = drawn((120, 40), |frame| {
        view_start(&start_screen(), &Theme::default(), frame);
    });
    std::fs::write(dir.join("start_120x40.ansi"), painted(&buffer)).unwrap();
}
