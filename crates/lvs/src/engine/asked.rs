//! What an operator can ask.

use super::Engine;
use crate::config::Config;
use crate::configured;
use crate::servers::VirtualServer;
use crate::snapshot::Snapshot;
use std::collections::HashMap;

impl Engine {
    /// The numbers in followed files, as far as they are known.
    #[must_use]
    pub fn file_values(&self) -> HashMap<String, i64> {
        self.files.iter().map(|(name, value)| (name.clone(), i64::from(*value))).collect()
    }

    /// The configuration that it runs with.
    #[must_use]
    pub fn config(&self) -> Config {
        configured::config(&self.virtual_servers, &self.rest)
    }

    /// Everything an operator can ask.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            virtual_servers: self.virtual_servers.iter().map(VirtualServer::snapshot).collect(),
            marks: self.marks.snapshot(),
        }
    }
}
