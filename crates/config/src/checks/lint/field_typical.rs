//! Keywords that templates in the field use although no version knows them, and those that only the manual knows.

use super::note;
use crate::context::Context;
use crate::diagnostic::Class;

/// What is written, and what it should be.
const ADVICE: &[(&str, &str)] = &[
    ("lvs_id", "It was renamed to `router_id` long ago."),
    ("notify_primary", "The script for becoming MASTER is `notify_master`."),
    ("notify_secondary", "The script for becoming BACKUP is `notify_backup`."),
    ("lvs_sync_daemon_inteface", "It is misspelt; use `lvs_sync_daemon` in global_defs."),
    ("virtual_routerid", "It is `virtual_router_id`."),
    ("state_file_location", "The manual's name for `state_dump_file`."),
    ("stats_file_location", "The manual's name for `stats_dump_file`."),
    ("json_file_location", "The manual's name for `json_dump_file`."),
    ("notify_deleted", "The manual lists it for sync groups, but only a vrrp_instance has it."),
    (
        "garp_master_delay",
        "In global_defs it is `vrrp_garp_master_delay`; without `vrrp_` it belongs into a vrrp_instance.",
    ),
    (
        "garp_master_refresh",
        "In global_defs it is `vrrp_garp_master_refresh`; without `vrrp_` it belongs into a vrrp_instance.",
    ),
    (
        "garp_master_repeat",
        "In global_defs it is `vrrp_garp_master_repeat`; without `vrrp_` it belongs into a vrrp_instance.",
    ),
    ("auth_type", "It belongs into an `authentication { ... }` block."),
    ("auth_pass", "It belongs into an `authentication { ... }` block."),
    ("net_namespace", "It stands outside global_defs."),
    ("instance", "It stands outside global_defs."),
    ("use_pid_dir", "It stands outside global_defs."),
    ("child_wait_time", "It stands outside global_defs."),
];

/// Adds the advice to each unknown keyword of this list, once.
pub(super) fn check(context: &mut Context<'_>) {
    let mut remarks = Vec::new();
    let unknown = |class| class == Class::UnknownKeyword;
    for diagnostic in context.report.diagnostics().iter().filter(|diagnostic| unknown(diagnostic.class)) {
        let word = diagnostic.message.split('\'').nth(1).unwrap_or_default();
        let Some((_, advice)) = ADVICE.iter().find(|(name, _)| *name == word) else { continue };
        remarks.push((word, note(diagnostic.span, format!("`{word}` has no effect here")).help(*advice)));
    }
    remarks.dedup_by_key(|(word, _)| *word);
    let remarks: Vec<_> = remarks.into_iter().map(|(_, remark)| remark).collect();
    for remark in remarks {
        context.push(remark);
    }
}
