//! Who may send ICMP echo requests without a raw socket: `PING_CHECK` needs our group among them.

use keepalived_kernel::sysctl;
use keepalived_lvs::config::{Checker, Config, Probe};

const RANGE: &str = "net/ipv4/ping_group_range";

/// What the range was before we widened it.
#[derive(Debug, Default)]
pub(super) struct PingRange {
    before: Option<String>,
}

impl PingRange {
    /// Lets group 0 ping if this configuration has a `PING_CHECK` and nobody did so before.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn widen(&mut self, config: &Config) -> keepalived_kernel::Result<()> {
        if self.before.is_some() || !pings(config) {
            return Ok(());
        }
        let before = sysctl::read(RANGE)?;
        let bounds: Vec<u32> = before.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if let [first, last] = bounds[..]
            && (first > 0 || first > last)
        {
            sysctl::write(RANGE, &format!("0 {last}"))?;
            self.before = Some(before);
        }
        Ok(())
    }

    /// Puts the range back.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn restore(&mut self) -> keepalived_kernel::Result<()> {
        self.before.take().map_or(Ok(()), |before| sysctl::write(RANGE, before.trim()))
    }
}

fn pings(config: &Config) -> bool {
    let servers = config.virtual_servers.iter().flat_map(|server| &server.real_servers);
    servers.flat_map(|server| &server.checkers).any(|checker| match checker {
        Checker::Active(check) => matches!(check.probe, Probe::Ping(_)),
        Checker::File(_) | Checker::Bfd(_) => false,
    })
}
