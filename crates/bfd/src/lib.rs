//! BFD (RFC 5880, RFC 5881, RFC 5883): the configuration of its sessions.

#![forbid(unsafe_code)]

pub mod config;
