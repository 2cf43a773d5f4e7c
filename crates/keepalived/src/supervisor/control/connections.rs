//! Who may ask at the control socket, and for how long: the clients, one by one.

use crate::control::{Answer, LONGEST_REQUEST, Request, understand};
use keepalived_kernel::clock;
use keepalived_kernel::reactor::{Interest, Reactor, Ready};
use keepalived_types::Instant;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The token of the listening socket; connections come above it.
pub(in crate::supervisor) const LISTENER: u64 = 1 << 32;
/// Connections at a time. For one more, the oldest that keeps us waiting is closed.
const MOST_CONNECTIONS: usize = 32;
/// Bytes of answers that wait for their readers. For more, the oldest of them are closed.
const MOST_UNREAD: usize = 16 << 20;
/// How long a client may take to ask, and to take its answer, and how long a child may take to say how it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    /// The rest of its request.
    Request,
    /// What the VRRP process says.
    Snapshot,
    /// That the VRRP process has done what was asked for.
    Operation,
    /// A reload that has not begun yet.
    NextReload,
    /// The end of the reload that runs.
    Reload,
    /// That the client takes the answer.
    Reader,
}

/// One client.
#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    may_change: bool,
    awaits: Awaits,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// What goes with the answer.
    note: Option<String>,
    deadline: Instant,
}

/// The socket and its clients.
#[derive(Debug)]
pub(in crate::supervisor) struct Control {
    path: PathBuf,
    listener: UnixListener,
    /// Nobody is let in for the moment.
    is_paused: bool,
    connections: BTreeMap<u64, Connection>,
    last_token: u64,
    pub(super) started: Instant,
}

impl Control {
    /// Opens the socket in place of one that a dead daemon left; the pid file's lock says that it is dead.
    ///
    /// # Errors
    /// When the directory does not take it.
    pub(in crate::supervisor) fn open(path: &Path, reactor: &Reactor) -> std::io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        // Who may not look is kept out by the file; who may not change anything, by what the kernel says of the peer.
        fs::set_permissions(path, Permissions::from_mode(0o660))?;
        listener.set_nonblocking(true)?;
        reactor
            .register(listener.as_fd(), LISTENER, Interest::Read)
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        let (path, connections) = (path.to_owned(), BTreeMap::new());
        Ok(Self {
            path,
            listener,
            is_paused: false,
            connections,
            last_token: LISTENER,
            started: clock::now(),
        })
    }

    /// When a client's patience, or ours with it, ends.
    pub(in crate::supervisor) fn deadline(&self) -> Option<Instant> {
        self.connections.values().map(|connection| connection.deadline).min()
    }

    /// Closes what has waited too long.
    pub(in crate::supervisor) fn handle_deadlines(&mut self, reactor: &Reactor, now: Instant) {
        let late: Vec<u64> =
            self.connections.iter().filter(|(_, one)| one.deadline <= now).map(|(&at, _)| at).collect();
        for token in late {
            let awaits = self.connections.get(&token).map(|connection| connection.awaits);
            if matches!(
                awaits,
                Some(Awaits::Snapshot | Awaits::Operation | Awaits::NextReload | Awaits::Reload)
            ) {
                self.answer(
                    token,
                    &Answer::Error("the daemon is too busy to answer".to_owned()),
                    reactor,
                    now,
                );
            } else {
                self.close(token, reactor);
            }
        }
    }

    /// Takes in who wants to ask. When everybody waits for us, others wait in the kernel's queue.
    pub(super) fn accept(&mut self, reactor: &Reactor, now: Instant) {
        loop {
            let is_full = self.connections.len() >= MOST_CONNECTIONS;
            let who_makes_room = self.who_keeps_us_waiting().filter(|_| is_full);
            if is_full && who_makes_room.is_none() {
                self.is_paused = reactor.modify(self.listener.as_fd(), LISTENER, Interest::HangUp).is_ok();
                return;
            }
            let Ok((stream, _)) = self.listener.accept() else { return };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if let Some(token) = who_makes_room {
                self.close(token, reactor);
            }
            let Ok(peer) = rustix::net::sockopt::socket_peercred(&stream) else {
                continue;
            };
            self.last_token += 1;
            if reactor.register(stream.as_fd(), self.last_token, Interest::Read).is_ok() {
                let may_change = peer.uid.is_root() || peer.uid == rustix::process::geteuid();
                let (inbox, outbox) = (Vec::new(), Vec::new());
                let (awaits, deadline) = (Awaits::Request, now + PATIENCE);
                let note = None;
                let connection = Connection { stream, may_change, awaits, inbox, outbox, note, deadline };
                self.connections.insert(self.last_token, connection);
            }
        }
    }

    /// Who has not taken its answer for longest, or else who has not asked.
    fn who_keeps_us_waiting(&self) -> Option<u64> {
        // Tokens count up: the first is the oldest.
        let oldest = |awaits| self.waiting_for(awaits).first().copied();
        oldest(Awaits::Reader).or_else(|| oldest(Awaits::Request))
    }

    /// There may be room again for those who wait to be let in.
    fn reopen(&mut self, reactor: &Reactor) {
        if self.is_paused {
            self.is_paused = reactor.modify(self.listener.as_fd(), LISTENER, Interest::Read).is_err();
        }
    }

    /// Room for another answer of so many bytes: who has not taken theirs for longest does without.
    fn make_room_for_answer(&mut self, bytes: usize, reactor: &Reactor) {
        let unread = |connection: &Connection| connection.outbox.len();
        let mut waiting: usize = self.connections.values().map(unread).sum();
        for token in self.waiting_for(Awaits::Reader) {
            if waiting + bytes <= MOST_UNREAD {
                return;
            }
            waiting -= self.connections.get(&token).map_or(0, unread);
            self.close(token, reactor);
        }
    }

    /// Reads what a client says. Returns its request once that is complete and allowed.
    pub(super) fn read(&mut self, ready: Ready, reactor: &Reactor, now: Instant) -> Option<Request> {
        let connection = self.connections.get_mut(&ready.token)?;
        if connection.awaits != Awaits::Request {
            match connection.awaits {
                Awaits::Reader if !ready.hung_up => self.write(ready.token, reactor),
                // Nobody is there any more who would read an answer.
                _ => self.close(ready.token, reactor),
            }
            return None;
        }
        let mut chunk = [0; LONGEST_REQUEST];
        match connection.stream.read(&mut chunk) {
            Ok(0) => {
                self.close(ready.token, reactor);
                return None;
            }
            Ok(count) => connection.inbox.extend(&chunk[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return None;
            }
            Err(_) => {
                self.close(ready.token, reactor);
                return None;
            }
        }
        match understand(&connection.inbox, connection.may_change) {
            Ok(request) => request,
            Err(message) => {
                self.answer(ready.token, &Answer::Error(message), reactor, now);
                None
            }
        }
    }

    /// It has asked. Whatever else it sends is not looked at, not even the end of it: some clients close their side
    /// when they have asked (`echo '"status"' | nc -NU`).
    pub(super) fn wait_for(
        &mut self,
        token: u64,
        awaits: Awaits,
        patience: Duration,
        reactor: &Reactor,
        now: Instant,
    ) {
        if let Some(connection) = self.connections.get_mut(&token) {
            drop(reactor.modify(connection.stream.as_fd(), token, Interest::HangUp));
            connection.awaits = awaits;
            connection.deadline = now + patience;
        }
    }

    pub(super) fn waiting_for(&self, awaits: Awaits) -> Vec<u64> {
        self.connections.iter().filter(|(_, one)| one.awaits == awaits).map(|(&token, _)| token).collect()
    }

    /// Clients that wait for an operation.
    pub(in crate::supervisor) fn operations(&self) -> Vec<u64> {
        self.waiting_for(Awaits::Operation)
    }

    /// Keeps what goes with the answer to a client.
    pub(in crate::supervisor) fn note(&mut self, token: u64, note: String) {
        if let Some(connection) = self.connections.get_mut(&token) {
            connection.note = Some(note);
        }
    }

    /// What was kept.
    pub(in crate::supervisor) fn take_note(&mut self, token: u64) -> Option<String> {
        self.connections.get_mut(&token)?.note.take()
    }

    /// Answers a client that waits for an operation; it may have gone.
    pub(in crate::supervisor) fn answer_operation(
        &mut self,
        token: u64,
        answer: &Answer,
        reactor: &Reactor,
        now: Instant,
    ) {
        if self.connections.get(&token).is_some_and(|one| one.awaits == Awaits::Operation) {
            self.answer(token, answer, reactor, now);
        }
    }

    /// Who waits for the next reload waits for the one that begins now.
    pub(super) fn reload_begins(&mut self) {
        for connection in self.connections.values_mut() {
            if connection.awaits == Awaits::NextReload {
                connection.awaits = Awaits::Reload;
            }
        }
    }

    /// Queues the answer and sends what the socket takes.
    pub(super) fn answer(&mut self, token: u64, answer: &Answer, reactor: &Reactor, now: Instant) {
        let mut bytes = serde_json::to_vec(answer).unwrap_or_default();
        bytes.push(b'\n');
        self.make_room_for_answer(bytes.len(), reactor);
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        connection.outbox = bytes;
        connection.awaits = Awaits::Reader;
        connection.deadline = now + PATIENCE;
        self.write(token, reactor);
    }

    fn write(&mut self, token: u64, reactor: &Reactor) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        while !connection.outbox.is_empty() {
            match connection.stream.write(&connection.outbox) {
                Ok(count) => drop(connection.outbox.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Without it the deadline closes the connection.
                    drop(reactor.modify(connection.stream.as_fd(), token, Interest::Write));
                    self.reopen(reactor);
                    return;
                }
                Err(_) => break,
            }
        }
        self.close(token, reactor);
    }

    fn close(&mut self, token: u64, reactor: &Reactor) {
        if let Some(connection) = self.connections.remove(&token) {
            drop(reactor.deregister(connection.stream.as_fd()));
        }
        self.reopen(reactor);
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests;
