//! The daemon: the command line, the supervisor and the processes it starts.
//!
//! `keepalived` is the supervisor (also called the parent): it reads options and configuration, owns signals and pid
//! files, and starts `keepalived-vrrp`, which it hands its typed configuration over a socket pair. `keepalived-exec`
//! starts scripts with other credentials. `genhash` makes digests for `HTTP_GET`.

#![forbid(unsafe_code)]

mod aftermath;
pub mod checkers;
mod child;
pub mod config_test;
pub mod configuration;
pub mod control;
mod dump_file;
pub mod dump_setup;
pub mod exec_helper;
pub mod fifo;
mod file_in_place;
pub mod genhash;
mod global_data;
pub mod host;
pub mod ipc;
mod ipvs_place;
mod launcher;
mod local_igmp;
pub mod log;
pub mod mail;
pub mod options;
mod process_settings;
pub mod supervisor;
pub mod version;
pub mod vrrp;
