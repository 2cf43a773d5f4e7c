//! Where the kernel's balancing table is that this daemon writes to, and how much room its socket has.

use crate::ipc::ORIGIN_VARIABLE;
use keepalived_config::model::{IpvsNamespace, SocketBuffer};
use keepalived_kernel::ipvs::Place;
use keepalived_kernel::netlink::ReceiveBuffer;
use keepalived_kernel::process::inherited;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

/// The network namespace that the daemon was started in, when it has left it. A process may ask once.
pub(crate) fn origin() -> Option<OwnedFd> {
    let number: i32 = std::env::var(ORIGIN_VARIABLE).ok()?.parse().ok()?;
    inherited(number).ok()
}

/// The place of the table. Without a name, `net_namespace_ipvs` is the namespace that the daemon was started in, which it
/// has left if there is a `net_namespace`; the place is good as long as `origin` is open.
pub(crate) fn place(namespace: &IpvsNamespace, origin: Option<&OwnedFd>) -> Place {
    match (namespace, origin) {
        (IpvsNamespace::Named(name), _) => Place::Named(name.clone()),
        (IpvsNamespace::Initial, Some(origin)) => {
            Place::File(PathBuf::from(format!("/proc/self/fd/{}", origin.as_raw_fd())))
        }
        (IpvsNamespace::Same | IpvsNamespace::Initial, _) => Place::Here,
    }
}

/// The receive buffer that the configuration asks for.
pub(crate) const fn room(buffer: SocketBuffer) -> ReceiveBuffer {
    match (buffer.bytes, buffer.force) {
        (None, _) => ReceiveBuffer::Usual,
        (Some(bytes), false) => ReceiveBuffer::Bytes(bytes),
        (Some(bytes), true) => ReceiveBuffer::Forced(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn without_a_name_the_table_is_where_the_daemon_was_started() {
        let origin = OwnedFd::from(File::open("/proc/self/ns/net").expect("procfs"));
        let Place::File(path) = place(&IpvsNamespace::Initial, Some(&origin)) else {
            panic!("the daemon has left it");
        };
        let found = std::fs::read_link(path).expect("an open file");
        assert_eq!(found, std::fs::read_link("/proc/self/ns/net").expect("procfs"));
        assert_eq!(place(&IpvsNamespace::Initial, None), Place::Here);
        assert_eq!(place(&IpvsNamespace::Same, Some(&origin)), Place::Here);
        assert_eq!(place(&IpvsNamespace::Named("x".into()), Some(&origin)), Place::Named("x".into()));
    }
}
