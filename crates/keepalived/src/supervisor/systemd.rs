//! sd_notify(3): telling the service manager how far we are. The protocol is datagrams of `NAME=value` lines.

use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

/// The manager's socket, if there is a manager.
#[derive(Debug, Default)]
pub(super) struct Notifier {
    target: Option<(OwnedFd, SocketAddrUnix)>,
    /// Between two signs of life, if the manager wants any.
    pub(super) watchdog: Option<Duration>,
}

impl Notifier {
    /// Reads `NOTIFY_SOCKET` and `WATCHDOG_USEC`.
    pub(super) fn from_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET");
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        // WATCHDOG_PID says whom the wish is meant for; the process changes when it becomes a daemon.
        let watchdog = number("WATCHDOG_USEC").filter(|&micros| micros > 0).map(Duration::from_micros);
        Self::new(socket, watchdog)
    }

    fn new(socket: Option<OsString>, watchdog: Option<Duration>) -> Self {
        let target = socket.and_then(|name| {
            let address = match name.as_bytes() {
                [b'@', name @ ..] => SocketAddrUnix::new_abstract_name(name).ok()?,
                [b'/', ..] => SocketAddrUnix::new(name.as_os_str()).ok()?,
                _ => return None,
            };
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let fd = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None).ok()?;
            Some((fd, address))
        });
        let watchdog = watchdog.filter(|_| target.is_some()).map(|interval| interval / 2);
        Self { target, watchdog }
    }

    /// Everything is up.
    pub(super) fn ready(&self) {
        self.send(&format!("READY=1\nMAINPID={}\nSTATUS=Running", std::process::id()));
    }

    /// A reload begins; `monotonic_us` is the time on CLOCK_MONOTONIC, which Type=notify-reload wants to see.
    pub(super) fn reloading(&self, monotonic_us: u64) {
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={monotonic_us}"));
    }

    /// A reload is over.
    pub(super) fn reloaded(&self, status: &str) {
        self.send(&format!("READY=1\nMAINPID={}\nSTATUS={status}", std::process::id()));
    }

    /// The end begins.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// A child cannot run, and never will.
    pub(super) fn failed(&self, errno: i32) {
        self.send(&format!("ERRNO={errno}"));
    }

    /// A line for `systemctl status`.
    pub(super) fn status(&self, text: &str) {
        self.send(&format!("STATUS={text}"));
    }

    /// Still alive.
    pub(super) fn watchdog(&self) {
        self.send("WATCHDOG=1");
    }

    fn send(&self, text: &str) {
        if let Some((fd, address)) = &self.target {
            // A manager that does not listen is no reason to do anything.
            let _ = sendto(fd, text.as_bytes(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT, address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn messages_arrive_at_the_socket_named_in_the_environment() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("bound");
        let notifier = Notifier::new(Some(path.into()), Some(Duration::from_secs(10)));
        assert_eq!(notifier.watchdog, Some(Duration::from_secs(5)));
        notifier.ready();
        notifier.reloading(12);
        let mut buffer = [0; 256];
        let mut next = || {
            let length = manager.recv(&mut buffer).expect("a datagram");
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        assert!(next().starts_with(&format!("READY=1\nMAINPID={}", std::process::id())));
        assert_eq!(next(), "RELOADING=1\nMONOTONIC_USEC=12");
    }

    #[test]
    fn without_a_manager_nothing_is_sent_and_no_watchdog_runs() {
        let notifier = Notifier::new(None, Some(Duration::from_secs(10)));
        assert_eq!(notifier.watchdog, None);
        notifier.ready();
        Notifier::new(Some("relative".into()), None).stopping();
    }
}
