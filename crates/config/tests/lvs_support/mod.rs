//! Reads a configuration on a machine that exists only in memory.

use keepalived_config::host::{FakeHost, ScriptFile};
use keepalived_config::load::{LoadOptions, Loaded, load};
use std::path::PathBuf;

/// Where the configuration lies on that machine.
const PATH: &str = "/etc/keepalived/keepalived.conf";

/// A machine with `eth0`, `eth1`, two programs and this configuration.
pub(crate) fn read(text: &str) -> Loaded {
    let program =
        |path: &str| ScriptFile::Usable { path: PathBuf::from(path), insecure: false, needs_shell: false };
    let host = FakeHost::new()
        .with_file(PATH, text)
        .with_script_file("/bin/true", program("/bin/true"))
        .with_script_file("/bin/false", program("/bin/false"));
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    load(PATH, &options, &host)
}
