//! Scripts that are told about states.

use keepalived_types::{Command, Usual};
use serde::{Deserialize, Serialize};

/// The `notify*` scripts of an instance or a sync group. Groups have no `deleted` and no `master_rx_lower_priority`.
/// Most of thousands of instances have none, so what is missing takes no more than a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyScripts {
    /// `notify_master`.
    pub master: Option<Box<Command>>,
    /// `notify_backup`.
    pub backup: Option<Box<Command>>,
    /// `notify_fault`.
    pub fault: Option<Box<Command>>,
    /// `notify_stop`.
    pub stop: Option<Box<Command>>,
    /// `notify_deleted`.
    pub deleted: Option<Box<Command>>,
    /// `notify`: for every change, with four arguments.
    pub any: Option<Box<Command>>,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_priority: Option<Box<Command>>,
}

impl Usual for NotifyScripts {
    const USUAL: &'static Self = &Self {
        master: None,
        backup: None,
        fault: None,
        stop: None,
        deleted: None,
        any: None,
        master_rx_lower_priority: None,
    };
}

/// `notify_priority_changes`: are changes of the effective priority written to the FIFOs?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityNotices(pub bool);
