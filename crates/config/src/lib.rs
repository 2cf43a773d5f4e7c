//! keepalived.conf: text -> lines with spans -> tree -> typed, validated [`Config`](model::Config).

#![forbid(unsafe_code)]

pub mod args;
mod checks;
pub mod context;
pub mod diagnostic;
pub mod draft;
pub mod encoding;
pub mod host;
pub mod iproute;
pub mod keyword;
pub mod line;
pub mod load;
mod lvs_settings;
pub mod model;
pub mod nearest;
pub mod reader;
pub mod reload;
pub mod render;
pub mod script;
pub mod section;
pub mod source;
pub mod span;
pub mod status;
pub mod tables;
pub mod tree;
pub mod value;
