//! The section as the original writes it for the same configuration.

use super::*;
use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};

fn section_of(text: &str, whose: Whose) -> String {
    let host = FakeHost::new().with_file("/test.conf", text).with_ethernet("eth0", &[]).with_script("/s");
    let options = LoadOptions { config_id: "n".to_owned(), all_includes_checked: false, test_mode: true };
    let config = load("/test.conf", &options, &host).config.expect("a readable configuration");
    let circumstances = Circumstances { umask: 0o177, ..Circumstances::default() };
    section(&config, whose, &circumstances)
}

#[test]
fn a_fifo_script_has_the_fifo_as_argument_where_it_is_started() {
    let text = "global_defs {
    router_id R
    script_user root
    vrrp_notify_fifo /run/f
    vrrp_notify_fifo_script \"/s x\"
}
";
    let parent = section_of(text, Whose::Parent);
    assert!(parent.contains(" VRRP notify fifo script = '/s' 'x', uid:gid 0:0\n"), "{parent}");
    let vrrp = section_of(text, Whose::Vrrp);
    assert!(vrrp.contains(" VRRP notify fifo script = '/s' 'x' '/run/f', uid:gid 0:0\n"), "{vrrp}");
    assert!(vrrp.contains(" Default interface = eth0\n") && !parent.contains("Default interface"));
}

#[test]
fn the_section_begins_and_ends_as_the_originals() {
    let text = section_of("global_defs {\n    router_id R\n}\n", Whose::Checkers);
    let head = "------< Global definitions >------\n Network namespace = (default)\n Network namespace ipvs = \
                (main namespace)\n Router ID = R\n Default smtp_alert = unset\n";
    assert!(text.starts_with(head), "{text}");
    assert!(text.ends_with(" rx_bufs_multiples = 3\n umask = 0177\n"), "{text}");
}
