//! The driver's deadline. Time-outs of tokio are rounded up to milliseconds, twice; a dead server would wait for that.

use super::inputs::follow;
use keepalived_kernel::Result;
use keepalived_kernel::timer::Timer;
use keepalived_types::Instant;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

/// One deadline, to be waited for beside other things.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: Timer,
    /// The same timer, as tokio watches it.
    watched: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// One without a deadline.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub(super) fn new() -> std::io::Result<Self> {
        let timer = Timer::new().map_err(std::io::Error::other)?;
        let watched = follow(&timer)?;
        Ok(Self { timer, watched })
    }

    /// Sets the deadline; none, for ever.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub(super) fn set(&mut self, deadline: Option<Instant>) -> Result<()> {
        self.timer.set(deadline)
    }

    /// Ready once when the deadline has come; sometimes too early, for what came while nobody asked is still told.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.watched.poll_read_ready(context).map(|ready| {
            // An error means that the runtime ends, and we with it.
            if let Ok(mut ready) = ready {
                ready.clear_ready();
            }
            self.timer.has_fired();
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_kernel::clock;
    use std::future::poll_fn;
    use std::time::Duration;
    use tokio::runtime::Builder;

    #[test]
    fn a_deadline_is_kept_to_a_fraction_of_a_millisecond() {
        let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
        let earliest = runtime.block_on(async {
            let mut alarm = Alarm::new().expect("descriptors");
            let mut earliest = Duration::MAX;
            // A busy machine may be late once, and does not matter.
            for _ in 0..50 {
                let deadline = clock::now() + Duration::from_micros(300);
                alarm.set(Some(deadline)).expect("a timer");
                poll_fn(|context| alarm.poll(context)).await;
                let now = clock::now();
                assert!(now >= deadline, "too early");
                earliest = earliest.min(now.since(deadline));
            }
            earliest
        });
        assert!(earliest < Duration::from_micros(500), "{earliest:?} late");
    }

    #[test]
    fn an_alarm_that_was_not_heeded_is_told_once() {
        let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let mut alarm = Alarm::new().expect("descriptors");
            alarm.set(Some(clock::now())).expect("a timer");
            poll_fn(|context| alarm.poll(context)).await;
            alarm.set(None).expect("a timer");
            let again = poll_fn(|context| Poll::Ready(alarm.poll(context))).await;
            assert!(again.is_pending());
        });
    }
}
