//! The machine's own limit: a client that connects to one server after the other at a given rate, asks for a page or
//! not, and closes. It has no time-outs, no state, and nothing else to do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use keepalived_lab::Node;

use super::setting::{Kind, Setting, address};
use super::usage::cpu_of_thread;
use crate::{Error, Result};

/// CPU microseconds per check over a window, or nothing where a bare client has nothing to do with the cost (TLS).
pub(super) fn cost(director: &Node, setting: Setting, window: Duration) -> Result<Option<f64>> {
    if setting.kind == Kind::Ssl {
        return Ok(None);
    }
    let work = move || check_for(setting, window);
    let done = director.namespace().thread(work)?.join();
    let done = done.map_err(|_| Error::Failed("the bare client panicked".into()))??;
    done.map(Some).map_err(Error::io("the bare client"))
}

fn check_for(setting: Setting, window: Duration) -> std::io::Result<f64> {
    let thread = rustix::thread::gettid().as_raw_pid();
    let period = Duration::from_secs_f64(1.0 / setting.rate());
    let begin = Instant::now();
    let (mut checks, mut due) = (0_u32, begin);
    while begin.elapsed() < window {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let server = usize::try_from(checks).unwrap_or(0) % setting.servers;
        check(setting.kind, address(server))?;
        checks += 1;
        due += period;
    }
    Ok(cpu_of_thread(thread).as_secs_f64() * 1e6 / f64::from(checks.max(1)))
}

fn check(kind: Kind, server: Ipv4Addr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(SocketAddr::from((server, kind.port())))?;
    if kind == Kind::Http {
        stream.write_all(b"GET / HTTP/1.0\r\nHost: bare\r\n\r\n")?;
        let mut answer = [0; 4096];
        while stream.read(&mut answer)? > 0 {}
    }
    Ok(())
}
