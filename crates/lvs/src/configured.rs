//! The configuration that an engine runs with, put together again from where its parts went.

use crate::checker::{Checker, What};
use crate::config::{self, Config};
use crate::servers::{RealServer, VirtualServer};

/// `rest` is all of it but the virtual servers.
pub(crate) fn config(virtual_servers: &[VirtualServer], rest: &Config) -> Config {
    Config { virtual_servers: virtual_servers.iter().map(virtual_server).collect(), ..rest.clone() }
}

fn virtual_server(server: &VirtualServer) -> config::VirtualServer {
    config::VirtualServer {
        sorry_server: server.sorry.as_ref().map(|sorry| sorry.config.clone()),
        real_servers: server.servers.iter().map(|real| real_server(real, server)).collect(),
        ..server.config.clone()
    }
}

fn real_server(real: &RealServer, parent: &VirtualServer) -> config::RealServer {
    let mut config = real.config.clone();
    if real.inherits_defaults {
        config.defaults = parent.config.defaults.into();
    }
    // Before the start they are still where they were configured.
    config.checkers.extend(real.checkers.iter().map(checker));
    config
}

fn checker(checker: &Checker) -> config::Checker {
    match &checker.what {
        What::Active(check) => config::Checker::Active(Box::new(check.whole())),
        What::File(check) => config::Checker::File(check.clone()),
        What::Bfd(check) => config::Checker::Bfd(check.clone()),
    }
}
