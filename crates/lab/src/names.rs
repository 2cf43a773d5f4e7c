//! Names of namespaces and directories: they carry their owner's pid, so that a later run can tell the
//! leftovers of a dead run from what a living one uses.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every namespace and directory of a lab starts with this.
pub(crate) const PREFIX: &str = "kalab";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A name nobody else uses: prefix, our pid, a running number, a label for the human reader.
pub(crate) fn unique(label: &str) -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}-{}-{number}-{label}", std::process::id())
}

/// The pid in a name made by [`unique`], or nothing when the name is somebody else's.
pub(crate) fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.strip_prefix('-')?.split('-').next()?.parse().ok()
}

/// Where directories of labs are kept.
pub(crate) fn state_root() -> PathBuf {
    std::env::temp_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_owner() {
        assert_eq!(owner(&unique("a")), Some(std::process::id()));
    }

    #[test]
    fn names_differ() {
        assert_ne!(unique("a"), unique("a"));
    }

    #[test]
    fn foreign_names_have_no_owner() {
        for name in ["", "kalab", "kalab-", "kalab-x-1", "other-1-2", "kalabs-1-2"] {
            assert_eq!(owner(name), None, "{name}");
        }
    }
}
