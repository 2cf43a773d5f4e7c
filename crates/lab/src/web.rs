//! A web server on a node that answers with the node's name, and a client that asks again and again.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::node::Node;
use crate::worker::Worker;
use crate::{Error, Result};

/// How long a client waits for a connection and for an answer.
const PATIENCE: Duration = Duration::from_millis(1000);
/// How often a server looks whether it has to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Answers every request with its node's name. Dropping it closes the port: connections are refused from then on.
#[derive(Debug)]
pub struct WebServer(#[expect(dead_code, reason = "dropping it stops the server")] Worker);

impl WebServer {
    /// Starts a server on a port of every address of a node, also of those that come later.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(node: &Node, port: u16) -> Result<Self> {
        Self::saying(node, port, node.name())
    }

    /// The same with another text for the node's name.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn saying(node: &Node, port: u16, text: &str) -> Result<Self> {
        let text = text.to_owned();
        let open = move || {
            let listener = TcpListener::bind(SocketAddr::from(([0_u16; 8], port)));
            let what = format!("listening on port {port}");
            let listener = listener.map_err(Error::io(what.clone()))?;
            listener.set_nonblocking(true).map_err(Error::io(what))?;
            Ok(listener)
        };
        Worker::start(node, open, move |listener, stop| serve(&listener, &text, &stop)).map(Self)
    }
}

fn serve(listener: &TcpListener, text: &str, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let mut fds = [PollFd::new(listener, PollFlags::IN)];
        let _looked_at_below = poll(&mut fds, Some(&LOOK));
        while let Ok((stream, _)) = listener.accept() {
            // A client that goes away early, as a TCP check does, is no concern of ours.
            drop(answer(stream, text));
        }
    }
}

fn answer(mut stream: TcpStream, text: &str) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = [0; 1024];
    if stream.read(&mut request)? == 0 {
        return Ok(());
    }
    let length = text.len();
    let header = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close";
    write!(stream, "{header}\r\nContent-Length: {length}\r\n\r\n{text}")
}

/// One request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it began.
    pub begun: SystemTime,
    /// Who answered, or why nobody did.
    pub answer: std::result::Result<String, String>,
}

/// Asks again and again until it is dropped.
#[derive(Debug)]
pub struct WebClient {
    requests: Arc<Mutex<Vec<Request>>>,
    _worker: Worker,
}

impl WebClient {
    /// Starts a client on a node, with so much time between an answer and the next request.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn start(node: &Node, address: IpAddr, port: u16, pause: Duration) -> Result<Self> {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let to = SocketAddr::new(address, port);
        let work = move |(), stop: Arc<AtomicBool>| {
            while !stop.load(Ordering::Relaxed) {
                let begun = SystemTime::now();
                let answer = ask(to, PATIENCE).map_err(|error| error.to_string());
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(Request { begun, answer });
                std::thread::sleep(pause);
            }
        };
        Ok(Self { requests, _worker: Worker::start(node, || Ok(()), work)? })
    }

    /// Everything that was asked so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked since a moment.
    #[must_use]
    pub fn requests_since(&self, since: SystemTime) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.begun >= since).collect()
    }
}

/// One request, with so much time for each part of the connection. Returns what the server says.
pub(crate) fn ask(to: SocketAddr, patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&to, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok(body.to_owned())
}
