//! Removes what a dead run left behind: a lab that was killed with SIGKILL cannot run its destructors.

use std::fs;
use std::path::Path;

use crate::command::run;
use crate::{Result, names, namespace, second_kernel};

/// Removes namespaces (with the processes inside) and directories of labs whose owner is gone. Returns their names.
///
/// # Errors
/// When the namespaces cannot be listed.
pub fn sweep() -> Result<Vec<String>> {
    let mut removed = Vec::new();
    let listed = run(&["ip", "netns", "list"])?;
    for name in listed.lines().filter_map(|line| line.split_whitespace().next()) {
        if is_left_over(name) {
            namespace::remove(name);
            removed.push(name.to_owned());
        }
    }
    for entry in fs::read_dir(names::state_root()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_left_over(name)) else {
            continue;
        };
        second_kernel::sweep_guest(&entry.path());
        if fs::remove_dir_all(entry.path()).is_ok() {
            removed.push(name.to_owned());
        }
    }
    Ok(removed)
}

fn is_left_over(name: &str) -> bool {
    names::owner(name).is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
}
