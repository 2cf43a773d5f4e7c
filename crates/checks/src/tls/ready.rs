//! A TCP connection as OpenSSL reads and writes it.

use std::io::{self, Read, Write};
use tokio::net::TcpStream;

/// So many bytes are held back before they are sent in any case; a handshake and a request are far less.
const MOST_HELD: usize = 16 * 1024;

/// A socket that says "would block" where it would, as OpenSSL wants it. What is written is held back until an answer is
/// waited for, or [`Ready::send`]: so the end of the handshake and the request are one packet, as is what the peer makes of
/// them.
pub(super) struct Ready {
    socket: TcpStream,
    held: Vec<u8>,
}

impl Ready {
    pub(super) const fn new(socket: TcpStream) -> Self {
        Self { socket, held: Vec::new() }
    }

    /// To be waited for.
    pub(super) const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Something is held back.
    pub(super) const fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Sends what was held back, as far as the socket takes it.
    pub(super) fn send(&mut self) -> io::Result<()> {
        while !self.held.is_empty() {
            match self.socket.try_write(&self.held)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                sent => drop(self.held.drain(..sent)),
            }
        }
        Ok(())
    }
}

impl Read for Ready {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.send()?;
        self.socket.try_read(buffer)
    }
}

impl Write for Ready {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() >= MOST_HELD {
            self.send()?;
        }
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// OpenSSL asks for it after each flight of the handshake.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use tokio::runtime::Builder;

    async fn pair() -> (Ready, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let ours = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        let (theirs, _) = listener.accept().expect("a connection");
        theirs.set_nonblocking(true).expect("a socket");
        ours.writable().await.expect("connected");
        (Ready::new(ours), theirs)
    }

    fn is_blocked(result: io::Result<usize>) -> bool {
        result.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    #[test]
    fn what_is_written_goes_out_together_when_an_answer_is_waited_for() {
        let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let (mut ready, mut peer) = pair().await;
            let mut bytes = [0; 64];
            ready.write_all(b"the end of the handshake, ").expect("held back");
            ready.flush().expect("nothing to do");
            ready.write_all(b"a request").expect("held back");
            assert!(is_blocked(peer.read(&mut bytes)), "nothing was sent");
            assert!(is_blocked(ready.read(&mut [0])), "no answer");
            assert!(!ready.holds());
            let length = peer.read(&mut bytes).expect("all of it");
            assert_eq!(bytes.get(..length), Some(&b"the end of the handshake, a request"[..]));
        });
    }

    #[test]
    fn a_peer_that_takes_nothing_is_not_written_for_without_end() {
        let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let (mut ready, _peer) = pair().await;
            let piece = [7; MOST_HELD];
            // More than the buffers of both sockets hold.
            let written = (0..10_000).find_map(|_| ready.write(&piece).err());
            assert!(written.is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock));
            assert!(ready.held.len() <= 2 * MOST_HELD);
        });
    }
}
