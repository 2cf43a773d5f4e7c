//! The socket of the local syslog daemon (RFC 3164 over an AF_UNIX datagram socket, as glibc's syslog(3) speaks it).

use super::Severity;
use super::calendar::{Calendar, syslog_stamp};
use crate::options::Facility;
use std::fmt::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// Where the daemon listens.
const SOCKET: &str = "/dev/log";
/// A daemon that is not there is looked for again after this much time, not with every line.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Syslog {
    ident: String,
    facility: Facility,
    connection: Mutex<Connection>,
}

#[derive(Debug)]
struct Connection {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    dropped: u64,
    tried: Option<SystemTime>,
}

impl Syslog {
    pub(super) fn new(ident: &str, facility: Facility) -> Self {
        Self::at(Path::new(SOCKET), ident, facility)
    }

    fn at(path: &Path, ident: &str, facility: Facility) -> Self {
        let connection = Connection { path: path.to_owned(), socket: connect(path), dropped: 0, tried: None };
        Self { ident: ident.to_owned(), facility, connection: Mutex::new(connection) }
    }

    pub(super) fn write(&self, severity: Severity, now: SystemTime, message: &str) {
        let mut connection = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if connection.dropped > 0 {
            let told = format!("{} log messages were dropped", connection.dropped);
            if connection.send(&self.datagram(Severity::Info, now, &told), now) {
                connection.dropped = 0;
            }
        }
        if !connection.send(&self.datagram(severity, now, message), now) {
            connection.dropped += 1;
        }
    }

    fn datagram(&self, severity: Severity, now: SystemTime, message: &str) -> Vec<u8> {
        let mut text = String::with_capacity(message.len() + 48);
        let priority = u16::from(self.facility.number()) * 8 + u16::from(severity.number());
        // Writing to a String cannot fail.
        let _ = write!(text, "<{priority}>");
        syslog_stamp(&mut text, Calendar::local(now));
        let _ = write!(text, "{}[{}]: {message}", self.ident, std::process::id());
        text.into_bytes()
    }
}

impl Connection {
    /// Sends, connecting anew if the daemon has been restarted. `false`: the line is lost.
    fn send(&mut self, datagram: &[u8], now: SystemTime) -> bool {
        if let Some(socket) = &self.socket {
            match socket.send(datagram) {
                Ok(_) => return true,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(_) => self.socket = None,
            }
        }
        let waited = self.tried.is_none_or(|tried| now.duration_since(tried).is_ok_and(|gone| gone >= RETRY));
        if !waited {
            return false;
        }
        self.socket = connect(&self.path);
        self.tried = self.socket.is_none().then_some(now);
        self.socket.as_ref().is_some_and(|socket| socket.send(datagram).is_ok())
    }
}

fn connect(path: &Path) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect(path).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn next(daemon: &UnixDatagram) -> String {
        let mut buffer = [0; 512];
        let length = daemon.recv(&mut buffer).expect("a datagram");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_datagram_is_what_glibc_would_send() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("log");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        let syslog = Syslog::at(&path, "Keepalived_vrrp", Facility::Local(3));
        syslog.write(Severity::Info, UNIX_EPOCH + Duration::from_secs(86_400 * 40), "Stopped");
        let text = next(&daemon);
        // local3.info is 19 * 8 + 6; the time is that of the machine's zone.
        assert!(text.starts_with("<158>Feb  9 ") || text.starts_with("<158>Feb 10 "), "{text}");
        assert!(
            text.ends_with(&format!(":00:00 Keepalived_vrrp[{}]: Stopped", std::process::id())),
            "{text}"
        );
    }

    #[test]
    fn what_a_full_or_missing_daemon_loses_is_counted_and_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("log");
        let syslog = Syslog::at(&path, "Keepalived", Facility::Daemon);
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1000 + seconds);
        syslog.write(Severity::Info, at(0), "first");
        syslog.write(Severity::Alert, at(0), "second");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        syslog.write(Severity::Alert, at(2), "third");
        assert!(next(&daemon).ends_with("2 log messages were dropped"));
        let third = next(&daemon);
        assert!(third.starts_with("<25>") && third.ends_with("]: third"), "{third}");
        // A daemon that was restarted is found again.
        drop(daemon);
        std::fs::remove_file(&path).expect("removed");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        syslog.write(Severity::Info, at(4), "fourth");
        assert!(next(&daemon).ends_with("]: fourth"));
    }
}
