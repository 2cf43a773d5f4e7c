//! What is logged about an operation that the kernel refused.

use crate::netlink::NetlinkError;
use keepalived_types::ipvs::{DestinationKey, ServiceKey, TableOperation};
use std::fmt;

/// The original's log line about a refused operation:
/// `IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Destination already exists(17) (10.0.0.1:tcp:80 -> 10.0.0.2:80)`.
///
/// Names and numbers are those of the socket options that operations once were. A missing service is ESRCH, as the
/// kernel says; the original shows ENOENT, which its netlink library makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// What was asked.
    pub operation: &'a TableOperation,
    /// What the kernel said.
    pub error: &'a NetlinkError,
}

impl Refusal<'_> {
    /// The table is as the operation wants it all the same: what was to be added is there (perhaps with other
    /// details), or what was to be removed is not.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        match self.operation {
            TableOperation::AddService(_) | TableOperation::AddDestination(..) => {
                self.error.errno == libc::EEXIST
            }
            TableOperation::RemoveService(_) | TableOperation::RemoveDestination(..) => {
                matches!(self.error.errno, libc::ENOENT | libc::ESRCH)
            }
            _ => false,
        }
    }

    /// The destination to be changed is not there: adding it is what remains.
    #[must_use]
    pub const fn wants_addition(&self) -> bool {
        matches!(self.operation, TableOperation::EditDestination(..)) && self.error.errno == libc::ENOENT
    }

    const fn command(&self) -> (&'static str, u16) {
        match self.operation {
            TableOperation::AddService(_) => ("IP_VS_SO_SET_ADD", 1154),
            TableOperation::EditService(_) => ("IP_VS_SO_SET_EDIT", 1155),
            TableOperation::RemoveService(_) => ("IP_VS_SO_SET_DEL", 1156),
            TableOperation::Flush => ("IP_VS_SO_SET_FLUSH", 1157),
            TableOperation::AddDestination(..) => ("IP_VS_SO_SET_ADDDEST", 1159),
            TableOperation::RemoveDestination(..) => ("IP_VS_SO_SET_DELDEST", 1160),
            TableOperation::EditDestination(..) => ("IP_VS_SO_SET_EDITDEST", 1161),
            TableOperation::SetTimeouts(_) => ("IP_VS_SO_SET_TIMEOUT", 1162),
            TableOperation::StartSync(_) => ("IP_VS_SO_SET_STARTDAEMON", 1163),
            TableOperation::StopSync(..) => ("IP_VS_SO_SET_STOPDAEMON", 1164),
        }
    }

    /// The words for an errno; `None` for the system's.
    const fn text(&self) -> Option<&'static str> {
        use TableOperation as Op;
        Some(match (self.error.errno, self.operation) {
            (libc::EEXIST, Op::AddService(_)) => "Service already exists",
            (libc::EEXIST, Op::AddDestination(..)) => "Destination already exists",
            (libc::EEXIST, Op::StartSync(_)) => "Daemon has already run",
            (libc::ENOENT, Op::AddService(_) | Op::EditService(_)) => {
                "Scheduler or persistence engine not found"
            }
            (libc::ENOENT, Op::EditDestination(..) | Op::RemoveDestination(..)) => "No such destination",
            (libc::ESRCH, Op::StopSync(..)) => "No daemon is running",
            (libc::ESRCH, _) => "No such service",
            (libc::EPERM, _) => "Permission denied (you must be root)",
            (libc::EINVAL, _) => {
                "Invalid operation.  Possibly wrong module version, address not unicast, ..."
            }
            (libc::ENOPROTOOPT, _) => "Protocol not available",
            (libc::ENOMEM, _) => "Memory allocation problem",
            (libc::EOPNOTSUPP, _) => "Operation not supported with IPv6",
            (libc::EAFNOSUPPORT, _) => "Operation not supported with specified address family",
            (libc::EMSGSIZE, _) => "Module is wrong version",
            _ => return None,
        })
    }

    fn about(&self) -> (Option<&ServiceKey>, Option<DestinationKey>) {
        match self.operation {
            TableOperation::AddService(service) | TableOperation::EditService(service) => {
                (Some(&service.key), None)
            }
            TableOperation::RemoveService(key) => (Some(key), None),
            TableOperation::AddDestination(key, destination)
            | TableOperation::EditDestination(key, destination) => (Some(key), Some(destination.key)),
            TableOperation::RemoveDestination(key, destination) => (Some(key), Some(*destination)),
            TableOperation::Flush
            | TableOperation::StartSync(_)
            | TableOperation::StopSync(..)
            | TableOperation::SetTimeouts(_) => (None, None),
        }
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, number) = self.command();
        write!(f, "IPVS cmd {name}({number}) error: ")?;
        match self.text() {
            Some(text) => f.write_str(text)?,
            None => f.write_str(&system_text(self.error.errno))?,
        }
        write!(f, "({})", self.error.errno)?;
        match self.about() {
            (Some(service), None) => write!(f, " ({service})"),
            (Some(service), Some(destination)) => write!(f, " ({service} -> {destination})"),
            (None, _) => Ok(()),
        }
    }
}

/// The system's text without the "(os error 5)" that Rust adds.
fn system_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
