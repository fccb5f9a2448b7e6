//! A session is looked at, cancelled, ended.

use super::*;

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

#[test]
fn a_session_that_is_looked_at_can_be_acted_on_and_its_pid_is_not_enough() {
    let mut desk = at_panels();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    assert!(matches!(desk.effects.last(), Some(Effect::Inspect(s)) if s.pid == 1));
    let detail = SessionDetail {
        pid: 1,
        ..SessionDetail::default()
    };
    desk.tell(Msg::Inspected {
        pid: 1,
        found: Ok(Some(detail)),
    });
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
