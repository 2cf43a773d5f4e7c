//! CPU time and memory of a daemon, all its processes and threads, as /proc tells.

use std::fs;
use std::path::Path;
use std::time::Duration;

use keepalived_lab::{Daemon, Namespace};

use crate::{Error, Result};

fn processes(daemon: &Daemon) -> Vec<u32> {
    let mut pids = daemon.descendants();
    pids.push(daemon.pid());
    pids
}

/// Time on the CPU so far. Not from the ticks of /proc/PID/stat: a hundredth of a second is a thousand adverts.
pub(super) fn cpu(daemon: &Daemon) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for pid in processes(daemon) {
        let tasks = format!("/proc/{pid}/task");
        let entries = fs::read_dir(&tasks).map_err(Error::io(format!("reading {tasks}")))?;
        for task in entries.flatten() {
            // A thread may end between the listing and the reading.
            total += read_schedstat(&task.path().join("schedstat")).unwrap_or_default();
        }
    }
    Ok(total)
}

/// Time on the CPU of one thread of this process.
pub(super) fn cpu_of_thread(thread: i32) -> Duration {
    read_schedstat(Path::new(&format!("/proc/self/task/{thread}/schedstat"))).unwrap_or_default()
}

fn read_schedstat(path: &Path) -> Option<Duration> {
    on_cpu(&fs::read_to_string(path).ok()?)
}

/// The first of the three numbers: nanoseconds on the CPU (Documentation/scheduler/sched-stats.rst).
fn on_cpu(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Proportional set size of all processes, KiB: shared pages count in parts.
pub(super) fn pss_kib(daemon: &Daemon) -> Result<f64> {
    let mut total = 0.0;
    for pid in processes(daemon) {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
        total += rollup(&text, "Pss:").ok_or_else(|| Error::Failed(format!("{path} has no Pss")))?;
    }
    Ok(total)
}

fn rollup(text: &str, field: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Packets of all Ethernet interfaces of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packets {
    pub(super) received: u64,
    pub(super) sent: u64,
}

/// How many there were so far.
pub(super) fn packets(namespace: &Namespace) -> Result<Packets> {
    let reading = namespace.thread(|| fs::read_to_string("/proc/thread-self/net/dev"))?.join();
    let text = reading.map_err(|_| Error::Failed("reading the counters panicked".into()))??;
    Ok(counted(&text.map_err(Error::io("reading /proc/net/dev"))?))
}

/// Columns of /proc/net/dev: eight about receiving, then eight about sending; packets are the second of each.
fn counted(text: &str) -> Packets {
    let mut packets = Packets { received: 0, sent: 0 };
    for line in text.lines() {
        let Some((name, columns)) = line.split_once(':') else {
            continue;
        };
        if !name.trim().starts_with("eth") {
            continue;
        }
        let columns: Vec<u64> = columns.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        packets.received += columns.get(1).copied().unwrap_or(0);
        packets.sent += columns.get(9).copied().unwrap_or(0);
    }
    packets
}

/// How many TCP connections the processes of a namespace have begun: `ActiveOpens` of RFC 4022.
pub(super) fn connections(namespace: &Namespace) -> Result<u64> {
    let reading = namespace.thread(|| fs::read_to_string("/proc/thread-self/net/snmp"))?.join();
    let text = reading.map_err(|_| Error::Failed("reading the counters panicked".into()))??;
    let text = text.map_err(Error::io("reading /proc/net/snmp"))?;
    active_opens(&text).ok_or_else(|| Error::Failed("/proc/net/snmp has no ActiveOpens".into()))
}

/// A line of names, and below it one of values.
fn active_opens(text: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut both = names.split_whitespace().zip(values.split_whitespace());
    both.find(|(name, _)| *name == "ActiveOpens")?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_the_time_on_the_cpu() {
        assert_eq!(on_cpu("835037 235450 2\n"), Some(Duration::from_nanos(835_037)));
        assert_eq!(on_cpu(""), None);
    }

    #[test]
    fn a_field_of_the_rollup_is_found_by_its_whole_name() {
        let text = "55c3-7fff ---p 00000000 [rollup]\nRss:   1720 kB\nPss:    220 kB\nPss_Dirty:  112 kB\n";
        assert_eq!(rollup(text, "Pss:"), Some(220.0));
        assert_eq!(rollup(text, "Swap:"), None);
    }

    #[test]
    fn the_counters_of_ethernet_interfaces_are_added_up() {
        let text = "Inter-|   Receive |  Transmit
 face |bytes packets errs
    lo: 100 9 0 0 0 0 0 0 100 9 0 0 0 0 0 0
  eth0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0
 eth10: 100 10 0 0 0 0 0 0 200 20 0 0 0 0 0 0
";
        assert_eq!(counted(text), Packets { received: 11, sent: 22 });
    }

    #[test]
    fn connections_are_the_value_below_their_name() {
        let text =
            "Ip: Forwarding\nIp: 1\nTcp: RtoMin ActiveOpens PassiveOpens\nTcp: 200 17 4\nUdp: x\nUdp: 1\n";
        assert_eq!(active_opens(text), Some(17));
        assert_eq!(active_opens("Tcp: RtoMin\nTcp: 200\n"), None);
    }

    #[test]
    fn this_thread_has_used_some_time() {
        // The kernel adds up what a thread has used when it stops running.
        std::thread::sleep(Duration::from_millis(1));
        assert!(cpu_of_thread(rustix::thread::gettid().as_raw_pid()) > Duration::ZERO);
        assert_eq!(cpu_of_thread(-1), Duration::ZERO);
    }
}
