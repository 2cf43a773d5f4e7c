//! rtnetlink (RFC 3549): links, addresses, routes and rules, watched and changed.
//!
//! [`Monitor`] hears what happens, [`Requests`] lists and changes. Both are descriptors for a reactor.

pub(crate) mod address;
pub(crate) mod batch;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod exchange;
mod link;
mod monitor;
mod receive_buffer;
mod requests;
pub mod route;
pub mod rule;
pub(crate) mod socket;

pub use address::{Address, AddressOp, AddressSpec, FOREVER, Label, SCOPE_GLOBAL, SCOPE_LINK, flag};
pub use batch::{Done, Finished, NetlinkError, Ticket};
pub use link::{HARDWARE_ETHERNET, HARDWARE_INFINIBAND, Link};
pub(crate) use monitor::change_of;
pub use monitor::{Change, Monitor};
pub use receive_buffer::ReceiveBuffer;
pub use requests::{Listing, Marked, Request, Requests};
