//! What the supervisor and its children say to each other, over a socket pair.
//!
//! Only the supervisor reads configuration; a child is handed its typed part, at start and at reload. A child tells
//! what happened, and when it is ready. Both ends are built from one source at one time, so the encoding (postcard,
//! length-prefixed) has no versions.

mod channel;
mod message;

pub use channel::{Channel, ChannelError, Received};
pub use message::{
    Adoption, CheckersSetup, FromCheckers, FromChild, FromVrrp, Order, SyncFollower, ToCheckers, ToChild,
    ToVrrp, VrrpSetup,
};

/// Names the inherited end of the socket pair in a child's environment, as a decimal file descriptor.
pub const CHANNEL_VARIABLE: &str = "KEEPALIVED_CHANNEL";

/// The same for the socket pair on which the VRRP process alone tells who is MASTER: `Vec<(String, bool)>`, names of
/// instances and whether they are.
pub const ROLES_VARIABLE: &str = "KEEPALIVED_ROLES";

/// The same for the network namespace that the daemon was started in, when it has entered another one.
pub const ORIGIN_VARIABLE: &str = "KEEPALIVED_ORIGIN";
