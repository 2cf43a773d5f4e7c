//! What tests of this crate share: a network namespace of their own, and commands that must succeed.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

/// Runs `test` on a thread in a fresh network namespace, which goes with it. Commands started there are inside, too.
pub(crate) fn in_network_namespace<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(|| {
        // SAFETY: a flag; no memory is involved.
        let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(result, 0, "these tests need root: {}", std::io::Error::last_os_error());
        run("ip", &["link", "set", "lo", "up"]);
        test()
    });
    match thread.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Runs a command and returns what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the program is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `ip` with arguments separated by blanks.
pub(crate) fn ip(arguments: &str) -> String {
    run("ip", &arguments.split_whitespace().collect::<Vec<_>>())
}

/// Looks again until nothing changes meanwhile: the kernel goes on working on an interface that has just come up.
pub(crate) fn when_steady<T>(mut look: impl FnMut() -> T, is_steady: impl Fn(&T) -> bool) -> T {
    for _ in 0..200 {
        let seen = look();
        if is_steady(&seen) {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("there was no quiet moment in four seconds");
}

/// Two namespaces joined by a veth pair, both ends named `wire`: 10.9.0.1/24 and fd00:9::1/64 on the left, .2 and ::2 on
/// the right. Runs `left` and `right` inside, each in its own; sockets made there stay there and keep the wire alive.
pub(crate) fn two_namespaces<L, R>(
    left: impl FnOnce() -> L + Send + 'static,
    right: impl FnOnce() -> R + Send + 'static,
) -> (L, R)
where
    L: Send + 'static,
    R: Send + 'static,
{
    in_network_namespace(move || {
        let (tell_thread, thread_id) = mpsc::channel();
        let (tell_ready, ready) = mpsc::channel();
        let (tell_value, value) = mpsc::channel();
        let (tell_finished, finished) = mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            in_network_namespace(move || {
                tell_thread.send(rustix::thread::gettid()).expect("the left side waits");
                ready.recv().expect("the left side is ready");
                set_up_wire(2);
                wait_for_ipv6();
                tell_value.send(right()).expect("the left side waits");
                // The namespace lives as long as this thread, or as a socket in it.
                let _ = finished.recv();
            })
        });
        let there = thread_id.recv().expect("the right side has its namespace");
        ip(&format!("link add wire type veth peer name wire netns {there}"));
        set_up_wire(1);
        tell_ready.send(()).expect("the right side waits");
        let right = value.recv().expect("the right side is set up");
        // Both ends are up now; the wire carries packets from here on.
        wait_for_ipv6();
        let left = left();
        drop(tell_finished);
        other.join().expect("the right side only waits");
        (left, right)
    })
}

fn set_up_wire(host: u8) {
    ip(&format!("addr add 10.9.0.{host}/24 dev wire"));
    ip(&format!("addr add fd00:9::{host}/64 dev wire nodad"));
    ip("link set wire up");
}

/// The kernel routes IPv6 multicasts only some time after the carrier came.
fn wait_for_ipv6() {
    for _ in 0..200 {
        if ip("-6 route show table local dev wire").contains("multicast ff00::/8") {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the wire has no carrier");
}

/// Numbers and bytes without sense, the same ones each time.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Up to 31 bits.
    pub(crate) fn number(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits")
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.number().to_le_bytes()[0]
    }

    /// Fewer than `below` bytes.
    pub(crate) fn bytes(&mut self, below: usize) -> Vec<u8> {
        (0..self.number() % below).map(|_| self.byte()).collect()
    }

    /// The same bytes with up to four of them changed.
    pub(crate) fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.number() % 4 {
            let at = self.number() % bytes.len();
            spoilt[at] = self.byte();
        }
        spoilt
    }
}
