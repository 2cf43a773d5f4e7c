//! One `vrrp_sync_group`.

use super::{NotifyScripts, PriorityNotices, Trackers};
use serde::{Deserialize, Serialize};

/// Instances that change state together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncGroupConfig {
    /// The block's name.
    pub name: String,
    /// Names of existing instances, each in this group only, in the order of the file.
    pub members: Vec<String>,
    /// Trackers that concern every member.
    pub trackers: Trackers,
    /// `sync_group_tracking_weight`: weights of trackers on members stay in force.
    pub tracking_weight: bool,
    /// Scripts to run.
    pub notify: NotifyScripts,
    /// `notify_priority_changes`.
    pub priority_notices: PriorityNotices,
    /// `smtp_alert`, global defaults applied.
    pub smtp_alert: bool,
}
