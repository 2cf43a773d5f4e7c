//! `promote_secondaries`: the setting of an interface that keeps secondary addresses when the primary one goes.
//!
//! It is switched on while an instance with the keyword is on the interface, and switched off again if it was off.

use keepalived_kernel::sysctl;
use keepalived_types::{IfIndex, InterfaceName};
use std::collections::HashMap;

/// The interfaces that we have switched on.
#[derive(Debug, Default)]
pub(super) struct Secondaries {
    /// By number, because an interface that is made again starts from its default.
    switched: HashMap<IfIndex, InterfaceName>,
    /// Those that were on already, or that could not be switched.
    left_alone: HashMap<IfIndex, InterfaceName>,
}

impl Secondaries {
    /// From now on exactly these interfaces have it on. Returns what could not be done.
    pub(super) fn want(&mut self, wanted: &HashMap<IfIndex, InterfaceName>) -> Vec<String> {
        let mut complaints = Vec::new();
        self.left_alone.retain(|index, _| wanted.contains_key(index));
        let gone: Vec<IfIndex> =
            self.switched.keys().copied().filter(|index| !wanted.contains_key(index)).collect();
        for index in gone {
            if let Some(name) = self.switched.remove(&index) {
                complaints.extend(write(&name, "0").err());
            }
        }
        for (index, name) in wanted {
            if self.switched.contains_key(index) || self.left_alone.contains_key(index) {
                continue;
            }
            match switch_on(name) {
                Ok(true) => drop(self.switched.insert(*index, name.clone())),
                Ok(false) => drop(self.left_alone.insert(*index, name.clone())),
                Err(complaint) => {
                    self.left_alone.insert(*index, name.clone());
                    complaints.push(complaint);
                }
            }
        }
        complaints
    }

    /// The interface has another name now.
    pub(super) fn rename(&mut self, index: IfIndex, name: &InterfaceName) {
        if let Some(known) = self.switched.get_mut(&index) {
            known.clone_from(name);
        }
    }

    /// The interface is gone, and its setting with it.
    pub(super) fn forget(&mut self, index: IfIndex) {
        self.switched.remove(&index);
        self.left_alone.remove(&index);
    }
}

/// True when it was off and is on now.
fn switch_on(name: &InterfaceName) -> Result<bool, String> {
    let before = sysctl::read_number(&setting(name)).map_err(|error| error.to_string())?;
    if before != 0 {
        return Ok(false);
    }
    write(name, "1").map(|()| true)
}

fn write(name: &InterfaceName, value: &str) -> Result<(), String> {
    sysctl::write(&setting(name), value).map_err(|error| error.to_string())
}

fn setting(name: &InterfaceName) -> String {
    format!("net/ipv4/conf/{name}/promote_secondaries")
}
