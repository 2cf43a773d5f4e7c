//! Thousands of checks differ in nothing but the server that they connect to: what they have in common is kept once.

use crate::config::ActiveCheck;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

/// Stands for the destination in what checks have in common.
const ANYWHERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

/// An active check in two parts.
#[derive(Clone, Debug)]
pub(crate) struct OneOfMany {
    /// When and what, but for the destination.
    pub(crate) common: Arc<ActiveCheck>,
    /// Where it connects to; `None` for a program.
    pub(crate) destination: Option<SocketAddr>,
}

impl OneOfMany {
    /// The check as it is configured.
    pub(crate) fn whole(&self) -> ActiveCheck {
        let mut check = (*self.common).clone();
        if let (Some(connection), Some(destination)) = (check.probe.connection_mut(), self.destination) {
            connection.destination = destination;
        }
        check
    }
}

/// What the checks of a configuration have in common, while these are made.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    known: HashSet<Arc<ActiveCheck>>,
}

impl Pool {
    /// Takes a check apart.
    pub(crate) fn one_of_many(&mut self, mut check: Box<ActiveCheck>) -> OneOfMany {
        let connection = check.probe.connection_mut();
        let destination =
            connection.map(|connection| std::mem::replace(&mut connection.destination, ANYWHERE));
        if let Some(common) = self.known.get(&*check) {
            return OneOfMany { common: Arc::clone(common), destination };
        }
        let common: Arc<ActiveCheck> = Arc::from(check);
        self.known.insert(Arc::clone(&common));
        OneOfMany { common, destination }
    }

    /// All checks have been made.
    pub(crate) fn clear(&mut self) {
        self.known = HashSet::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Connection, Probe, Schedule};
    use std::time::Duration;

    fn check(destination: &str, seconds: u64) -> Box<ActiveCheck> {
        let second = Duration::from_secs(1);
        let schedule = Schedule {
            retry: 1,
            delay_before_retry: second,
            delay_loop: Duration::from_secs(seconds),
            warmup: second,
            alpha: false,
            log_all_failures: false,
        };
        let destination = destination.parse().expect("a literal address");
        let probe =
            Probe::Tcp(Connection { destination, source: None, interface: None, timeout: second, mark: 0 });
        Box::new(ActiveCheck { schedule, probe })
    }

    #[test]
    fn checks_of_different_servers_share_everything_else_and_come_back_whole() {
        let mut pool = Pool::default();
        let checks = [check("10.0.0.2:80", 5), check("[2001:db8::2]:81", 5), check("10.0.0.2:80", 6)];
        let taken: Vec<OneOfMany> = checks.iter().map(|check| pool.one_of_many(check.clone())).collect();
        assert!(Arc::ptr_eq(&taken[0].common, &taken[1].common));
        assert!(!Arc::ptr_eq(&taken[0].common, &taken[2].common), "another delay");
        for (taken, check) in taken.iter().zip(&checks) {
            assert_eq!(taken.whole(), **check);
        }
    }

    /// Ten thousand of each are normal: a few bytes more in one of these are noticed in the memory of the process.
    #[test]
    fn what_there_is_for_each_server_is_small() {
        assert!(size_of::<crate::checker::Checker>() <= 104, "{}", size_of::<crate::checker::Checker>());
        assert!(
            size_of::<crate::servers::RealServer>() <= 160,
            "{}",
            size_of::<crate::servers::RealServer>()
        );
    }
}
