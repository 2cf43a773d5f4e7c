//! The running configuration as the parent keeps it: small, for all of it is needed only when something happens.
//!
//! The settings of the daemon are looked at all the time. What the children were told is packed, a third of the size,
//! until one of them is started or a new configuration is compared with it.

use keepalived_config::model::{Config, Global};
use keepalived_events::Packed;

/// A configuration that has been put away.
#[derive(Debug)]
pub(super) struct Kept {
    global: Global,
    has: Has,
    whole: Packed<Config>,
}

/// For whom there is something in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Has {
    /// Instances, groups or static addresses.
    pub(super) vrrp: bool,
    /// Virtual servers.
    pub(super) virtual_servers: bool,
    /// BFD sessions.
    pub(super) bfd: bool,
}

impl Kept {
    /// Puts a configuration away.
    pub(super) fn new(config: Config) -> Self {
        let vrrp = &config.vrrp;
        let has = Has {
            vrrp: !vrrp.instances.is_empty()
                || !vrrp.sync_groups.is_empty()
                || !vrrp.static_addresses.is_empty()
                || !vrrp.static_routes.is_empty()
                || !vrrp.static_rules.is_empty(),
            virtual_servers: !config.lvs.virtual_servers.is_empty(),
            bfd: !config.bfd.sessions.is_empty(),
        };
        let whole = Packed::new(&config);
        Self { global: config.global, has, whole }
    }

    /// The settings of the daemon as a whole.
    pub(super) const fn global(&self) -> &Global {
        &self.global
    }

    /// For whom there is something to do.
    pub(super) const fn has(&self) -> Has {
        self.has
    }

    /// All of it. Takes about a millisecond for each thousand instances.
    ///
    /// # Errors
    /// When it cannot be read back, which would be a mistake of ours: nobody else has written it.
    pub(super) fn whole(&self) -> Result<Config, postcard::Error> {
        self.whole.unpack()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Family, InterfaceName, Vrid};
    use keepalived_vrrp::config::InstanceConfig;

    #[test]
    fn what_was_put_away_comes_back_whole() {
        let interface = InterfaceName::new("eth0").expect("a literal name");
        let instance = InstanceConfig::new("VI", interface, Vrid::new(51).expect("not 0"), Family::V6);
        let mut config = Config::default();
        config.vrrp.instances.push(instance);
        config.global.scripts.startup_timeout = std::time::Duration::from_secs(7);
        let kept = Kept::new(config.clone());
        assert_eq!(kept.whole(), Ok(config.clone()));
        assert_eq!(*kept.global(), config.global);
        assert_eq!(kept.has(), Has { vrrp: true, virtual_servers: false, bfd: false });
    }
}
