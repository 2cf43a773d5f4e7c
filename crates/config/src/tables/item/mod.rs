//! Item lines that several blocks share: addresses, routes, rules and trackers.

pub(crate) mod absent;
pub(crate) mod address;
pub(crate) mod encapsulation;
pub(crate) mod hop;
mod metrics;
pub(crate) mod route;
pub(crate) mod rule;
pub(crate) mod track;
mod words;

pub(crate) use words::ItemLine;
