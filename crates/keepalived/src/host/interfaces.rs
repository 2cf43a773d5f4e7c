//! The interfaces of the network namespace, asked for once.

use keepalived_config::host::HostInterface;
use keepalived_kernel::netlink::{HARDWARE_ETHERNET, Link, Requests};
use std::cell::OnceCell;
use std::collections::HashMap;

/// What the kernel listed, or the pretence that everything exists.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    any: bool,
    listed: OnceCell<HashMap<String, HostInterface>>,
}

impl Interfaces {
    /// Every name is an ordinary Ethernet interface.
    pub(super) fn any() -> Self {
        Self { any: true, listed: OnceCell::new() }
    }

    pub(super) fn find(&self, name: &str) -> Option<HostInterface> {
        if self.any {
            return Some(HostInterface {
                mtu: 1500,
                loopback: name == "lo",
                multicast: name != "lo",
                ethernet: name != "lo",
                addresses: Vec::new(),
            });
        }
        self.all().get(name).cloned()
    }

    /// Every name that is listed; none when everything is said to exist.
    pub(super) fn names(&self) -> Vec<String> {
        if self.any { Vec::new() } else { self.all().keys().cloned().collect() }
    }

    /// Without netlink there are no interfaces to speak of: the VRRP process will fail and say why.
    fn all(&self) -> &HashMap<String, HostInterface> {
        self.listed.get_or_init(|| list().unwrap_or_default())
    }
}

fn list() -> keepalived_kernel::Result<HashMap<String, HostInterface>> {
    let mut requests = Requests::open()?;
    let links = requests.dump_links()?;
    let addresses = requests.dump_addresses()?;
    let mut by_index: HashMap<_, Vec<_>> = HashMap::new();
    for address in addresses {
        let prefix = address.prefix;
        by_index.entry(address.index).or_default().push((prefix.address(), prefix.length()));
    }
    let describe = |link: Link| {
        let interface = HostInterface {
            mtu: link.mtu,
            loopback: link.is_loopback(),
            multicast: link.is_multicast(),
            ethernet: link.hardware_type == HARDWARE_ETHERNET,
            addresses: by_index.remove(&link.index).unwrap_or_default(),
        };
        (link.name, interface)
    };
    Ok(links.into_iter().map(describe).collect())
}
