//! The life of the checker process: from the supervisor's first message to the last service removed.

use super::driver::{Driver, Outcome};
use crate::child::{self, Exit};
use crate::ipc::{Channel, CheckersSetup, ToCheckers};
use crate::log::Logger;
use keepalived_kernel::memory;
use keepalived_kernel::sched::{self, Limit};
use keepalived_kernel::signals::{self, Signals};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// The whole process; returns its exit status.
#[must_use]
pub fn run() -> u8 {
    let setup_of = |message| match message {
        ToCheckers::Start(setup) => Some(setup),
        _ => None,
    };
    let Some((channel, setup)) = child::begin("keepalived-checkers", setup_of) else {
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

fn prepare() -> keepalived_kernel::Result<Signals> {
    let signals = Signals::block(&[signals::TERM, signals::RELOAD, signals::CHILD, signals::DATA])?;
    child::follow_supervisor()?;
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
