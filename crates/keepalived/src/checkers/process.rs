//! The life of the checker process: from the supervisor's first message to the last service removed.

use super::driver::{Driver, Outcome};
use crate::ipc::{CHANNEL_VARIABLE, Channel, CheckersSetup, ToCheckers};
use crate::log::Logger;
use keepalived_kernel::memory;
use keepalived_kernel::process::{Pid, inherited};
use keepalived_kernel::reactor::wait_readable;
use keepalived_kernel::sched::{self, Limit};
use keepalived_kernel::signals::{self, Signals};
use std::os::fd::{AsFd, OwnedFd};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Exit statuses as the supervisor understands them (runtime reference 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Stopped in order.
    Normal = 0,
    /// Cannot run at all: no IPVS, no TLS.
    Fatal = 1,
    /// Something that cannot happen.
    Internal = 70,
}

/// The whole process; returns its exit status.
#[must_use]
pub fn run() -> u8 {
    // The supervisor's name until the configuration says otherwise: every process is called keepalived.
    drop(sched::set_name("keepalived"));
    memory::return_large_blocks();
    let Some((channel, setup)) = first_message() else {
        eprintln!("keepalived-checkers is started by keepalived and does nothing by itself");
        return Exit::Fatal as u8;
    };
    let exit = match prepare() {
        Ok(signals) => drive(*setup, channel, signals),
        Err(error) => {
            Logger::new(setup.log.clone()).error(format_args!("Healthcheck process cannot start: {error}"));
            Exit::Fatal
        }
    };
    exit as u8
}

fn first_message() -> Option<(Channel, Box<CheckersSetup>)> {
    let number: i32 = std::env::var(CHANNEL_VARIABLE).ok()?.parse().ok()?;
    let fd: OwnedFd = inherited(number).ok()?;
    let mut channel = Channel::new(fd).ok()?;
    loop {
        wait_readable(channel.as_fd()).ok()?;
        let received = channel.receive::<ToCheckers>().ok()?;
        if let Some(ToCheckers::Start(setup)) = received.messages.into_iter().next() {
            return Some((channel, setup));
        }
        if received.closed {
            return None;
        }
    }
}

fn prepare() -> keepalived_kernel::Result<Signals> {
    let signals = Signals::block(&[signals::TERM, signals::RELOAD, signals::CHILD, signals::DATA])?;
    for ignored in [signals::INTERRUPT, signals::PIPE] {
        signals::ignore(ignored)?;
    }
    // SIGTERM is blocked by now: a parent that dies from here on ends us in order.
    if let Some(parent) = Pid::from_raw(i32::try_from(std::os::unix::process::parent_id()).unwrap_or(0))
        && !sched::stop_with_parent(parent)?
    {
        return Err(keepalived_kernel::Error::new(
            "be started by the supervisor",
            std::io::Error::other("it has ended"),
        ));
    }
    Ok(signals)
}

fn drive(setup: CheckersSetup, channel: Channel, signals: Signals) -> Exit {
    let logger = Logger::new(setup.log.clone());
    if let Err(error) = make_room_for_sockets() {
        logger.warning(format_args!(
            "Healthcheck child process: cannot raise the limit of open files: {error}"
        ));
    }
    let Ok(runtime) = Builder::new_current_thread().enable_io().enable_time().build() else {
        logger.error("Healthcheck process cannot start: no runtime");
        return Exit::Fatal;
    };
    let local = LocalSet::new();
    let outcome = local.block_on(&runtime, async {
        let driver = Driver::new(setup, channel, signals)?;
        // Handing thousands of servers over took many times what they need.
        memory::return_free_pages();
        driver.run().await
    });
    match outcome {
        Ok(Outcome::Stopped) => Exit::Normal,
        Err(error) => {
            logger.error(error.to_string());
            if error.is_fatal() { Exit::Fatal } else { Exit::Internal }
        }
    }
}

/// Every check that is under way has a socket.
fn make_room_for_sockets() -> keepalived_kernel::Result<()> {
    let (_, hard) = sched::limit(Limit::Descriptors)?;
    sched::set_limit(Limit::Descriptors, hard, hard)
}
