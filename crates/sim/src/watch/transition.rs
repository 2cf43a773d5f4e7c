//! Which causes explain which state changes.

use keepalived_vrrp::{Cause, State};

/// Does the cause explain the change? (RFC 9568 §6.4; vrrp reference 2.3 to 2.10.)
pub(crate) fn is_plausible(from: State, to: State, cause: &Cause) -> bool {
    use State::{Backup, Deleted, Fault, Initialize, Master, Stop};
    let ends = matches!(from, Stop | Deleted);
    match cause {
        Cause::Start => (from, to) == (Initialize, Backup),
        // With a start delay the owner is a BACKUP until the delay ends.
        Cause::AddressOwner => matches!((from, to), (Initialize | Backup, Master)),
        Cause::Adopted => (from, to) == (Initialize, Master),
        Cause::MasterDown { .. } | Cause::MasterReleased { .. } => (from, to) == (Backup, Master),
        Cause::BetterAdvert { priority, ours, by_address, .. } => {
            let is_better = if *by_address { priority == ours } else { priority > ours };
            (from, to) == (Master, Backup) && is_better
        }
        Cause::Faults(faults) => {
            matches!(from, Initialize | Backup | Master) && to == Fault && !faults.is_empty()
        }
        Cause::FaultsCleared => matches!((from, to), (Fault | Initialize, Backup)),
        Cause::AddressLost(_)
        | Cause::RouteLost { .. }
        | Cause::RuleLost { .. }
        | Cause::SchedulingDelay(_) => (from, to) == (Master, Backup),
        Cause::SyncGroup { .. } => {
            matches!((from, to), (Backup, Master) | (Master, Backup) | (_, Fault) | (Fault, Backup)) && !ends
        }
        Cause::Switchover | Cause::Maintenance => (from, to) == (Master, Backup),
        Cause::Stopping => to == Stop && !ends,
        Cause::Removed => matches!(to, Deleted | Fault) && !ends,
        Cause::Reconfigured => matches!(to, Initialize | Backup | Master | Fault) && !ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::Priority;

    #[test]
    fn only_a_backup_takes_over_from_a_silent_master() {
        let silence = Cause::MasterDown { last_master: None };
        assert!(is_plausible(State::Backup, State::Master, &silence));
        assert!(!is_plausible(State::Fault, State::Master, &silence));
        assert!(!is_plausible(State::Master, State::Backup, &silence));
    }

    #[test]
    fn a_better_advert_has_to_be_better() {
        let advert = |priority, by_address| Cause::BetterAdvert {
            from: std::net::IpAddr::from([192, 0, 2, 1]),
            priority: Priority(priority),
            ours: Priority(100),
            by_address,
        };
        let yields = |cause| is_plausible(State::Master, State::Backup, &cause);
        assert!(yields(advert(101, false)));
        assert!(yields(advert(100, true)));
        assert!(!yields(advert(100, false)));
        assert!(!yields(advert(99, false)));
    }
}
