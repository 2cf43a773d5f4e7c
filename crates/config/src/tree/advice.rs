//! Words that templates in the field use as keywords although no version knows them, or not in that place.

/// What is written, and what it should be.
const ADVICE: &[(&str, &str)] = &[
    ("lvs_id", "`lvs_id` was renamed to `router_id` long ago"),
    ("notify_primary", "the script for becoming MASTER is `notify_master`"),
    ("notify_secondary", "the script for becoming BACKUP is `notify_backup`"),
    ("lvs_sync_daemon_inteface", "it is misspelt; use `lvs_sync_daemon` in global_defs"),
    ("virtual_routerid", "did you mean `virtual_router_id`?"),
    ("state_file_location", "the keyword behind this name of the manual is `state_dump_file`"),
    ("stats_file_location", "the keyword behind this name of the manual is `stats_dump_file`"),
    ("json_file_location", "the keyword behind this name of the manual is `json_dump_file`"),
    ("notify_deleted", "the manual lists it for sync groups, but only a vrrp_instance has it"),
    ("garp_master_delay", "write it in a vrrp_instance, or `vrrp_garp_master_delay` in global_defs"),
    ("garp_master_refresh", "write it in a vrrp_instance, or `vrrp_garp_master_refresh` in global_defs"),
    ("garp_master_repeat", "write it in a vrrp_instance, or `vrrp_garp_master_repeat` in global_defs"),
    ("auth_type", "write it in an `authentication { ... }` block of a vrrp_instance"),
    ("auth_pass", "write it in an `authentication { ... }` block of a vrrp_instance"),
    ("net_namespace", "`net_namespace` stands outside global_defs"),
    ("instance", "`instance` stands outside global_defs"),
    ("use_pid_dir", "`use_pid_dir` stands outside global_defs"),
    ("child_wait_time", "`child_wait_time` stands outside global_defs"),
];

/// What to do about an unknown keyword that is often seen.
pub(super) fn find(word: &str) -> Option<&'static str> {
    if word.starts_with('\u{feff}') {
        return Some("the file begins with a byte order mark: save it without one");
    }
    ADVICE.iter().find(|(name, _)| *name == word).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use crate::host::FakeHost;
    use crate::load::{LoadOptions, load};

    #[test]
    fn a_word_that_only_templates_know_gets_advice() {
        let text = "global_defs {\nlvs_id here\nrouter_id here\n}\n\u{feff}vrrp_instance A {\n}\n";
        let host = FakeHost::new().with_file("/test.conf", text);
        let options =
            LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
        let loaded = load("/test.conf", &options, &host);
        let help: Vec<&str> =
            loaded.report.diagnostics().iter().flat_map(|found| &found.help).map(String::as_str).collect();
        assert_eq!(help[0], "`lvs_id` was renamed to `router_id` long ago");
        assert_eq!(help[1], "the file begins with a byte order mark: save it without one");
    }

    #[test]
    fn nothing_is_advised_about_other_words() {
        assert_eq!(super::find("priority"), None);
    }
}
