//! One run from its start to its end, through all that goes wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use holdpoint::domain::digest::sha256_hex;
use holdpoint::domain::run::event::{Event, Status};
use holdpoint::domain::run::state::{RunState, Stand};
use holdpoint::domain::runbook::model::StepId;
use holdpoint::engine::rundir::RunDir;
use holdpoint::engine::sandbox::Sandbox;
use holdpoint::engine::store;

use crate::chance::Chance;
use crate::faults::{End, When, Who, await_or_kill, tear};
use crate::person;
use crate::place::{EFFECTS, Place};

/// Kills of one story at most: then it is left to come to its end.
const KILLS: u32 = 24;

/// What was done and seen.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub kills: u32,
    pub at_records: u32,
    pub with_supervisor: u32,
    pub orphans: u32,
    pub torn: u32,
    pub torn_recorded: u32,
    pub doubts: u32,
    pub again: u32,
    pub runs: u32,
    pub never_begun: u32,
    pub never_launched: u32,
    pub effects: u32,
    pub records: u32,
    /// Behind which record the driver was killed.
    pub behind: BTreeMap<String, u32>,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.at_records += other.at_records;
        self.with_supervisor += other.with_supervisor;
        self.orphans += other.orphans;
        self.torn += other.torn;
        self.torn_recorded += other.torn_recorded;
        self.doubts += other.doubts;
        self.again += other.again;
        self.runs += other.runs;
        self.never_begun += other.never_begun;
        self.never_launched += other.never_launched;
        self.effects += other.effects;
        self.records += other.records;
        for (name, count) in &other.behind {
            *self.behind.entry(name.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills in {} runs: {} at a record, {} at a random moment; {} with supervisor and child, {} with the supervisor alone",
            self.kills,
            self.runs,
            self.at_records,
            self.kills - self.at_records,
            self.with_supervisor,
            self.orphans
        )?;
        writeln!(
            f,
            "torn tails made: {}, recorded: {}; runs that never began: {}; starts never launched: {}",
            self.torn, self.torn_recorded, self.never_begun, self.never_launched
        )?;
        writeln!(
            f,
            "steps in doubt: {}; run again at a person's word: {}; effects counted: {}, missing 0, doubled 0; records: {}, lost 0",
            self.doubts, self.again, self.effects, self.records
        )?;
        write!(f, "killed behind: {:?}", self.behind)
    }
}

/// Plays story `number`; a failure keeps its place to be looked at.
pub fn story(server: &Sandbox, seed: u64, number: u32) -> Tally {
    let place = Place::new(server, &format!("s{seed}-{number}"));
    let mut chance = Chance::new(seed, number);
    match catch_unwind(AssertUnwindSafe(|| play(&place, number, &mut chance))) {
        Ok(tally) => tally,
        Err(cause) => {
            println!("story {number} of seed {seed}: {}", place.path().display());
            place.keep();
            std::panic::resume_unwind(cause)
        }
    }
}

/// What is known of the journal from outside, to be held against it later.
#[derive(Default)]
struct Witness {
    records: Vec<u8>,
}

impl Witness {
    /// Every record seen before is still there.
    fn look(&mut self, run: &RunDir) {
        let bytes = fs::read(run.journal()).unwrap_or_default();
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        assert!(
            bytes[..whole].starts_with(&self.records),
            "records were lost or changed in {}",
            run.path.display()
        );
        self.records = bytes[..whole].to_vec();
    }

    /// After a tail was torn on purpose.
    fn forget_torn(&mut self, run: &RunDir) {
        let bytes = fs::read(run.journal()).unwrap_or_default();
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        self.records = bytes[..whole].to_vec();
    }
}

fn play(place: &Place, number: u32, chance: &mut Chance) -> Tally {
    let mut tally = Tally {
        runs: 1,
        ..Tally::default()
    };
    let mut witness = Witness::default();
    loop {
        let begun = place
            .run()
            .filter(|run| crate::faults::lines(&run.journal()) > 0);
        let (when, who) = plan(&tally, number, chance);
        let child = match &begun {
            None => place.start(&["run", "run.yaml", "--auto"]),
            Some(run) => place.start(&["resume", &run.name(), "--auto", "--reason", "killed"]),
        };
        let end = await_or_kill(child, place, when, who);
        let Some(run) = place.run() else { continue };
        witness.look(&run);
        match end {
            End::Killed => killed(place, &run, when, who, &mut tally),
            End::Exit(0) => {
                finished(place, &run, &mut tally);
                return tally;
            }
            // The last that is named as driver is the person, who lives on in this very process: a driver that was killed
            // and is not put away yet still has the lock in that name, and the next one is refused instead of waiting.
            End::Exit(4) if place.refused_for_us() => thread::sleep(Duration::from_millis(50)),
            End::Exit(1 | 5) => person::answer(place, &run, &mut tally),
            End::Exit(code) => panic!("exit code {code}:\n{}", place.said()),
        }
        witness.look(&run);
        if end == End::Killed && chance.happens(25) && tear(&run, chance) {
            tally.torn += 1;
            witness.forget_torn(&run);
        }
    }
}

/// The first kill of story n is at its n-th record, so that a sweep has killed at each; the others are anywhere.
fn plan(tally: &Tally, number: u32, chance: &mut Chance) -> (When, Who) {
    let who = Who::by(chance);
    let when = if tally.kills >= KILLS {
        When::Never
    } else if tally.kills == 0 && number % 6 == 5 {
        When::Micros(chance.below(250_000)) // while the run is being opened
    } else if tally.kills == 0 {
        When::Records(1 + number as usize % 24)
    } else if chance.happens(50) {
        When::Records(1 + usize::try_from(chance.below(9)).unwrap())
    } else {
        When::Micros(20_000 + chance.below(1_200_000))
    };
    (when, who)
}

fn killed(place: &Place, run: &RunDir, when: When, who: Who, tally: &mut Tally) {
    tally.kills += 1;
    tally.at_records += u32::from(matches!(when, When::Records(_)));
    tally.with_supervisor += u32::from(who == Who::All);
    tally.orphans += u32::from(who == Who::Supervisor);
    let text = fs::read_to_string(run.journal()).unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    let kind = last
        .split("\"type\":\"")
        .nth(1)
        .and_then(|t| t.split('"').next());
    *tally
        .behind
        .entry(kind.unwrap_or("nothing").to_owned())
        .or_default() += 1;
    if text.is_empty() {
        // Nothing was begun: that is said, and nothing is made of it.
        let mut child = place.start(&["resume", &run.name(), "--auto"]);
        assert_eq!(child.wait().unwrap().code(), Some(2), "{}", place.said());
        assert_eq!(fs::read(run.journal()).unwrap(), b"");
        tally.never_begun += 1;
    }
}

/// Every effect is there once, the chain is whole, every torn tail is kept and recorded.
fn finished(place: &Place, run: &RunDir, tally: &mut Tally) {
    let journal = store::read(&run.journal()).unwrap();
    let state = RunState::fold(&journal.entries);
    assert_eq!(
        state.closed.as_ref().map(|c| c.status),
        Some(Status::Success)
    );
    for (step, _) in EFFECTS {
        assert_eq!(place.effects(step), 1, "{step}\n{}", place.said());
        assert_eq!(*state.stand(&StepId::new(*step)), Stand::Done, "{step}");
        tally.effects += 1;
    }
    let mut recorded = Vec::new();
    for entry in &journal.entries {
        match &entry.event {
            Event::JournalRecovered { sha256, .. } => recorded.push(sha256.clone()),
            Event::StepFinished(f) if f.outcome.never_launched() => tally.never_launched += 1,
            _ => {}
        }
    }
    let mut kept: Vec<String> = fs::read_dir(&run.path)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let torn = path.extension()?.to_str()?.starts_with("torn-");
            torn.then(|| sha256_hex(&fs::read(path).unwrap()))
        })
        .collect();
    kept.sort();
    recorded.sort();
    assert_eq!(kept, recorded, "torn tails and their records");
    tally.torn_recorded += u32::try_from(recorded.len()).unwrap();
    tally.records += u32::try_from(journal.entries.len()).unwrap();
    assert!(run.log().exists(), "no log was written");
}
