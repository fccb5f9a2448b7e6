//! A timer that wakes the program once.
//!
//! tokio's own stand in wheels: one that is a second away wakes its thread two or three times on the way there, and a program
//! that does nothing else once a second spends a good part of its time on that.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A timer for one sleep at a time.
#[derive(Debug)]
pub struct Timer(Option<AsyncFd<OwnedFd>>);

impl Timer {
    /// Returns a timer that is not set; where the system has none to spare it is tokio's.
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for descriptors that somebody may shut meanwhile: nobody can shut this one"
    )]
    pub fn at_rest() -> Self {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
        Self(fd.and_then(|fd| AsyncFd::with_interest(fd, Interest::READABLE).ok()))
    }

    /// Waits for `time`; dropped before its end it leaves nothing behind.
    pub async fn sleep(&self, time: Duration) {
        let slept = match &self.0 {
            Some(fd) => once(fd, time).await.is_ok(),
            None => false,
        };
        if !slept {
            tokio::time::sleep(time).await;
        }
    }
}

async fn once(fd: &AsyncFd<OwnedFd>, time: Duration) -> io::Result<()> {
    let never = Timespec::default();
    let once = Itimerspec {
        it_interval: never,
        // Zero would be never.
        it_value: Timespec::try_from(time.max(Duration::from_nanos(1))).unwrap_or(never),
    };
    timerfd_settime(fd, TimerfdTimerFlags::empty(), &once)?;
    loop {
        let mut ready = fd.readable().await?;
        // Setting it anew took back what an earlier sleep had not read.
        let read = ready.try_io(|fd| Ok(rustix::io::read(fd, &mut [0; 8])?));
        if let Ok(read) = read {
            ready.clear_ready(); // nothing comes until it is set again
            return read.map(drop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::time::{sleep, timeout};

    #[tokio::test]
    async fn it_waits_for_the_whole_time_also_after_a_sleep_that_nobody_waited_for() {
        let timer = Timer::at_rest();
        assert!(timer.0.is_some());
        let (short, long) = (Duration::from_millis(5), Duration::from_millis(40));
        timer.sleep(Duration::ZERO).await;
        let _ = timeout(Duration::ZERO, timer.sleep(short)).await;
        sleep(short * 2).await;
        let began = Instant::now();
        timer.sleep(long).await;
        assert!(began.elapsed() >= long, "{:?}", began.elapsed());
    }
}
