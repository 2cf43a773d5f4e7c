//! What the kernel refused, in the words of the historic interface (lvs reference 3.7).

use keepalived_types::ipvs::{DestinationKey, TableOperation};
use std::net::IpAddr;

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const ENOMEM: i32 = 12;
const EEXIST: i32 = 17;
const EINVAL: i32 = 22;
const EMSGSIZE: i32 = 90;
const ENOPROTOOPT: i32 = 92;
const EOPNOTSUPP: i32 = 95;
const EAFNOSUPPORT: i32 = 97;

/// `IPVS cmd NAME(number) error: text(errno) (service -> server)`.
pub(super) fn line(operation: &TableOperation, errno: i32) -> String {
    let (name, number) = command(operation);
    let text = text(operation, errno);
    format!("IPVS cmd IP_VS_SO_SET_{name}({number}) error: {text}({errno}){}", subject(operation))
}

fn command(operation: &TableOperation) -> (&'static str, u32) {
    match operation {
        TableOperation::AddService(_) => ("ADD", 1154),
        TableOperation::EditService(_) => ("EDIT", 1155),
        TableOperation::RemoveService(_) => ("DEL", 1156),
        TableOperation::Flush => ("FLUSH", 1157),
        TableOperation::AddDestination(..) => ("ADDDEST", 1159),
        TableOperation::RemoveDestination(..) => ("DELDEST", 1160),
        TableOperation::EditDestination(..) => ("EDITDEST", 1161),
        TableOperation::SetTimeouts(_) => ("TIMEOUT", 1162),
        TableOperation::StartSync(_) => ("STARTDAEMON", 1163),
        TableOperation::StopSync(..) => ("STOPDAEMON", 1164),
    }
}

fn text(operation: &TableOperation, errno: i32) -> String {
    let text = match (errno, operation) {
        (EEXIST, TableOperation::AddService(_)) => "Service already exists",
        (EEXIST, TableOperation::AddDestination(..)) => "Destination already exists",
        (EEXIST, TableOperation::StartSync(_)) => "Daemon has already run",
        (ENOENT, TableOperation::AddService(_) | TableOperation::EditService(_)) => {
            "Scheduler or persistence engine not found"
        }
        (ENOENT, TableOperation::EditDestination(..) | TableOperation::RemoveDestination(..)) => {
            "No such destination"
        }
        (ESRCH, TableOperation::StopSync(..)) => "No daemon is running",
        (ESRCH, _) => "No such service",
        (EPERM, _) => "Permission denied (you must be root)",
        (EINVAL, _) => "Invalid operation.  Possibly wrong module version, address not unicast, ...",
        (ENOPROTOOPT, _) => "Protocol not available",
        (ENOMEM, _) => "Memory allocation problem",
        (EOPNOTSUPP, _) => "Operation not supported with IPv6",
        (EAFNOSUPPORT, _) => "Operation not supported with specified address family",
        (EMSGSIZE, _) => "Module is wrong version",
        _ => return system_text(errno),
    };
    text.to_owned()
}

fn system_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn subject(operation: &TableOperation) -> String {
    match operation {
        TableOperation::AddService(service) | TableOperation::EditService(service) => {
            format!(" ({})", service.key)
        }
        TableOperation::RemoveService(key) => format!(" ({key})"),
        TableOperation::AddDestination(key, server) | TableOperation::EditDestination(key, server) => {
            format!(" ({key} -> {})", place(server.key))
        }
        TableOperation::RemoveDestination(key, server) => format!(" ({key} -> {})", place(*server)),
        TableOperation::Flush
        | TableOperation::StartSync(_)
        | TableOperation::StopSync(..)
        | TableOperation::SetTimeouts(_) => String::new(),
    }
}

fn place(server: DestinationKey) -> String {
    match server.address {
        IpAddr::V4(address) => format!("{address}:{}", server.port),
        IpAddr::V6(address) => format!("[{address}]:{}", server.port),
    }
}
