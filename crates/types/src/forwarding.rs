//! How IPVS hands a packet to a real server (`lvs_method`).

use core::fmt;
use serde::{Deserialize, Serialize};

/// The forwarding method of a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Forwarding {
    /// `NAT`: masquerading (`IP_VS_CONN_F_MASQ`).
    #[default]
    Nat,
    /// `DR`: direct routing (`IP_VS_CONN_F_DROUTE`).
    DirectRouting,
    /// `TUN`: tunnelling (`IP_VS_CONN_F_TUNNEL`).
    Tunnel(Tunnel, TunnelChecksum),
}

/// The encapsulation of `TUN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tunnel {
    /// `type ipip`: IP in IP, the default.
    #[default]
    Ipip,
    /// `type gue port N`: Generic UDP Encapsulation to this port, never 0.
    Gue(u16),
    /// `type gre`.
    Gre,
}

/// The checksum option of `TUN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TunnelChecksum {
    /// `nocsum`, the default.
    #[default]
    None,
    /// `csum`; not with IPIP.
    Checksum,
    /// `remcsum`: remote checksum offload, with GUE only.
    Remote,
}

impl Forwarding {
    /// Is this `TUN`? Such a server may have another address family than its virtual server.
    #[must_use]
    pub const fn is_tunnel(self) -> bool {
        matches!(self, Self::Tunnel(..))
    }
}

/// `NAT`, `DR` or `TUN`.
impl fmt::Display for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nat => "NAT",
            Self::DirectRouting => "DR",
            Self::Tunnel(..) => "TUN",
        })
    }
}
