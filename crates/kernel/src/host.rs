//! Who this machine is.

/// The name of the machine: what `uname -n` prints.
#[must_use]
pub fn node_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name up to its first dot: the default of the configuration's `@id`.
#[must_use]
pub fn short_node_name() -> String {
    node_name().split('.').next().unwrap_or_default().to_owned()
}

/// The running kernel, as `uname` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// "Linux".
    pub system: String,
    /// "6.1.0-13-amd64".
    pub release: String,
    /// "#1 SMP PREEMPT_DYNAMIC ...".
    pub version: String,
}

/// The running kernel.
#[must_use]
pub fn kernel() -> Kernel {
    let uname = rustix::system::uname();
    Kernel {
        system: uname.sysname().to_string_lossy().into_owned(),
        release: uname.release().to_string_lossy().into_owned(),
        version: uname.version().to_string_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_proc() {
        let read = |file: &str| {
            let text =
                std::fs::read_to_string(format!("/proc/sys/kernel/{file}")).expect("procfs is mounted");
            text.trim_end().to_owned()
        };
        assert_eq!(node_name(), read("hostname"));
        assert_eq!(kernel().release, read("osrelease"));
        assert!(!short_node_name().contains('.'));
    }
}
