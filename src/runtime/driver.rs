//! The loop: wait for a message, update, perform the effects, draw.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use crate::app::message::{Effect, Leaving, Msg};
use crate::app::model::{Model, Now, Purpose};
use crate::app::shown::Extents;
use crate::app::update::update;
use crate::engine::attempt;
use crate::engine::clock;
use crate::runtime::input::Input;
use crate::runtime::perform::{Concern, World};
use crate::runtime::seal;
use crate::runtime::steps;
use crate::runtime::suspension::Suspension;
use crate::runtime::terminal::Screen;
use crate::ui;
use crate::ui::theme::Theme;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// The shortest time between a frame and one that answers a key: whoever presses must not wait for the rhythm of the rest.
const ANSWER: Duration = Duration::from_millis(8);
/// How old what a monitor shows may be before the time alone has it drawn again.
const STALE: Duration = Duration::from_millis(1_500);
/// How long after the terminal came back an interrupt is still thought to have been meant for whoever had it.
const AFTER_LENT: Duration = Duration::from_millis(500);
/// Messages taken in before a frame is drawn, at most.
const BATCH: usize = 1_000;

/// Returns the present.
pub fn now() -> Now {
    Now {
        wall_ms: clock::wall_ms(),
        mono_ms: clock::mono_ms(),
    }
}

/// The program while it has a terminal.
struct Driver {
    model: Model,
    world: World,
    screen: Screen,
    input: Input,
    suspension: Suspension,
    theme: Theme,
    /// When the next frame is due; `None`: nothing has changed.
    due: Option<Instant>,
    /// When the terminal last came back from somebody it was lent to.
    lent: Option<Instant>,
    /// When the last frame was drawn.
    drawn: Instant,
}

/// Runs until the operator or the system says stop; returns how it was left, and the model as it stood.
///
/// # Errors
/// The terminal does not obey.
pub async fn drive(
    model: Model,
    world: World,
    mut news: UnboundedReceiver<Msg>,
    screen: Screen,
) -> io::Result<(Leaving, Model)> {
    let input = Input::start(world.out.clone());
    let mut driver = Driver {
        model,
        world,
        screen,
        input,
        suspension: Suspension::watch(),
        theme: Theme::from_environment(|name| std::env::var(name).ok()),
        due: None,
        lent: None,
        drawn: Instant::now(),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let rhythm = driver.rhythm();
    let mut tick = Instant::now() + rhythm;
    if let Some(leaving) = driver.draw()? {
        return Ok(driver.left(leaving));
    }
    loop {
        let due = driver
            .due
            .unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
        let first = tokio::select! {
            biased;
            _ = terminate.recv() => Msg::Terminated { how: "SIGTERM".into() },
            _ = hangup.recv() => Msg::Terminated { how: "SIGHUP".into() },
            // Ctrl-C in a program that has the terminal reaches us too, and is not meant for us.
            _ = interrupt.recv() => match driver.lent {
                Some(back) if back.elapsed() < AFTER_LENT => continue,
                _ => Msg::Terminated { how: "SIGINT".into() },
            },
            () = sleep_until(due), if driver.due.is_some() => {
                if let Some(leaving) = driver.draw()? {
                    return Ok(driver.left(leaving));
                }
                continue;
            }
            Some(msg) = news.recv() => msg,
            Some(ended) = driver.world.tasks.join_next(), if !driver.world.tasks.is_empty() => {
                reraise(ended);
                continue;
            }
            () = sleep_until(tick) => Msg::Tick(now()),
        };
        let mut batch = VecDeque::from([first]);
        while batch.len() < BATCH
            && let Ok(msg) = news.try_recv()
        {
            batch.push_back(msg);
        }
        if let Some(leaving) = driver.take(batch)? {
            return Ok(driver.left(leaving));
        }
        tick = Instant::now() + rhythm; // each message has told the time
    }
}

/// A panic in a task is a panic of the program: nothing lives on half dead.
pub(super) fn reraise(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended
        && e.is_panic()
    {
        std::panic::resume_unwind(e.into_panic());
    }
}

impl Driver {
    fn draw(&mut self) -> io::Result<Option<Leaving>> {
        self.due = None;
        self.drawn = Instant::now();
        let (model, theme) = (&self.model, &self.theme);
        let mut extents = Extents::default();
        self.screen
            .draw(|frame| extents = ui::view_measured(model, theme, frame))?;
        let mut effects = update(&mut self.model, Msg::Drawn);
        effects.extend(update(&mut self.model, Msg::Laid(extents)));
        self.perform(effects)
    }

    /// Gives the terminal back once all that was asked of the journal is on disk.
    fn left(self, leaving: Leaving) -> (Leaving, Model) {
        self.world.flush();
        let Self { model, .. } = self;
        (leaving, model)
    }

    fn take(&mut self, batch: VecDeque<Msg>) -> io::Result<Option<Leaving>> {
        let mut changed = false;
        let mut pressed = false;
        for msg in batch {
            let slept = self.suspension.look();
            let moment = now();
            pressed |= matches!(msg, Msg::Key { .. });
            changed |= !matches!(msg, Msg::Tick(_)) || self.shows_another(moment);
            let mut effects = slept.map_or_else(Vec::new, |msg| update(&mut self.model, msg));
            effects.extend(update(&mut self.model, Msg::Tick(moment)));
            if !matches!(msg, Msg::Tick(_)) {
                effects.extend(update(&mut self.model, msg));
            }
            if let Some(leaving) = self.perform(effects)? {
                return Ok(Some(leaving));
            }
        }
        if changed {
            let free = self.drawn + if pressed { ANSWER } else { FRAME };
            self.due = Some(self.due.map_or(free, |due| due.min(free)));
        }
        Ok(None)
    }

    /// After how much silence the time is told: where nobody counts seconds down each sample does it, unless none comes.
    fn rhythm(&self) -> Duration {
        match self.model.purpose {
            Purpose::Monitor => STALE,
            Purpose::Drive | Purpose::Watch => Duration::from_millis(500),
        }
    }

    /// Whether the time alone changes what is drawn. In a monitor nobody waits for a second to pass: its clock and its ages
    /// are brought up to date by each sample.
    fn shows_another(&self, moment: Now) -> bool {
        let second = |now: Now| now.wall_ms / 1_000;
        second(moment) != second(self.model.now)
            && (self.model.purpose != Purpose::Monitor || self.drawn.elapsed() >= STALE)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> io::Result<Option<Leaving>> {
        for effect in effects {
            match self.world.perform(effect, &self.model) {
                None => {}
                Some(Concern::Redraw) => self.screen.redraw()?,
                Some(Concern::Notify(text)) => self.screen.notify(&text),
                Some(Concern::Quit(leaving)) => return Ok(Some(leaving)),
                Some(Concern::Lend {
                    attempt,
                    assignment,
                    env,
                }) => {
                    self.input.pause();
                    let state = self.screen.lend(|| {
                        attempt::launch_interactive(
                            &attempt.run_dir,
                            &attempt.name,
                            &assignment,
                            &env,
                        )
                    })?;
                    self.input.resume();
                    self.lent = Some(Instant::now());
                    let news = match state {
                        Ok(state) => steps::news(&attempt, state, steps::SUPERVISOR_REFUSED),
                        Err(e) => {
                            let (step, attempt) = (attempt.step, attempt.number);
                            crate::domain::signal::AttemptNews::NeverBegan {
                                step,
                                attempt,
                                why: e.to_string(),
                            }
                        }
                    };
                    let _ = self.world.out.send(Msg::Attempt(news));
                }
                Some(Concern::SignStep(asked)) => {
                    self.world.flush();
                    self.input.pause();
                    let (world, model) = (&self.world, &self.model);
                    let signed = self.screen.lend(|| seal::sign_step(world, model, &asked))?;
                    self.input.resume();
                    self.lent = Some(Instant::now());
                    let signed = signed.map(Box::new);
                    let _ = self.world.out.send(Msg::StepSigned { asked, signed });
                }
                Some(Concern::Seal(sealing)) => {
                    self.world.flush();
                    self.input.pause();
                    let (world, model) = (&self.world, &self.model);
                    let sealed = self.screen.lend(|| seal::seal(world, model, sealing))?;
                    self.input.resume();
                    self.lent = Some(Instant::now());
                    let _ = self.world.out.send(Msg::Sealed(sealed));
                }
            }
        }
        Ok(None)
    }
}
