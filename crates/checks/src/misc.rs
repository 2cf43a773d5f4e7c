//! `MISC_CHECK`: runs a program and takes its exit status (lvs reference 5.9).

use crate::attempt::{PASSED, failed, timed_out, words};
use crate::context::Context;
use crate::limits;
use crate::program::{Ending, Program};
use keepalived_lvs::Outcome;
use keepalived_lvs::config::MiscCheck;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{sleep, timeout};

/// The status that stands for a program that cannot be executed, as a shell has it. Programs may have it too.
const CANNOT_EXECUTE: u8 = 126;

/// How long to wait before asking again for the ending of a program whose descriptor says that it has one. Never
/// needed with a pidfd.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// Runs the program to its end, or ends it when its time is over: SIGTERM, two seconds later SIGKILL. The attempt is
/// over when the program is gone, so that two of the same check never run side by side.
pub(crate) async fn check(check: &MiscCheck, context: &Context) -> Outcome {
    let mut running = match Running::start(check, context) {
        Ok(running) => running,
        Err(error) => {
            let reason = format!("Checker can't start {}: {}", check.command.path.display(), words(&error));
            return Outcome::CannotRun { reason };
        }
    };
    let ended = if check.timeout.is_zero() {
        Ok(running.ended().await)
    } else {
        timeout(check.timeout, running.ended()).await
    };
    match ended {
        Ok(Ok(Ending::Exited(status))) => exited(status, check),
        Ok(Ok(Ending::Killed(signal))) => failed("failed", Some(format!("due to signal {signal}"))),
        Ok(Err(error)) => {
            let reason =
                format!("Checker can't wait for {}: {}", check.command.path.display(), words(&error));
            Outcome::CannotRun { reason }
        }
        Err(_elapsed) => {
            running.stop().await;
            timed_out("timed out")
        }
    }
}

fn exited(status: u8, check: &MiscCheck) -> Outcome {
    match status {
        0 => PASSED,
        2.. if check.dynamic && !(status == CANNOT_EXECUTE && is_gone(&check.command.path)) => {
            Outcome::Weighed(status)
        }
        status => failed("failed", Some(format!("exited with status {status}"))),
    }
}

/// A program that was there when the configuration was read, and cannot be executed any more.
fn is_gone(program: &Path) -> bool {
    !program.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// A program that is ended when this is dropped before it has.
struct Running {
    program: Box<dyn Program>,
    pidfd: Receiver,
    over: bool,
}

impl Running {
    fn start(check: &MiscCheck, context: &Context) -> io::Result<Self> {
        let mut program = context.programs().start(&check.command)?;
        // A pidfd is no pipe, but is waited for in the same way.
        match program.watch().and_then(Receiver::from_owned_fd_unchecked) {
            Ok(pidfd) => Ok(Self { program, pidfd, over: false }),
            Err(error) => {
                program.kill();
                Err(error)
            }
        }
    }

    async fn ended(&mut self) -> io::Result<Ending> {
        self.pidfd.readable().await?;
        loop {
            let ending = self.program.ending();
            self.over = !matches!(ending, Ok(None));
            match ending.transpose() {
                Some(ending) => return ending,
                None => sleep(ASK_AGAIN).await,
            }
        }
    }

    /// Ends it, and whatever it started.
    async fn stop(&mut self) {
        self.program.terminate();
        for _ in 0..limits::PROGRAM_KILLS {
            // Readable while nobody has asked for the ending, so its process group cannot be anybody else's yet.
            let gone = timeout(limits::PROGRAM_GRACE, self.pidfd.readable()).await;
            self.program.kill();
            if gone.is_ok() {
                let _how_is_of_no_interest = self.ended().await;
                return;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over {
            self.program.kill();
        }
    }
}
