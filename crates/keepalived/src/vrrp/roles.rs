//! The supervisor is told who is MASTER before anything on this machine follows from it.
//!
//! The helper thread tells it, too, with every other event, but late: it logs, starts scripts and may be slow. A process
//! that is killed in between would leave addresses of which nobody knows whose they are. What is told here is in the
//! kernel's hands before the first address is.

use crate::ipc::Channel;
use keepalived_vrrp::{Event, EventKind, State, Subject};

/// The way to tell it, and what is to be told.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// None when nobody listens.
    channel: Option<Channel>,
    changes: Vec<(String, bool)>,
}

impl Roles {
    /// Nothing is to be told yet.
    pub(super) const fn new(channel: Option<Channel>) -> Self {
        Self { channel, changes: Vec::new() }
    }

    /// Takes note of a change of state.
    pub(super) fn note(&mut self, event: &Event) {
        if let (Subject::Instance(name), EventKind::Entered { state, .. }) = (&event.subject, &event.kind)
            && self.channel.is_some()
        {
            self.changes.push((name.to_string(), *state == State::Master));
        }
    }

    /// Tells what has been noted. Never waits.
    pub(super) fn tell(&mut self) {
        let Some(channel) = &mut self.channel else { return };
        let told = if !self.changes.is_empty() {
            channel.send(&std::mem::take(&mut self.changes))
        } else if channel.has_backlog() {
            channel.flush()
        } else {
            return;
        };
        if told.is_err() {
            // The supervisor is gone; its death is a signal of its own.
            self.channel = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::Priority;
    use keepalived_vrrp::Cause;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    fn entered(name: &str, state: State) -> Event {
        let kind = EventKind::Entered {
            state,
            from: State::Backup,
            cause: Cause::Start,
            priority: Priority::DEFAULT,
        };
        Event { subject: Subject::Instance(name.into()), kind }
    }

    fn pair() -> (Channel, Channel) {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        let channel = |stream| Channel::new(OwnedFd::from(stream)).expect("non-blocking");
        (channel(ours), channel(theirs))
    }

    fn heard(supervisor: &mut Channel) -> Vec<(String, bool)> {
        let received = supervisor.receive::<Vec<(String, bool)>>().expect("readable");
        received.messages.into_iter().flatten().collect()
    }

    #[test]
    fn every_change_is_told_once_and_in_order() {
        let (mut supervisor, ours) = pair();
        let mut roles = Roles::new(Some(ours));
        roles.note(&entered("A", State::Master));
        roles.note(&entered("B", State::Backup));
        roles.note(&entered("A", State::Fault));
        assert!(heard(&mut supervisor).is_empty(), "together, before the kernel is asked for anything");
        roles.tell();
        let told = [("A".to_owned(), true), ("B".to_owned(), false), ("A".to_owned(), false)];
        assert_eq!(heard(&mut supervisor), told);
        roles.tell();
        assert!(heard(&mut supervisor).is_empty());
    }

    #[test]
    fn what_was_told_outlives_the_process() {
        let (mut supervisor, ours) = pair();
        let mut roles = Roles::new(Some(ours));
        roles.note(&entered("A", State::Master));
        roles.tell();
        drop(roles);
        assert_eq!(heard(&mut supervisor), [("A".to_owned(), true)]);
    }

    #[test]
    fn a_supervisor_that_is_gone_or_was_never_there_stops_nobody() {
        let (supervisor, ours) = pair();
        drop(supervisor);
        for mut roles in [Roles::new(Some(ours)), Roles::new(None)] {
            roles.note(&entered("A", State::Master));
            roles.tell();
            roles.note(&entered("A", State::Backup));
            roles.tell();
            assert!(roles.changes.is_empty() && roles.channel.is_none());
        }
    }
}
