//! `virtual_server_group`, `virtual_server` with its `real_server` and checker blocks, and `SSL`.

mod check;
mod complete;
mod defaults;
mod draft;
mod forwarding;
mod group;
mod real_server;
mod scripts;
mod tls;
mod values;
mod virtual_server;

pub(crate) use draft::Globals;
pub use draft::LvsDraft;
pub(crate) use group::VIRTUAL_SERVER_GROUP;
pub(crate) use tls::SSL;
pub(super) use values::cut_address;
pub(crate) use virtual_server::VIRTUAL_SERVER;
