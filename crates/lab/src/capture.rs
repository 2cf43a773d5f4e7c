//! tcpdump on one interface, with the kernel's time stamps in nanoseconds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::frame::Packet;
use crate::namespace::Namespace;
use crate::processes::{self, Signal};
use crate::trace::Trace;
use crate::{Error, Result, names, pcap};

/// VRRP with and without AH, and what announces addresses. The client's probes are left out.
const FILTER: &str = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or icmp6";

/// tcpdump's buffer: thousands of instances that start together send for a moment faster than it writes.
const BUFFER_KIB: &str = "16384";

/// More than the longest advert. Each packet takes that much of the buffer, whatever its length.
const LONGEST_BYTES: &str = "8192";
/// Without a filter everything is wanted whole: a batch of netlink requests is longer than any packet. With its header
/// one fills a block of 256 KiB,
const WHOLE_BYTES: &str = "258048";
/// of which there are 128.
const WHOLE_BUFFER_KIB: &str = "32768";

/// A capture in progress.
#[derive(Debug)]
pub struct Capture {
    tcpdump: Child,
    file: PathBuf,
}

impl Capture {
    /// Starts tcpdump and waits until it listens.
    pub(crate) fn start(namespace: &Namespace, interface: &str, directory: &Path) -> Result<Self> {
        Self::start_filtered(namespace, interface, directory, FILTER)
    }

    /// As [`Capture::start`], with a filter of the caller's: a flood must not end up in the file.
    pub(crate) fn start_filtered(
        namespace: &Namespace,
        interface: &str,
        directory: &Path,
        filter: &str,
    ) -> Result<Self> {
        let file = directory.join(format!("{}.pcap", names::unique(interface)));
        let mut command = Command::new("ip");
        let (buffer, longest) = match filter {
            "" => (WHOLE_BUFFER_KIB, WHOLE_BYTES),
            _ => (BUFFER_KIB, LONGEST_BYTES),
        };
        command.args([
            "netns",
            "exec",
            namespace.name(),
            "tcpdump",
            "-n",
            "-i",
            interface,
            "-U",
            "-B",
            buffer,
            "-s",
            longest,
            "-Z",
            "root",
        ]);
        command.args(["--immediate-mode", "--time-stamp-precision=nano", "-w"]).arg(&file).arg(filter);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut tcpdump = command.spawn().map_err(Error::io("starting tcpdump"))?;
        let said = tcpdump.stderr.take();
        let capture = Self { tcpdump, file };
        let mut said = BufReader::new(said.ok_or_else(|| Error::Unexpected("tcpdump has no stderr".into()))?);
        let mut all = String::new();
        while !all.contains("listening on") {
            let read = said.read_line(&mut all).map_err(Error::io("reading from tcpdump"))?;
            if read == 0 {
                return Err(Error::Command { command: "tcpdump".into(), outcome: all });
            }
        }
        Ok(capture)
    }

    /// The frames so far.
    pub(crate) fn frames(&self) -> Result<Vec<pcap::Frame>> {
        let what = format!("reading {}", self.file.display());
        pcap::frames(&fs::read(&self.file).map_err(Error::io(what))?)
    }

    /// Everything so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn trace(&self) -> Result<Trace> {
        Ok(Trace::new(
            self.frames()?.into_iter().map(|frame| Packet::decode(frame.at, frame.bytes)).collect(),
        ))
    }

    /// Waits for a packet that is no older than `from`.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the adverts since `from`.
    pub fn wait_for(
        &self,
        what: &str,
        from: SystemTime,
        timeout: Duration,
        wanted: impl Fn(&Packet) -> bool,
    ) -> Result<Packet> {
        let deadline = Instant::now() + timeout;
        loop {
            let trace = self.trace()?;
            if let Some(packet) = trace.packets().iter().find(|packet| packet.at >= from && wanted(packet)) {
                return Ok(packet.clone());
            }
            if Instant::now() > deadline {
                let seen = trace.describe(from);
                return Err(Error::TimedOut { waited_for: what.into(), after: timeout, seen });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _gone_already = processes::send(self.tcpdump.id(), Signal::Kill);
        let _reaped = self.tcpdump.wait();
    }
}
