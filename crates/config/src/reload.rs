//! What changes between two configurations.

use crate::model::Config;
use keepalived_lvs::config::{Service, VirtualServer};
use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::hash::Hash;

/// The outcome of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Settings that cannot change while the daemon runs, in the original's words: the reload has to be refused
    /// (config-language reference 6.9).
    pub immutable: Vec<String>,
    /// VRRP instances.
    pub instances: Named,
    /// VRRP sync groups.
    pub sync_groups: Named,
    /// Virtual servers.
    pub virtual_servers: Named,
    /// BFD sessions.
    pub bfd_sessions: Named,
    /// Scripts, files, processes, static addresses, routes and rules of the VRRP process.
    pub vrrp_others: bool,
    /// Anything in `global_defs` or at the top level.
    pub global: bool,
}

/// Things with names that came, went, or are different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Only in the new configuration.
    pub added: Vec<String>,
    /// Only in the old one.
    pub removed: Vec<String>,
    /// In both, but not the same.
    pub changed: Vec<String>,
}

impl Named {
    /// Nothing came, went, or is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Changes {
    /// Nothing is different at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two configurations; takes time in proportion to their size.
#[must_use]
pub fn diff(old: &Config, new: &Config) -> Changes {
    let names = |name: &String| name.clone();
    Changes {
        immutable: immutable(old, new),
        instances: named(&old.vrrp.instances, &new.vrrp.instances, |instance| &instance.name, names),
        sync_groups: named(&old.vrrp.sync_groups, &new.vrrp.sync_groups, |group| &group.name, names),
        virtual_servers: named(
            &old.lvs.virtual_servers,
            &new.lvs.virtual_servers,
            |server: &VirtualServer| &server.service,
            service_name,
        ),
        bfd_sessions: named(&old.bfd.sessions, &new.bfd.sessions, |session| &session.name, names),
        vrrp_others: vrrp_others_differ(old, new),
        global: old.global != new.global,
    }
}

fn vrrp_others_differ(old: &Config, new: &Config) -> bool {
    let (old, new) = (&old.vrrp, &new.vrrp);
    old.scripts != new.scripts
        || old.files != new.files
        || old.processes != new.processes
        || old.static_addresses != new.static_addresses
        || old.static_routes != new.static_routes
        || old.static_rules != new.static_rules
        || old.engine != new.engine
}

fn service_name(service: &Service) -> String {
    match service {
        Service::Address(address, port) => format!("[{address}]:{port}"),
        Service::Mark(mark) => format!("FWM {mark}"),
        Service::Group { name, ordinal } => format!("group {name} ({ordinal})"),
    }
}

fn named<T: PartialEq, K: Eq + Hash>(
    old: &[T],
    new: &[T],
    key: impl Fn(&T) -> &K,
    show: impl Fn(&K) -> String,
) -> Named {
    let mut gone: HashMap<&K, &T> = old.iter().map(|item| (key(item), item)).collect();
    let mut result = Named::default();
    for item in new {
        match gone.remove(key(item)) {
            None => result.added.push(show(key(item))),
            Some(before) if before != item => result.changed.push(show(key(item))),
            Some(_) => {}
        }
    }
    // In the order of the old file, not of the map.
    result.removed = old.iter().map(&key).filter(|name| gone.contains_key(name)).map(show).collect();
    result
}

/// The messages for settings that a running daemon cannot change.
fn immutable(old: &Config, new: &Config) -> Vec<String> {
    let (old, new) = (&old.global, &new.global);
    let ipvs_table =
        |global: &crate::model::Global| global.lvs.nftables.as_ref().map(|found| found.table.clone());
    let settings = [
        ("network namespace", old.identity.net_namespace != new.identity.net_namespace),
        ("IPVS namespace", old.identity.ipvs_namespace != new.identity.ipvs_namespace),
        ("instance name", old.identity.instance != new.identity.instance),
        ("nftables table name", old.firewall.nftables_table != new.firewall.nftables_table),
        ("nftables IPVS table name", ipvs_table(old) != ipvs_table(new)),
        ("tmp_config_directory", old.files.tmp_config_directory != new.files.tmp_config_directory),
        ("disable_local_igmp", old.vrrp.disable_local_igmp != new.vrrp.disable_local_igmp),
    ];
    let message = |name: &str| format!("Cannot change {name} at a reload - please restart keepalived");
    settings.iter().filter(|(_, changed)| *changed).map(|(name, _)| message(name)).collect()
}

impl Display for Changes {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return out.write_str("nothing changed");
        }
        let kinds = [
            ("VRRP instances", &self.instances),
            ("sync groups", &self.sync_groups),
            ("virtual servers", &self.virtual_servers),
            ("BFD sessions", &self.bfd_sessions),
        ];
        let mut separator = "";
        for (kind, named) in kinds {
            for (what, names) in
                [("added", &named.added), ("removed", &named.removed), ("changed", &named.changed)]
            {
                if !names.is_empty() {
                    write!(out, "{separator}{kind} {what}: {}", shortened(names))?;
                    separator = "; ";
                }
            }
        }
        for (what, changed) in
            [("other VRRP settings changed", self.vrrp_others), ("global settings changed", self.global)]
        {
            if changed {
                write!(out, "{separator}{what}")?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

/// A log line has room for some names, not for thousands.
fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests;
