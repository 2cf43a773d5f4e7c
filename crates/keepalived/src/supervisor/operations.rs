//! What an operator asks for through the control socket: switchovers and maintenance.

use super::Supervisor;
use super::kinds::Role;
use crate::control::Answer;
use crate::file_in_place;
use crate::ipc::{Order, ToChild};
use keepalived_types::Instant;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is in the file: nobody reads it but people.
const NOTICE: &str = "keepalived stays out: keepalivedctl maintenance off\n";

/// Says that the node is in maintenance, for as long as the machine runs: it lies beside the parent's pid file.
pub(super) fn maintenance_file(pid_file: &Path) -> PathBuf {
    pid_file.with_extension("maintenance")
}

impl Supervisor {
    /// A daemon before this one may have been told to stay out.
    pub(super) fn remember_maintenance(&mut self) {
        self.custody.maintenance = maintenance_file(&self.launch.pids.parent).exists();
    }

    /// Hands an order on. The client behind the ticket is answered when the VRRP process has.
    pub(super) fn operate(&mut self, ticket: u64, order: Order, now: Instant) {
        if let Order::Maintenance(on) = order {
            self.custody.maintenance = on;
            if let Some(note) = self.keep_maintenance(on)
                && let Some(control) = &mut self.control
            {
                control.note(ticket, note);
            }
        }
        let is_maintenance = matches!(order, Order::Maintenance(_));
        let handed = self.vrrp_child().is_some_and(|index| {
            // No setup travels with it, so that its type does not matter.
            let message = ToChild::<()>::Operate { ticket, order };
            let sent = self.children[index].channel().is_some_and(|channel| channel.send(&message).is_ok());
            self.watch_channel(index, false);
            sent
        });
        if !handed {
            // A VRRP process that starts later is told of maintenance.
            let outcome = if is_maintenance { Ok(()) } else { Err("no VRRP process runs".to_owned()) };
            self.tell_operated(ticket, outcome, now);
        }
    }

    fn vrrp_child(&self) -> Option<usize> {
        self.children.iter().position(|child| child.kind.role == Role::Vrrp)
    }

    /// Maintenance survives a restart of the daemon. What stands in the way of that is only said: the order counts.
    fn keep_maintenance(&self, on: bool) -> Option<String> {
        let path = maintenance_file(&self.launch.pids.parent);
        let kept = if on { file_in_place::write(&path, 0o644, NOTICE) } else { fs::remove_file(&path) };
        let error = match kept {
            Ok(()) => return None,
            Err(error) if !on && error.kind() == ErrorKind::NotFound => return None,
            Err(error) => error,
        };
        if on {
            // Half a file would count as one.
            drop(fs::remove_file(&path));
        }
        let note = format!("a restart will not know of it: {}: {error}", path.display());
        self.launch.logger.error(format_args!("Maintenance: {note}"));
        Some(note)
    }

    /// The VRRP process has obeyed an order, or says why not.
    pub(super) fn tell_operated(&mut self, ticket: u64, outcome: Result<(), String>, now: Instant) {
        let Some(control) = &mut self.control else { return };
        let answer = match outcome {
            Ok(()) => Answer::Done { note: control.take_note(ticket) },
            Err(why) => Answer::Error(why),
        };
        control.answer_operation(ticket, &answer, &self.reactor, now);
    }

    /// The VRRP process is gone, and answers nobody any more.
    pub(super) fn tell_operations_lost(&mut self, now: Instant) {
        let waiting = self.control.as_ref().map(super::control::Control::operations).unwrap_or_default();
        for ticket in waiting {
            self.tell_operated(ticket, Err("the VRRP process has ended".to_owned()), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_lies_beside_the_pid_file() {
        assert_eq!(
            maintenance_file(Path::new("/run/keepalived.pid")),
            Path::new("/run/keepalived.maintenance")
        );
    }
}
