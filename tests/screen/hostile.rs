//! Whatever comes from outside, and however small or large the terminal is: drawing never panics, never leaves its area.

use holdpoint::app::model::{Model, Pane, Zoom};
use holdpoint::app::monitor::panel::PANELS;
use std::sync::Arc;

use holdpoint::domain::run::event::Event;
use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::extra::{Lack, Statement, Statements, Table, Tables};
use holdpoint::domain::sample::model::{OwnReading, Prepared, Progress, Sender, Slot};
use holdpoint::ui::theme::{Charset, Palette, Theme};
use holdpoint::ui::view;
use proptest::prelude::*;

use crate::{SCENES, drawn, scenes};

/// Names and statements as they come when nobody is kind.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("漢字テスト".repeat(40)),
        Just("e\u{301}\u{302}\u{303}".repeat(60)),
        Just("👩\u{200d}👩\u{200d}👧\u{200d}👦🇩🇪".repeat(9)),
        Just("\u{202e}dlrow\u{200b}\u{feff}".to_owned()),
        Just("x".repeat(5_000)),
        Just("\t\u{1b}[31m\r\nafter\u{7f}".to_owned()),
        ".{0,60}",
    ]
}

fn dressed(mut model: Model, words: &[String]) -> Model {
    let mut words = words.iter().cycle();
    let mut word = || words.next().cloned().unwrap_or_default();
    let book = std::sync::Arc::make_mut(&mut model.book);
    book.title = word();
    for step in &mut book.steps {
        step.title = word();
        step.note = Some(word());
    }
    for phase in &mut book.phases {
        phase.title = word();
    }
    if let Some(sample) = &mut model.monitor.sample {
        for session in &mut sample.sessions {
            session.user = word();
            session.application = word();
            session.query = word();
            session.state = word();
        }
        sample.notes = vec![word()];
        foreign(sample, &mut word);
    }
    model.monitor.arrange().filter = word();
    model
        .output
        .take(format!("{}\n{}", word(), word()).as_bytes(), 7);
    if let Some(dialog) = &mut model.dialog {
        dialog.title = word();
        dialog.problem = Some(word());
        for (_, sentence) in &mut dialog.sentences {
            *sentence = word();
        }
        for offer in &mut dialog.choices {
            offer.label = word();
            offer.hint = word();
        }
        for field in &mut dialog.fields {
            field.label = word();
            field.area.insert_str(word());
        }
    }
    model.say(holdpoint::app::model::Tone::Warning, word());
    model.run.opened.target = word();
    model
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_from_outside_breaks_the_screen(
        scene in 0..SCENES.len(),
        width in 1_u16..=250,
        height in 1_u16..=80,
        words in proptest::collection::vec(text(), 1..8),
        focus in 0..3_usize,
        panel in 0..PANELS.len(),
        zoomed in any::<bool>(),
        ascii in any::<bool>(),
        scroll in -40_i16..40,
    ) {
        let mut model = dressed((SCENES[scene].1)(), &words);
        model.focus = [Pane::Checklist, Pane::Output, Pane::Monitor][focus];
        model.monitor.panel = PANELS[panel];
        model.zoom = if zoomed { Zoom::Full } else { Zoom::Shared };
        if let Some(dialog) = &mut model.dialog {
            dialog.scroll = scroll;
        }
        let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
        let theme = Theme::new(Palette::Colours, charset);
        let buffer = drawn((width, height), |frame| view(&model, &theme, frame));
        prop_assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
        // A wide character at the edge would be drawn over the border of the terminal.
        for row in buffer.content.chunks(usize::from(width)) {
            let last = row.last().map_or("", |cell| cell.symbol());
            prop_assert!(unicode_width::UnicodeWidthStr::width(last) < 2, "{last}");
        }
    }
}

#[test]
fn a_frame_stays_whole_around_wide_characters() {
    let mut story = scenes::Story::opened();
    story.sample(scenes::calm());
    let model = dressed(story.model, &["漢字テスト".repeat(40)]);
    let buffer = drawn((120, 40), |frame| view(&model, &Theme::default(), frame));
    let column = |x: u16| {
        (3..37)
            .map(|y| buffer[(x, y)].symbol().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(
        column(119).iter().all(|s| "│┃┐┘┓┛".contains(s.as_str())),
        "{:?}",
        column(119)
    );
    assert!(
        column(0).iter().all(|s| "│┃┌└┏┗".contains(s.as_str())),
        "{:?}",
        column(0)
    );
}

#[test]
fn a_closed_run_and_an_empty_runbook_are_drawn_too() {
    let mut story = scenes::Story::opened();
    story.tell(Event::RunClosed(holdpoint::domain::run::event::Closed {
        status: holdpoint::domain::run::event::Status::Partial,
        remark: String::new(),
        clock_offset_ms: None,
    }));
    let mut empty = scenes::Story::opened().model;
    empty.book = std::sync::Arc::default();
    for model in [story.model, empty] {
        let buffer = drawn((180, 50), |frame| view(&model, &Theme::default(), frame));
        assert!(crate::text(&buffer).contains("PRODUCTION"));
    }
}

/// What else comes from outside: names of tables, statements, replicas, slots, values.
fn foreign(sample: &mut Sample, word: &mut impl FnMut() -> String) {
    sample.extras.tables = Some(Arc::new(Tables {
        rows: vec![Table {
            name: word(),
            bytes: u64::MAX,
            dead: u64::MAX / 2,
            grown: Some(i64::MIN),
            writes_per_s: Some(f64::NAN),
            ..Table::default()
        }],
        lack: Some(Lack::Refused(word())),
        ..Tables::default()
    }));
    sample.extras.statements = Some(Arc::new(Statements {
        rows: vec![Statement {
            query: word(),
            user: word(),
            database: word(),
            share: f64::INFINITY,
            total_ms: f64::MAX,
            temp_blocks: u64::MAX,
            ..Statement::default()
        }],
        ..Statements::default()
    }));
    sample.values = vec![OwnReading {
        name: word(),
        value: Some(word()),
        error: word(),
        age_ms: u64::MAX,
    }];
    for client in &mut sample.counts.by_client {
        (client.user, client.application) = (word(), word());
    }
    let Some(server) = &mut sample.server else {
        return;
    };
    server.database_bytes = Some(u64::MAX);
    server.senders = vec![Sender {
        application: word(),
        client: word(),
        state: word(),
        unreplayed: Some(u64::MAX),
        ..Sender::default()
    }];
    server.slots = vec![Slot {
        name: word(),
        kind: word(),
        wal_status: word(),
        ..Slot::default()
    }];
    server.progress = vec![Progress {
        command: word(),
        phase: word(),
        relation: word(),
        unit: word(),
        done: u64::MAX,
        total: 1,
        rate: Some(f64::INFINITY),
        left_ms: Some(u64::MAX),
        ..Progress::default()
    }];
    server.prepared = vec![Prepared {
        gid: word(),
        owner: word(),
        ..Prepared::default()
    }];
}
