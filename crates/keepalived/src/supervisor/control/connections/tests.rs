//! Clients that ask and do not read, and what they cost.

use super::*;
use std::io::{BufRead as _, BufReader};

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
    reactor: Reactor,
    control: Control,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sock");
        let reactor = Reactor::new().expect("epoll");
        let control = Control::open(&path, &reactor).expect("a socket");
        Self { _directory: directory, path, reactor, control }
    }

    /// A client that has asked, and whose token is this.
    fn asks(&mut self) -> (UnixStream, u64) {
        let mut stream = UnixStream::connect(&self.path).expect("a listener");
        stream.write_all(b"\"status\"\n").expect("room for a question");
        let now = clock::now();
        self.control.accept(&self.reactor, now);
        let token = self.control.last_token;
        let ready = Ready { token, readable: true, writable: false, hung_up: false };
        assert_eq!(self.control.read(ready, &self.reactor, now), Some(Request::Status));
        self.control.wait_for(token, Awaits::Snapshot, PATIENCE, &self.reactor, now);
        (stream, token)
    }

    fn answer(&mut self, token: u64, length: usize) {
        self.control.answer(token, &Answer::Error("x".repeat(length)), &self.reactor, clock::now());
    }

    fn unread(&self) -> usize {
        self.control.connections.values().map(|connection| connection.outbox.len()).sum()
    }
}

#[test]
fn clients_that_do_not_read_neither_fill_memory_nor_keep_others_out() {
    let mut place = Place::new();
    let mut silent = Vec::new();
    for _ in 0..100 {
        let (stream, token) = place.asks();
        silent.push(stream);
        place.answer(token, 3 << 20);
        assert!(place.control.connections.len() <= MOST_CONNECTIONS);
        assert!(place.unread() <= MOST_UNREAD, "{}", place.unread());
    }
    assert!(place.unread() > 3 << 20, "several wait");
    let (stream, token) = place.asks();
    place.answer(token, 10);
    let mut said = String::new();
    BufReader::new(stream).read_line(&mut said).expect("an answer");
    assert_eq!(said, "{\"error\":\"xxxxxxxxxx\"}\n");
}

#[test]
fn who_waits_for_the_daemon_keeps_its_place() {
    let mut place = Place::new();
    let asking: Vec<_> = (0..MOST_CONNECTIONS).map(|_| place.asks()).collect();
    let stream = UnixStream::connect(&place.path).expect("a listener");
    place.control.accept(&place.reactor, clock::now());
    assert_eq!(place.control.connections.len(), MOST_CONNECTIONS, "one too many");
    assert!(place.control.is_paused);
    drop(stream);
    // One that has been answered and does not read makes room.
    place.answer(asking[7].1, 3 << 20);
    assert!(!place.control.is_paused);
    let (_stream, token) = place.asks();
    assert!(place.control.connections.contains_key(&token));
    assert!(!place.control.connections.contains_key(&asking[7].1));
    assert!(place.control.connections.contains_key(&asking[0].1));
}
