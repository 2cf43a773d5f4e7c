//! Scripts that are told about states.

use keepalived_types::Command;
use serde::{Deserialize, Serialize};

/// The `notify*` scripts of an instance or a sync group. Groups have no `deleted` and no `master_rx_lower_priority`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyScripts {
    /// `notify_master`.
    pub master: Option<Command>,
    /// `notify_backup`.
    pub backup: Option<Command>,
    /// `notify_fault`.
    pub fault: Option<Command>,
    /// `notify_stop`.
    pub stop: Option<Command>,
    /// `notify_deleted`.
    pub deleted: Option<Command>,
    /// `notify`: for every change, with four arguments.
    pub any: Option<Command>,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_priority: Option<Command>,
}

/// `notify_priority_changes`: are changes of the effective priority written to the FIFOs?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityNotices(pub bool);
