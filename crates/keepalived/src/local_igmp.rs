//! `disable_local_igmp`: the host does not report its membership in local groups (224.0.0.x), while the daemon runs.
//!
//! The supervisor's business, for a successor of a killed process could not tell what there was before. When the supervisor
//! itself is killed, the VRRP process, which stops then, puts the setting back in its place.

use crate::log::Logger;
use keepalived_kernel::sysctl;

/// Of the network namespace that the daemon is in (kernel's ip-sysctl documentation; since Linux 4.3).
const SETTING: &str = "net/ipv4/igmp_link_local_mcast_reports";

/// The setting before we changed it.
#[derive(Debug, Default)]
pub(crate) struct LocalIgmp {
    before: Option<String>,
}

impl LocalIgmp {
    /// As somebody else found it; `None` when it was not changed.
    pub(crate) const fn found(before: Option<String>) -> Self {
        Self { before }
    }

    /// What has to be known to put it back; `None` when it was not changed.
    pub(crate) fn before(&self) -> Option<String> {
        self.before.clone()
    }

    /// Switches the reports off. A refusal is worth a line in the log and no more.
    pub(crate) fn disable(&mut self, logger: &Logger) {
        if self.before.is_some() {
            return;
        }
        let outcome = sysctl::read(SETTING).and_then(|before| {
            sysctl::write(SETTING, "0")?;
            Ok(before)
        });
        match outcome {
            Ok(before) => self.before = Some(before),
            Err(error) => logger.warning(format_args!("disable_local_igmp: {error}")),
        }
    }

    /// Puts the setting back.
    pub(crate) fn restore(self, logger: &Logger) {
        if let Some(before) = self.before
            && let Err(error) = sysctl::write(SETTING, &before)
        {
            logger.warning(format_args!("disable_local_igmp: {error}"));
        }
    }
}
