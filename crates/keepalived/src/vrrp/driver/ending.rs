//! The end of the thread: the last adverts, and addresses that go.

use super::Driver;
use crate::vrrp::messages::ToHelper;
use keepalived_kernel::{Result, clock};
use keepalived_types::Instant;
use std::collections::HashMap;
use std::time::Duration;

/// The longest the last requests may take.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(3);

impl Driver {
    /// Sends the last adverts and waits until the addresses are gone.
    pub(super) fn finish(mut self) -> Result<()> {
        self.perform_effects();
        let deadline = clock::now() + PATIENCE_AT_STOP;
        self.advance_requests()?;
        let mut ready = Vec::new();
        while self.network.is_busy() && clock::now() < deadline {
            let due = if self.network.has_work() { Instant::ORIGIN } else { deadline };
            self.reactor.wait(Some(due), Duration::ZERO, &mut ready)?;
            self.advance_requests()?;
        }
        for text in self.secondaries.want(&HashMap::new()) {
            self.to_helper.put(ToHelper::Log { detail: false, text });
        }
        self.log_drops();
        self.to_helper.put(ToHelper::Stop);
        self.to_helper.wake();
        Ok(())
    }

    /// What was dropped before the engine could count it.
    pub(super) fn log_drops(&mut self) {
        let counts = [
            (self.channels.malformed(), "datagrams were no VRRP packets"),
            (self.announcer.failures(), "gratuitous ARP or neighbour advertisements could not be sent"),
            (self.redump.overruns(), "times the kernel's reports about interfaces and addresses were lost"),
        ];
        for (count, what) in counts {
            if count > 0 {
                self.to_helper.put(ToHelper::Log { detail: false, text: format!("{count} {what}") });
            }
        }
    }
}
