//! What the process watches besides checks: the kernel's table, and addresses of this machine.

use super::{Driver, Failure, LOOK};
use crate::checkers::inputs::{Source, watch};
use keepalived_kernel::netlink::{Change, Monitor, Requests};
use keepalived_lvs::config::Config;
use keepalived_types::{IfIndex, Instant};
use std::net::IpAddr;
use std::time::Duration;

/// The same when there is much to look at.
const LOOK_AT_MUCH: Duration = Duration::from_secs(30);
/// So many services and more are much.
const MUCH: usize = 256;

impl Driver {
    /// Whether somebody else changed the table: then it is put right. A large one is read over several turns.
    pub(super) fn look_at_table(&mut self, now: Instant) -> Result<(), Failure> {
        let is_time = self.look_at <= now;
        if is_time {
            let many = self.engine.services().len() >= MUCH;
            self.look_at = now + if many { LOOK_AT_MUCH } else { LOOK };
            self.marker.look().into_iter().for_each(|line| self.logger.warning(line));
        }
        let read = if self.table.is_restless() {
            self.table.read(self.engine.services()).map(Some)
        } else {
            let begins = is_time && !self.table.is_reading();
            let begun = if begins { self.table.begin_reading(self.engine.services()) } else { Ok(()) };
            begun.and_then(|()| self.table.read_on())
        };
        match read {
            Ok(Some(observed)) => self.engine.handle_table(&observed),
            Ok(None) => {}
            Err(error) => {
                self.logger.error(error);
                self.table.reopen().map_err(Failure::Ipvs)?;
            }
        }
        Ok(())
    }

    /// Begins to follow addresses when somebody minds.
    pub(super) fn follow_addresses(&mut self, config: &Config, now: Instant) -> Result<(), Failure> {
        let minds = config.virtual_servers.iter().any(|server| server.ha_suspend);
        if self.monitor.is_some() || !minds {
            return Ok(());
        }
        let monitor = Monitor::with_receive_buffer(self.monitor_room)?;
        watch(&monitor, Source::Addresses, self.queue.clone())?;
        self.monitor = Some(monitor);
        self.list_addresses(now)
    }

    fn list_addresses(&mut self, now: Instant) -> Result<(), Failure> {
        let listed: Vec<(IfIndex, IpAddr)> = Requests::open()?
            .dump_addresses()?
            .into_iter()
            .map(|address| (address.index, address.prefix.address()))
            .collect();
        self.engine.handle_addresses(&listed, now);
        Ok(())
    }

    pub(super) fn handle_addresses(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(monitor) = &mut self.monitor else { return Ok(()) };
        let mut changes = Vec::new();
        while monitor.read(&mut changes)? {}
        for change in changes {
            match change {
                Change::AddressAdded(address) => {
                    self.engine.handle_address_added(address.index, address.prefix.address(), now);
                }
                Change::AddressRemoved(address) => {
                    self.engine.handle_address_removed(address.index, address.prefix.address(), now);
                }
                Change::Overrun => self.list_addresses(now)?,
                Change::LinkChanged(_) | Change::LinkRemoved(_) => {}
                // Not asked for.
                Change::RouteAdded { .. }
                | Change::RouteRemoved(_)
                | Change::RuleAdded(_)
                | Change::RuleRemoved(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn widen_ping_range(&mut self, config: &Config) {
        if let Err(error) = self.ping.widen(config) {
            self.logger.warning(error);
        }
    }
}
