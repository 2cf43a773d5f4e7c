//! Newtypes of the field, shared by every room of the house. Nothing here acts.
//!
//! A value that exists is valid: constructors check ranges once ("parse, don't validate"), so no engine has to.

mod address;
mod command;
mod forwarding;
pub mod ipvs;
mod marking;
mod name;
mod rare;
mod time;
mod vrrp;
mod weight;

pub use address::{Family, IfIndex, Prefix, PrefixError};
pub use command::{Command, Credentials};
pub use forwarding::{Forwarding, Tunnel, TunnelChecksum};
pub use marking::{MarkedRange, Marking};
pub use name::{InterfaceName, NameError};
pub use rare::{Rare, Usual};
pub use time::Instant;
pub use vrrp::{Centis, Priority, Version, Vrid};
pub use weight::{PriorityWeight, ServerWeight};
