//! Reloads one after the other: a request during a reload is kept, further ones are the same request.

/// What to do about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Reload now.
    Begin,
    /// One is running; this one waits.
    Queued,
}

/// Whether a reload runs, and whether another one waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReloadQueue {
    running: bool,
    waiting: bool,
}

impl ReloadQueue {
    /// Somebody wants a reload.
    pub(super) fn request(&mut self) -> Decision {
        if self.running {
            self.waiting = true;
            return Decision::Queued;
        }
        self.running = true;
        Decision::Begin
    }

    /// The reload is over, one way or the other. `true`: the next one is due and counts as waiting no more.
    pub(super) fn finished(&mut self) -> bool {
        self.running = false;
        std::mem::take(&mut self.waiting)
    }

    /// A reload has begun and is not over.
    pub(super) const fn is_running(&self) -> bool {
        self.running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_waits_and_more_are_the_same() {
        let mut queue = ReloadQueue::default();
        assert_eq!(queue.request(), Decision::Begin);
        assert_eq!(queue.request(), Decision::Queued);
        assert_eq!(queue.request(), Decision::Queued);
        assert!(queue.finished());
        assert!(!queue.is_running());
        assert_eq!(queue.request(), Decision::Begin);
        assert!(!queue.finished());
    }
}
