//! `keepalived_check.data`: virtual servers, real servers and their checkers (runtime reference 10.3). The section of
//! global definitions stands before it and is not made here.
//!
//! | Section | File |
//! |---|---|
//! | groups | `group.rs` |
//! | virtual servers, real servers | `server.rs` |
//! | checkers | `checker.rs`, and `probe.rs`: what each kind asks |

mod checker;
mod group;
mod probe;
mod server;

#[cfg(test)]
mod tests;

use super::text::Text;
use keepalived_lvs::config::{Config, RealServer, VirtualServer};
use keepalived_lvs::{RealServerSnapshot, Snapshot, VirtualServerSnapshot};
use std::collections::HashMap;

/// What a password file is opened with is not for everybody who may read a dump.
const SECRET: &str = "********";

/// The text behind the global definitions. `files` are the numbers in track files.
#[must_use]
pub fn check_data(config: &Config, snapshot: &Snapshot, files: &HashMap<String, i64>) -> String {
    let mut text = Text::default();
    tls(&mut text, config);
    let pairs: Vec<(&VirtualServer, &VirtualServerSnapshot)> =
        config.virtual_servers.iter().zip(&snapshot.virtual_servers).collect();
    if !config.groups.is_empty() || !pairs.is_empty() {
        text.banner(0, "LVS Topology");
        text.line(1, format_args!("System is compiled with LVS v1.2.1"));
    }
    group::groups(&mut text, config);
    for (server, live) in &pairs {
        server::virtual_server(&mut text, server, live);
    }
    checker::checkers(&mut text, &pairs);
    checker::track_files(&mut text, config, &pairs, files);
    text.finish()
}

/// The `SSL` block.
fn tls(text: &mut Text, config: &Config) {
    let Some(tls) = &config.tls else { return };
    text.banner(0, "SSL definitions");
    if tls.password.is_some() {
        text.line(1, format_args!("Password : {SECRET}"));
    }
    for (what, file) in [("CA", &tls.ca), ("Certificate", &tls.certificate), ("Key", &tls.key)] {
        if let Some(file) = file {
            text.line(1, format_args!("{what} file : {}", file.display()));
        }
    }
}

/// Real servers as configured and as they are.
fn real_servers<'a>(
    server: &'a VirtualServer,
    live: &'a VirtualServerSnapshot,
) -> impl Iterator<Item = (&'a RealServer, &'a RealServerSnapshot)> {
    server.real_servers.iter().zip(&live.real_servers)
}
