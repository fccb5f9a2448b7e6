//! The person who is needed: looks what a step in doubt did, says so, and has it run again where it did nothing.

use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::domain::run::decide::{Command, StartStep, decide};
use holdpoint::domain::run::event::{Event, Finding, Operator};
use holdpoint::domain::run::next::{Next, Wait, next};
use holdpoint::domain::run::state::Stand;
use holdpoint::domain::runbook::model::StepId;
use holdpoint::engine::clock;
use holdpoint::engine::rundir::RunDir;
use holdpoint::runtime::claim::claim;

use crate::faults::{PATIENCE, anybody_works};
use crate::place::Place;
use crate::story::Tally;

/// Does what the run waits for, by the rules of the screen and under the driver's lock.
pub fn answer(place: &Place, run: &RunDir, tally: &mut Tally) {
    // A person looks only once nothing works any more: what is looked at while it changes tells nothing.
    let begun = Instant::now();
    while anybody_works(run) || place.sessions(run) > 0 {
        assert!(begun.elapsed() < PATIENCE, "somebody works for ever");
        sleep(Duration::from_millis(20));
    }
    let operator = Operator {
        name: "The sweep".into(),
        identity: "sweep@example.com".into(),
        ..Operator::default()
    };
    let claim = claim(run.clone()).unwrap();
    let mut open = claim
        .take_up(&operator, "the sweep answers".into(), None)
        .unwrap();
    let waits = next(&open.book, &open.run, clock::wall_ms());
    let mut commands = Vec::new();
    match &waits {
        Next::Wait(Wait::Doubt(id)) => {
            assert_eq!(*open.run.stand(id), Stand::InDoubt);
            tally.doubts += 1;
            let there = place.effects(id.as_str());
            assert!(there <= 1, "{id} is in doubt and was done {there} times");
            let finding = if there == 1 {
                Finding::Done
            } else {
                Finding::NotDone
            };
            commands.push(Command::Resolve {
                step: id.clone(),
                finding,
                how: format!("looked: it is there {there} times"),
            });
            if finding == Finding::NotDone {
                tally.again += 1;
                commands.push(start(id));
            }
        }
        Next::Wait(Wait::Failure(id)) => {
            assert_eq!(place.effects(id.as_str()), 0, "{id} failed, with an effect");
            tally.again += 1;
            commands.push(start(id));
        }
        other => panic!(
            "a person is asked, and nobody knows why: {other:?}\n{}",
            place.said()
        ),
    }
    assert!(tally.again < 60, "what a person starts is never launched");
    for command in commands {
        let events = decide(&open.book, &open.run, command).unwrap();
        for entry in open.store.append(&operator.identity, &events).unwrap() {
            open.run.apply(&entry);
        }
    }
    let left = Event::RunLeft {
        how: "by key".into(),
    };
    open.store.append(&operator.identity, &[left]).unwrap();
}

/// The start is recorded and nobody is left to launch it: whoever takes the run up does.
fn start(step: &StepId) -> Command {
    Command::Start(StartStep {
        step: step.clone(),
        command: String::new(),
        app_name: String::new(),
        typed: String::new(),
        reason: "looked: it did nothing".into(),
        now_ms: clock::wall_ms(),
    })
}
