//! Every monitor panel, full, empty, filtered and frozen.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be told is a broken test"
)]

mod server;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use holdpoint::app::message::{Came, Msg};
use holdpoint::app::model::{Model, Now, Purpose};
use holdpoint::app::monitor::panel::{PANELS, Panel};
use holdpoint::app::update::update;
use holdpoint::domain::run::state::RunState;
use holdpoint::domain::runbook::model::ServerRole;
use holdpoint::domain::sample::extra::{Lack, Statements, Tables};
use holdpoint::domain::sample::machine::{Disk, Machine, Taken};
use holdpoint::domain::sample::model::{Extras, Receiver, Sample, Server};
use holdpoint::domain::sample::news::MonitorNews;
use holdpoint::ui::theme::{Charset, Palette, Theme};
use holdpoint::ui::view;

use crate::panels::server::full;
use crate::{drawn, scenes, text};

const MIB: u64 = 1_048_576;

/// A model that watches, and is told samples and keys.
pub struct Watcher {
    pub model: Model,
}

impl Watcher {
    /// Beside a run: the values are the runbook's.
    pub fn new(purpose: Purpose) -> Self {
        let mut model = Model::new(purpose, Arc::new(scenes::book()), RunState::default());
        model.focus = holdpoint::app::model::Pane::Monitor;
        model.now = Now {
            wall_ms: 1_795_140_000_000,
            mono_ms: 10_000_000,
        };
        Self { model }
    }

    pub fn sample(&mut self, sample: Sample) {
        let news = MonitorNews::Sampled(Box::new(sample));
        let _ = update(&mut self.model, Msg::Monitor(news));
    }

    pub fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                '↓' => KeyCode::Down,
                c => KeyCode::Char(c),
            };
            let at_ms = self.model.now.mono_ms;
            let _ = update(
                &mut self.model,
                Msg::Key {
                    key: KeyEvent::from(code),
                    at_ms,
                    came: Came::Alone,
                },
            );
        }
    }

    pub fn later(&mut self, seconds: u64) {
        let now = Now {
            wall_ms: self.model.now.wall_ms + i64::try_from(seconds * 1_000).unwrap(),
            mono_ms: self.model.now.mono_ms + seconds * 1_000,
        };
        let _ = update(&mut self.model, Msg::Tick(now));
    }

    pub fn screen(&self, size: (u16, u16)) -> String {
        text(&drawn(size, |frame| {
            view(&self.model, &Theme::default(), frame);
        }))
    }
}

/// A server on which everything happens at once.
pub fn busy(purpose: Purpose) -> Watcher {
    let mut watcher = Watcher::new(purpose);
    for step in 1..=6 {
        watcher.sample(full(step));
        watcher.later(2);
    }
    watcher
}

#[test]
fn every_panel_full() {
    let mut watcher = busy(Purpose::Watch);
    for (panel, key) in PANELS.into_iter().zip("123456789".chars()) {
        watcher.keys(&key.to_string());
        assert_eq!(watcher.model.monitor.panel, panel);
        watcher.keys("z");
        for size in [(80, 24), (140, 30)] {
            let name = format!("panel_{}_{}x{}", panel.name(), size.0, size.1);
            insta::assert_snapshot!(name, watcher.screen(size));
        }
        watcher.keys("z");
    }
}

#[test]
fn a_server_alone_at_the_sizes_that_dbas_use() {
    let mut watcher = busy(Purpose::Monitor);
    for (key, size) in [("5", (80, 30)), ("7", (120, 40)), ("8", (170, 46))] {
        watcher.keys(key);
        let name = format!("alone_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, watcher.screen(size));
    }
}

#[test]
fn an_empty_panel_says_what_is_missing_and_why() {
    let mut watcher = Watcher::new(Purpose::Monitor);
    let lacking = Sample {
        sessions: Vec::new(),
        extras: Extras {
            tables: Some(Arc::new(Tables {
                lack: Some(Lack::Locked),
                ..Tables::default()
            })),
            statements: Some(Arc::new(Statements {
                lack: Some(Lack::NotInstalled),
                ..Statements::default()
            })),
        },
        ..scenes::calm()
    };
    watcher.sample(lacking);
    for (key, said) in [
        ("1", "nobody waits for a lock"),
        ("3", "nobody works, waits or holds a transaction open"),
        ("4", "nothing is in progress"),
        ("5", "no replica is fed by this server"),
        ("7", "somebody has locked a catalog exclusively"),
        ("8", "CREATE EXTENSION"),
    ] {
        watcher.keys(key);
        let screen = watcher.screen((80, 24));
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
    watcher.sample(Sample::default());
    for (key, said) in [
        ("4", "counters were not read yet"),
        ("6", "counters were not read yet"),
        ("7", "the tables are being read"),
        ("8", "the statements are being read"),
    ] {
        watcher.keys(key);
        let screen = watcher.screen((80, 24));
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
}

#[test]
fn a_filter_is_typed_live_shown_and_cleared() {
    let mut watcher = busy(Purpose::Monitor);
    watcher.keys("3/user:worker");
    let screen = watcher.screen((120, 40));
    assert!(screen.contains("3 Activity /user:worker_"), "{screen}");
    assert!(screen.contains("1 of 10"), "{screen}");
    assert!(!screen.contains("customers"), "{screen}");
    assert!(screen.contains("enter keep it"), "{screen}");
    watcher.keys("x\n");
    let screen = watcher.screen((120, 40));
    assert!(screen.contains("/user:workerx "), "{screen}");
    assert!(screen.contains("none of 10 rows passes"), "{screen}");
    watcher.keys("\u{1b}");
    assert!(watcher.screen((120, 40)).contains("5 · by for"));
    // In the tree a branch stays that leads to what is looked for.
    watcher.keys("1/celery\n");
    let screen = watcher.screen((120, 40));
    assert!(screen.contains("└ 4822 celery"), "{screen}");
    assert!(screen.contains("▼ 4711"), "{screen}");
    let tree = screen.lines().filter(|l| l.contains("4810 +30"));
    assert_eq!(tree.count(), 0, "{screen}");
}

#[test]
fn what_the_rows_are_sorted_by_is_seen_at_every_width() {
    let mut watcher = busy(Purpose::Monitor);
    watcher.keys("3");
    for size in [(80, 24), (100, 30), (140, 40), (180, 50)] {
        for _ in 0..9 {
            watcher.keys("o");
            let table = holdpoint::app::monitor::table(&watcher.model, Panel::Activity).unwrap();
            let by = table.columns[table.sort].title;
            let screen = watcher.screen(size);
            assert!(screen.contains(&format!("by {by} ↓")), "{by}:\n{screen}");
            assert!(screen.contains(&format!("{by}↓")), "{by}:\n{screen}");
        }
    }
}

#[test]
fn on_the_servers_own_machine_activity_tells_what_each_session_takes() {
    let mut watcher = busy(Purpose::Monitor);
    watcher.keys("3");
    assert!(!watcher.screen((180, 50)).contains(" cpu"));
    let mut sample = full(7);
    sample.machine = Some(Machine {
        load: [3.1, 2.04, 0.5],
        processors: 8,
        memory: 33_000_000_000,
        available: 12_000_000_000,
        tells_disks: false,
    });
    let mut taken = Taken {
        cpu: Some(0.34),
        memory: Some(31_000_000),
        disk: None,
    };
    sample.sessions[0].taken = Some(taken.clone());
    watcher.sample(sample.clone());
    let screen = watcher.screen((180, 50));
    assert!(
        screen.contains("cpu") && screen.contains("34 %"),
        "{screen}"
    );
    let machine = "load 3.10 2.04 0.50 on 8 CPUs · 36 % of 33 GB free";
    assert!(screen.contains(machine), "{screen}");
    watcher.keys("z");
    let screen = watcher.screen((180, 50));
    assert!(
        screen.contains("31 MB") && !screen.contains("written"),
        "{screen}"
    );
    taken.disk = Some(Disk {
        read: 5_400_000.0,
        written: 0.0,
    });
    sample.sessions[0].taken = Some(taken);
    sample.machine.as_mut().unwrap().tells_disks = true;
    watcher.sample(sample.clone());
    assert!(watcher.screen((180, 50)).contains("5.4 MB/s"));
    assert!(!watcher.screen((80, 24)).contains("5.4 MB/s"));
    watcher.keys("ooo");
    let screen = watcher.screen((80, 24));
    assert!(
        screen.contains("read↓") && screen.contains("5.4 MB/s"),
        "{screen}"
    );
    // The columns stay where nobody has been looked at twice yet.
    sample.sessions[0].taken = None;
    watcher.sample(sample);
    assert!(watcher.screen((80, 24)).contains("read↓"));
}

#[test]
fn a_filter_in_the_tree_finds_who_is_folded() {
    let mut watcher = Watcher::new(Purpose::Monitor);
    let mut sample = scenes::lock_storm();
    let mut waiter = sample.session(4810).unwrap().clone();
    for pid in 7001..7006 {
        (waiter.pid, waiter.user) = (pid, "dana".into());
        if let Some(lock) = &mut waiter.lock {
            lock.place += 1;
        }
        sample.sessions.push(waiter.clone());
    }
    watcher.sample(sample);
    watcher.keys("1");
    assert!(!watcher.screen((80, 24)).contains(" 7003 "));
    watcher.keys("/pid:7003\n");
    let screen = watcher.screen((80, 24));
    assert!(screen.contains(" 7003 "), "{screen}");
    assert!(!screen.contains(" 7004 "), "{screen}");
}

#[test]
fn frozen_panels_keep_their_rows_and_tell_their_age() {
    let mut watcher = busy(Purpose::Monitor);
    watcher.keys("3 ");
    watcher.sample(scenes::calm());
    watcher.later(41);
    let screen = watcher.screen((120, 40));
    assert!(screen.contains("frozen, 43 s old"), "{screen}");
    assert!(screen.contains("4711"), "{screen}");
    // The header goes on: nobody waits any more.
    assert!(!screen.contains("33 sessions wait behind"), "{screen}");
    watcher.keys(" ");
    assert!(!watcher.screen((120, 40)).contains("4711 cron"));
}

#[test]
fn the_cursor_keeps_to_its_row_while_rows_come_and_go() {
    let mut watcher = busy(Purpose::Monitor);
    watcher.keys("3↓↓o");
    let selected = watcher.model.monitor.selected_session().map(|s| s.pid);
    assert!(selected.is_some());
    watcher.keys("OoO");
    watcher.sample(full(9));
    assert_eq!(
        watcher.model.monitor.selected_session().map(|s| s.pid),
        selected
    );
}

#[test]
fn without_unicode_every_panel_is_told_in_ascii() {
    let mut watcher = busy(Purpose::Monitor);
    let ascii = Theme::new(Palette::Plain, Charset::Ascii);
    for key in "123456789".chars() {
        watcher.keys(&key.to_string());
        let buffer = drawn((170, 46), |frame| view(&watcher.model, &ascii, frame));
        assert!(text(&buffer).is_ascii(), "{key}");
    }
}

#[test]
fn a_standby_says_where_it_is_fed_and_that_it_stands_still() {
    let mut watcher = Watcher::new(Purpose::Monitor);
    let mut sample = scenes::calm();
    sample.server = Some(Server {
        role: Some(ServerRole::Standby),
        receiver: Some(Receiver {
            status: "streaming".into(),
            from: "10.0.4.10:5432".into(),
            unreplayed: Some(80 * MIB),
            pause: "paused".into(),
            stuck_ms: Some(75_000),
            heard_ms: Some(1_000),
            ..Receiver::default()
        }),
        ..Server::default()
    });
    watcher.sample(sample);
    watcher.keys("5z");
    assert_eq!(watcher.model.monitor.panel, Panel::Replication);
    let screen = watcher.screen((170, 46));
    for said in [
        "fed by",
        "10.0.4.10:5432",
        "replay paused",
        "has not moved for 75 s",
    ] {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
}
