//! A session is looked at, cancelled, ended.

use super::*;
use crate::domain::sample::machine::{Disk, Machine, Taken};

/// Six who want the same lock behind 1, the first of 40.
fn storm() -> Sample {
    let mut storm = sample(40);
    let waiter = storm.sessions.remove(2);
    storm.sessions.extend((10..16).map(|pid| {
        let mut waiter = waiter.clone();
        (waiter.pid, waiter.backend_start) = (pid, format!("start of {pid}"));
        waiter.lock = waiter.lock.map(|lock| LockWait {
            group: "same".into(),
            place: u32::try_from(pid - 9).unwrap(),
            of: 40,
            ..lock
        });
        waiter
    }));
    storm
}

#[test]
fn those_who_wait_alike_have_one_row_unless_somebody_looks_for_one() {
    let mut desk = at_panels();
    told(&mut desk, storm());
    assert_eq!(pids(&desk), [1, 2, 10]);
    let cells = |desk: &Desk| {
        let table = crate::app::monitor::table(&desk.model, Panel::Activity).unwrap();
        table
            .rows
            .into_iter()
            .map(|r| format!("{:?}", r.cells[5].value))
            .collect::<Vec<_>>()
    };
    assert!(
        cells(&desk)[2].contains("40 behind 1"),
        "{:?}",
        cells(&desk)
    );
    desk.press(KeyCode::Char('/'));
    typed(&mut desk, "dana");
    assert_eq!(pids(&desk), [10, 11, 12, 13, 14, 15]);
    let said = crate::app::monitor::hint(&desk.model, Panel::Activity);
    let counted = "34 further back in the queues are only counted, and not filtered";
    assert_eq!(said.as_deref(), Some(counted));
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    let selected = |desk: &Desk| desk.model.monitor.selected_session().map(|s| s.pid);
    assert_eq!(selected(&desk), Some(12));
    // The filter goes, the row under the cursor stays.
    desk.press(KeyCode::Esc);
    assert_eq!(pids(&desk), [1, 2, 10, 12]);
    assert!(
        cells(&desk)[2].contains("39 behind 1"),
        "{:?}",
        cells(&desk)
    );
    let said = crate::app::monitor::hint(&desk.model, Panel::Activity).unwrap();
    assert!(said.starts_with("N behind: so many wait"), "{said}");
}

#[test]
fn acting_on_a_row_that_stands_for_many_says_that_it_is_one() {
    let mut desk = at_panels();
    told(&mut desk, storm());
    for _ in 0..3 {
        desk.press(KeyCode::Down);
    }
    desk.press(KeyCode::Char('t'));
    let dialog = desk.model.dialog.as_ref().unwrap();
    let said: Vec<&str> = dialog.sentences.iter().map(|s| s.1.as_str()).collect();
    let others = "It only waits behind 1; 39 more that want the same go on waiting.";
    assert!(said.contains(&others), "{said:?}");
    assert!(matches!(&dialog.intent, Intent::Act(s, _) if s.pid == 10));
}

#[test]
fn nobody_acts_on_a_row_that_is_not_seen() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Char('/'));
    typed(&mut desk, "dana");
    desk.press(KeyCode::Enter);
    assert_eq!(pids(&desk), [3]);
    desk.press(KeyCode::Char('t'));
    assert!(desk.model.dialog.is_none());
    let said = desk.model.notice.as_ref().map(|n| n.text.clone());
    let why = "session 2 has no row here any more: move to one with the arrow keys";
    assert_eq!(said.as_deref(), Some(why));
}

#[test]
fn who_idles_has_no_statement_to_cancel_and_can_be_ended() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Char('c'));
    assert!(desk.model.dialog.is_none());
    let said = desk.model.notice.as_ref().map(|n| n.text.clone());
    let why = "session 1 has no statement to cancel: it is idle in transaction; t ends it";
    assert_eq!(said.as_deref(), Some(why));
    desk.press(KeyCode::Char('t'));
    let intent = desk.model.dialog.as_ref().map(|d| &d.intent);
    assert!(matches!(intent, Some(Intent::Act(s, BackendAct::Terminate)) if s.pid == 1));
}

/// The server tells of session 1, which is looked at, that it is there.
fn answered(desk: &mut Desk) {
    let detail = SessionDetail {
        pid: 1,
        ..SessionDetail::default()
    };
    desk.tell(Msg::Inspected {
        pid: 1,
        found: Ok(Some(detail)),
    });
}

#[test]
fn a_session_that_is_looked_at_can_be_acted_on_and_its_pid_is_not_enough() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    assert!(matches!(desk.effects.last(), Some(Effect::Inspect(s)) if s.pid == 1));
    answered(&mut desk);
    let said: Vec<String> = desk
        .model
        .dialog
        .iter()
        .flat_map(|d| &d.sentences)
        .map(|s| s.1.clone())
        .collect();
    let said = said.join("\n");
    assert!(said.contains("1 session waits directly for it"), "{said}");
    assert!(
        said.contains("pid 3 app of dana, waits 0 s for AccessExclusiveLock on public.t"),
        "{said}"
    );
    desk.press(KeyCode::Char('t'));
    let intent = desk.model.dialog.as_ref().map(|d| d.intent.clone());
    let Some(Intent::Act(session, BackendAct::Terminate)) = intent else {
        panic!("{intent:?}")
    };
    assert_eq!(session.backend_start, "start of 1");
}

#[test]
fn a_session_that_is_looked_at_tells_what_its_process_takes_or_why_not() {
    let looked_at = |sample: Sample| {
        let mut desk = at_panels();
        told(&mut desk, sample);
        desk.press(KeyCode::Down);
        desk.press(KeyCode::Enter);
        answered(&mut desk);
        let said = desk.model.dialog.iter().flat_map(|d| &d.sentences);
        said.map(|s| s.1.clone()).collect::<Vec<_>>().join("\n")
    };
    let said = looked_at(sample(1));
    let elsewhere = "what its process takes is known only on the server's own machine";
    assert!(said.contains(elsewhere), "{said}");
    let mut here = sample(1);
    here.machine = Some(Machine::default());
    let mut taken = Taken {
        cpu: Some(0.34),
        memory: Some(31_000_000),
        disk: None,
    };
    here.sessions[0].taken = Some(taken.clone());
    let said = looked_at(here.clone());
    let figures = "takes 34 % of a processor, 31 MB of memory of its own";
    assert!(said.contains(figures), "{said}");
    assert!(
        said.contains("is told only to its own user and root"),
        "{said}"
    );
    taken.disk = Some(Disk {
        read: 5_400_000.0,
        written: 8_192.0,
    });
    here.sessions[0].taken = Some(taken);
    let said = looked_at(here);
    assert!(
        said.contains("reads 5.4 MB/s and writes 8.2 kB/s on disk"),
        "{said}"
    );
}

#[test]
fn a_session_that_is_looked_at_stays_current_until_it_has_ended() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    let found = |backend_start: &str, query: &str| Msg::Inspected {
        pid: 1,
        found: Ok(Some(SessionDetail {
            pid: 1,
            backend_start: backend_start.into(),
            query: vec![query.into()],
            ..SessionDetail::default()
        })),
    };
    let said = |desk: &Desk| {
        let said = desk.model.dialog.iter().flat_map(|d| &d.sentences);
        said.map(|s| s.1.clone()).collect::<Vec<_>>().join("\n")
    };
    let asks = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Inspect(_)));
    desk.tell(found("start of 1", "select 1"));
    desk.effects.clear();
    told(&mut desk, sample(3));
    assert!(asks(&desk.effects), "it is looked at again");
    desk.effects.clear();
    told(&mut desk, sample(3));
    assert!(!asks(&desk.effects), "not before it was answered");
    desk.tell(found("start of 1", "select 2"));
    assert!(said(&desk).contains("select 2") && !said(&desk).contains("select 1"));
    let refused = Err("a catalog is locked".to_owned());
    desk.tell(Msg::Inspected {
        pid: 1,
        found: refused,
    });
    assert!(said(&desk).contains("select 2"));
    // Another one with the same pid is not what was looked at.
    desk.tell(found("a later start", "select 3"));
    assert!(said(&desk).starts_with("It has ended. "), "{}", said(&desk));
    assert!(said(&desk).contains("select 2"));
    assert_eq!(
        desk.model.dialog.as_ref().map(|d| &d.intent),
        Some(&Intent::Read)
    );
}

#[test]
fn a_watcher_looks_and_does_not_touch() {
    let mut desk = at_panels();
    desk.model.purpose = Purpose::Watch;
    for key in ['c', 't'] {
        desk.press(KeyCode::Down);
        desk.press(KeyCode::Char(key));
        assert!(desk.model.dialog.is_none());
        let said = desk.model.notice.as_ref().map(|n| n.text.clone());
        assert!(said.is_some_and(|s| s.contains("only watches")));
    }
}
