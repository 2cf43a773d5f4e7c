//! The sockets of a running program, asked for their options.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::{Error, Result};

/// SO_RCVBUF of each socket of a process that has this IP protocol, smallest first. The kernel doubles what was asked
/// for.
///
/// # Errors
/// When the process is gone or may not be looked into.
pub fn receive_buffers(pid: u32, protocol: u32) -> Result<Vec<usize>> {
    receive_buffers_of(pid, |socket| {
        let of = sockopt::socket_protocol(socket).ok().flatten();
        of.is_some_and(|of| of.as_raw().get() == protocol)
    })
}

/// The same of its netlink sockets, whatever their protocol.
///
/// # Errors
/// As [`receive_buffers`].
pub fn netlink_receive_buffers(pid: u32) -> Result<Vec<usize>> {
    receive_buffers_of(pid, |socket| {
        sockopt::socket_domain(socket).is_ok_and(|domain| domain == AddressFamily::NETLINK)
    })
}

fn receive_buffers_of(pid: u32, is_meant: impl Fn(&OwnedFd) -> bool) -> Result<Vec<usize>> {
    let failed = |what: &str| {
        let what = format!("{what} of process {pid}");
        move |errno: rustix::io::Errno| Error::Io { what, source: errno.into() }
    };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| Error::Unexpected(format!("{pid} is not a pid")))?;
    let handle = pidfd_open(process, PidfdFlags::empty()).map_err(failed("opening a handle"))?;
    let directory = format!("/proc/{pid}/fd");
    let mut sizes = Vec::new();
    for entry in fs::read_dir(&directory).map_err(Error::io(format!("listing {directory}")))?.flatten() {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let (Some(number), true) = (number, target.to_string_lossy().starts_with("socket:")) else {
            continue;
        };
        // It may have been closed in the meantime.
        let Ok(socket) = pidfd_getfd(&handle, number, PidfdGetfdFlags::empty()) else { continue };
        if is_meant(&socket) {
            sizes.push(sockopt::socket_recv_buffer_size(&socket).map_err(failed("asking a socket"))?);
        }
    }
    sizes.sort_unstable();
    Ok(sizes)
}
