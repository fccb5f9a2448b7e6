//! Later duties: what is due hours or days after a run was closed, and how far each is.

use crate::domain::run::event::{Mode, Status};
use crate::domain::run::next;
use crate::domain::run::schedule::start_ms;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Place, Runbook, Step};

/// A phase that is due after the run was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its phase.
    pub place: Place,
    /// Its headline.
    pub title: String,
    /// Milliseconds since 1970 from which on it can be done; `None`: at any time.
    pub from_ms: Option<i64>,
    /// Milliseconds since 1970 until which it is to be done.
    pub due_ms: i64,
    /// Steps that are settled.
    pub done: usize,
    /// Steps that apply.
    pub all: usize,
}

/// How a duty stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All of it is settled.
    Done,
    /// Its time has not come.
    NotYet,
    /// It can be done, and is in time.
    Open,
    /// It should have been done.
    Overdue,
}

impl Duty {
    /// Returns how it stands at `now_ms` (milliseconds since 1970).
    pub fn stage(&self, now_ms: i64) -> Stage {
        if self.done == self.all {
            Stage::Done
        } else if now_ms > self.due_ms {
            Stage::Overdue
        } else if self.from_ms.is_some_and(|from| from > now_ms) {
            Stage::NotYet
        } else {
            Stage::Open
        }
    }

    /// Whether something of it is left to do.
    pub fn is_open(&self) -> bool {
        self.done < self.all
    }
}

/// Returns what a run has to do later, in the order of the runbook. One that was aborted changed nothing: nothing is to
/// be looked after. A phase of which no step applies is none.
pub fn duties(book: &Runbook, run: &RunState) -> Vec<Duty> {
    let aborted = run
        .closed
        .as_ref()
        .is_some_and(|c| c.status == Status::Aborted);
    if aborted || run.opened.mode == Mode::Rehearsal {
        return Vec::new();
    }
    let start = start_ms(run);
    let phases = book.phases.iter().enumerate();
    let duty = |(at, phase): (usize, &crate::domain::runbook::model::Phase)| {
        let place = Place::Phase(at);
        let steps = book.steps_in(place);
        let applying = steps.filter(|s| next::omitted(book, run, &s.id).is_none());
        let (done, all) = applying.fold((0, 0), |(done, all), step| {
            (done + usize::from(next::settled(run, &step.id)), all + 1)
        });
        Some(Duty {
            place,
            title: phase.title.clone(),
            from_ms: phase.at.map(|o| start + o.seconds * 1_000),
            due_ms: start + phase.later?.seconds * 1_000,
            done,
            all,
        })
    };
    phases.filter_map(duty).filter(|d| d.all > 0).collect()
}

/// Returns the open duty that is due first.
pub fn first_due(duties: &[Duty]) -> Option<&Duty> {
    let open = duties.iter().filter(|d| d.is_open());
    open.min_by_key(|d| d.due_ms)
}

/// Returns the first open step of each duty that could be done when the run was taken up again, the one due first before
/// the others. Duties do not wait for each other; the steps of one do.
pub fn heads<'a>(book: &'a Runbook, run: &RunState) -> Vec<&'a Step> {
    let mut open = duties(book, run);
    open.retain(|d| {
        let begun = d
            .from_ms
            .is_none_or(|from| run.later_ms.is_some_and(|now| from <= now));
        d.is_open() && begun
    });
    open.sort_by_key(|d| d.due_ms);
    let head = |duty: &Duty| {
        let mut steps = book.steps_in(duty.place);
        steps.find(|s| !next::settled(run, &s.id) && next::omitted(book, run, &s.id).is_none())
    };
    open.iter().filter_map(head).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Ended;
    use crate::domain::run::decide::{Command, ConfirmStep, decide};
    use crate::domain::run::event::{Closed, Confirmed, Event};
    use crate::domain::run::fixture::{book, confirmed, finished, run, started};
    use crate::domain::run::next::{Next, Wait, next};
    use crate::domain::run::verdict;
    use crate::domain::runbook::model::StepId;

    const BOOK: &str = "
phases:
  - phase: Apply
    steps:
      - {step: a, id: a, run: 'true'}
  - phase: Review
    later: T+7d
    steps:
      - {step: r, id: r, confirm: Reviewed.}
  - phase: First day
    later: T+24h
    steps:
      - {step: d, id: d, confirm: Quiet.}
      - {step: e, id: e, check: 'true'}
  - phase: Week 4
    at: T+21d
    later: T+28d
    steps:
      - {step: w, id: w, check: 'true'}
";

    fn closed(status: Status) -> Vec<Event> {
        let closed = Closed {
            status,
            remark: String::new(),
            clock_offset_ms: None,
        };
        vec![
            started("a", 1),
            finished("a", 1, Ended::Passed),
            Event::RunClosed(closed),
        ]
    }

    fn taken_up(more: Vec<Event>) -> RunState {
        let resumed = Event::RunResumed {
            host: "h".into(),
            boot_id: String::new(),
            pid: 1,
            reason: String::new(),
        };
        let mut events = closed(Status::Success);
        events.push(resumed);
        run("staging", events.into_iter().chain(more).collect())
    }

    fn said(step: &str) -> Command {
        let Event::StepConfirmed(said) = confirmed(step) else {
            unreachable!()
        };
        let said: Confirmed = said;
        Command::Confirm(ConfirmStep {
            said: Some(said),
            ticked: 0,
            now_ms: 0,
        })
    }

    #[test]
    fn the_window_waits_for_no_later_duty() {
        let book = book(BOOK);
        let mut events = closed(Status::Success);
        events.pop();
        let open = run("staging", events);
        assert_eq!(next(&book, &open, 0), Next::Finished);
        assert_eq!(verdict::status(&book, &open), Status::Success);
        let refused = decide(&book, &open, said("d")).unwrap_err();
        assert!(refused.0.contains("after the run is closed"), "{refused}");
    }

    #[test]
    fn a_duty_is_open_then_overdue_and_done_once_all_of_it_is() {
        let book = book(BOOK);
        let run = run("staging", closed(Status::Success));
        let all = duties(&book, &run);
        let titles: Vec<_> = all.iter().map(|d| d.title.as_str()).collect();
        assert_eq!(titles, ["Review", "First day", "Week 4"]);
        assert_eq!(first_due(&all).map(|d| d.title.as_str()), Some("First day"));
        let day = 86_400_000;
        let start = run.opened_ms;
        let stages = |now| all.iter().map(|d| d.stage(now)).collect::<Vec<_>>();
        assert_eq!(stages(start), [Stage::Open, Stage::Open, Stage::NotYet]);
        assert_eq!(
            stages(start + 2 * day),
            [Stage::Open, Stage::Overdue, Stage::NotYet]
        );
        assert_eq!(
            stages(start + 22 * day),
            [Stage::Overdue, Stage::Overdue, Stage::Open]
        );
        let run = taken_up(vec![confirmed("r")]);
        assert_eq!(duties(&book, &run)[0].stage(start + 99 * day), Stage::Done);
    }

    #[test]
    fn nothing_is_to_be_looked_after_where_nothing_was_changed() {
        let run = run("staging", closed(Status::Aborted));
        assert_eq!(duties(&book(BOOK), &run), []);
    }

    #[test]
    fn a_closed_run_that_is_taken_up_again_has_its_later_duties_to_do_and_no_other() {
        let book = book(BOOK);
        let run = taken_up(vec![]);
        let at: Vec<_> = heads(&book, &run).iter().map(|s| s.id.as_str()).collect();
        assert_eq!(
            at,
            ["d", "r"],
            "the first due first, and what has not come yet not at all"
        );
        assert_eq!(
            next(&book, &run, 0),
            Next::Wait(Wait::Person(StepId::new("d")))
        );
        assert!(
            decide(&book, &run, said("r")).is_ok(),
            "duties do not wait for each other"
        );
        let again = Command::Skip {
            step: StepId::new("a"),
            reason: "x".into(),
        };
        assert!(decide(&book, &run, again).is_err());
        let back = Command::Close {
            remark: "x".into(),
            clock_offset_ms: None,
        };
        assert!(decide(&book, &run, back).is_err());
    }

    #[test]
    fn what_runs_by_itself_waits_for_no_person_of_another_duty() {
        let book = book(BOOK);
        let run = taken_up(vec![confirmed("d")]);
        assert_eq!(next(&book, &run, 0), Next::Start(StepId::new("e")));
        let run = taken_up(vec![confirmed("d"), started("e", 1)]);
        assert_eq!(
            next(&book, &run, 0),
            Next::Wait(Wait::Running(StepId::new("e")))
        );
        let done = vec![
            confirmed("d"),
            started("e", 1),
            finished("e", 1, Ended::Passed),
            confirmed("r"),
        ];
        assert_eq!(next(&book, &taken_up(done), 0), Next::Finished);
    }
}
