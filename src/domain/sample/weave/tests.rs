//! Trees of blockers, drawn as text.

use super::*;
use crate::domain::runbook::model::StepId;
use crate::domain::sample::model::Blocker;

/// A session whose pid is `pid`; `behind` are hard blockers, oldest transaction by smallest pid.
fn session(pid: i32, behind: &[i32], group: &str) -> Session {
    let blocker = |pid: &i32| Blocker {
        pid: *pid,
        modes: "AccessShareLock".into(),
        prepared: Vec::new(),
    };
    Session {
        pid,
        xact_ms: u64::try_from(1_000 - pid).ok(),
        hard: behind.iter().map(blocker).collect(),
        n_blockers: u32::try_from(behind.len()).unwrap(),
        lock: (!group.is_empty()).then(|| LockWait {
            group: group.into(),
            place: u32::try_from(pid).unwrap(),
            of: 1,
            wait_ms: u64::try_from(1_000 - pid).ok(),
            ..LockWait::default()
        }),
        ..Session::default()
    }
}

fn sample(sessions: Vec<Session>) -> Sample {
    Sample {
        sessions,
        ..Sample::default()
    }
}

fn drawn(sample: &Sample) -> Vec<String> {
    let forest = tree(sample);
    let rows = forest.rows().into_iter().map(|(depth, node)| {
        let who = match &node.who {
            Who::Session(at) => sample.sessions[*at].pid.to_string(),
            other => format!("{other:?}"),
        };
        format!(
            "{}{who} +{} <{}",
            " ".repeat(depth),
            node.folded,
            node.behind
        )
    });
    rows.collect()
}

#[test]
fn waiters_the_server_was_not_asked_about_hang_where_their_group_hangs() {
    let mut sessions = vec![session(1, &[], ""), session(2, &[1], "g")];
    sessions.extend((3..6).map(|pid| session(pid, &[], "g")));
    let sample = sample(sessions);
    assert_eq!(drawn(&sample), ["1 +0 <4", " 2 +3 <0"]);
    let row = &tree(&sample).roots[0].children[0];
    assert_eq!(row.alike, [2, 3, 4], "who is folded can be told one by one");
    let opened: Vec<Node> = row.opened().collect();
    let pids = opened.iter().map(|n| n.session(&sample).unwrap().pid);
    assert!(pids.eq(3..6) && opened[0].waits == row.waits);
}

#[test]
fn those_that_came_at_once_are_headed_by_the_first_in_the_queue_whatever_its_pid() {
    let mut sessions = vec![session(1, &[], "")];
    sessions.extend((2..6).map(|pid| session(pid, &[1], "g")));
    for session in &mut sessions[1..] {
        let place = 6 - u32::try_from(session.pid).unwrap();
        let lock = session.lock.get_or_insert_default();
        (lock.place, lock.wait_ms) = (place, Some(7));
    }
    assert_eq!(drawn(&sample(sessions)), ["1 +0 <4", " 5 +3 <0"]);
}

#[test]
fn waiters_that_have_no_row_are_counted() {
    let mut first = session(2, &[1], "g");
    if let Some(lock) = &mut first.lock {
        lock.of = 400;
    }
    let drawn = drawn(&sample(vec![session(1, &[], ""), first]));
    assert_eq!(drawn, ["1 +0 <400", " 2 +399 <0"]);
}

#[test]
fn members_that_wait_for_each_other_in_the_queue_stand_side_by_side() {
    let mut second = session(3, &[], "g");
    second.soft = Some(2);
    let drawn = drawn(&sample(vec![
        session(1, &[], ""),
        session(2, &[1], "g"),
        second,
    ]));
    assert_eq!(drawn, ["1 +0 <2", " 2 +0 <0", " 3 +0 <0"]);
}

#[test]
fn our_own_are_never_folded() {
    let mut sessions = vec![session(1, &[], "")];
    sessions.extend((2..8).map(|pid| session(pid, &[1], "g")));
    sessions[4].ours = Ours::Step {
        step: StepId::new("apply"),
        attempt: 1,
    };
    let sample = sample(sessions);
    assert_eq!(drawn(&sample), ["1 +0 <6", " 2 +4 <0", " 5 +0 <0"]);
    assert_eq!(tree(&sample).way_to_ours(&sample).unwrap().len(), 2);
}

#[test]
fn what_we_look_with_is_no_waiter() {
    let mut looks = session(3, &[2], "h");
    looks.application = MONITOR_NAME.into();
    let all = sample(vec![session(1, &[], ""), session(2, &[1], "g"), looks]);
    assert_eq!(drawn(&all), ["1 +0 <1", " 2 +0 <0"]);
}

#[test]
fn blockers_that_have_ended_or_have_no_name_yet_keep_their_place() {
    let sample = sample(vec![session(2, &[9], "a"), session(3, &[0], "b")]);
    assert_eq!(
        drawn(&sample),
        [
            "Gone(9) +0 <1",
            " 2 +0 <0",
            "PreparedUnknown +0 <1",
            " 3 +0 <0"
        ]
    );
}

#[test]
fn who_waits_behind_us_is_counted_at_every_depth() {
    let mut sessions = vec![
        session(1, &[], ""),
        session(2, &[1], "a"),
        session(3, &[2], "b"),
        session(4, &[3], "c"),
    ];
    sessions[1].ours = Ours::Step {
        step: StepId::new("apply"),
        attempt: 1,
    };
    let sample = sample(sessions);
    assert_eq!(tree(&sample).behind_ours(&sample), 2);
}

#[test]
fn holders_are_named_by_how_long_they_hold_whatever_their_pids() {
    let mut sessions = vec![session(9, &[2, 3, 4, 5], "g")];
    sessions.extend((2..6).map(|pid| session(pid, &[], "")));
    for (at, ms) in [30, 10, 40, 20].into_iter().enumerate() {
        sessions[at + 1].xact_ms = Some(ms);
    }
    let roots = tree(&sample(sessions)).roots;
    let link = roots[0].children[0].waits.as_ref().unwrap();
    assert_eq!(link.others, [2, 5, 3]);
}
