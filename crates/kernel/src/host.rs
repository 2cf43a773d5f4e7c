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

/// The name with its domain, as the resolver knows it; the plain name when it knows no better. May wait for a name
/// server.
#[must_use]
pub fn canonical_name() -> String {
    let name = node_name();
    if name.contains('.') { name } else { resolved_name(&name).unwrap_or(name) }
}

fn resolved_name(name: &str) -> Option<String> {
    let wanted = std::ffi::CString::new(name).ok()?;
    // SAFETY: an `addrinfo` of zeros is what "no hints" looks like: no flags, any family, null pointers.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_flags = libc::AI_CANONNAME;
    let mut found = std::ptr::null_mut();
    // SAFETY: name and hints outlive the call; a list that is returned is freed below.
    let status =
        unsafe { libc::getaddrinfo(wanted.as_ptr(), std::ptr::null(), &raw const hints, &raw mut found) };
    if status != 0 || found.is_null() {
        return None;
    }
    // SAFETY: a list has at least one element, whose canonical name is null or a string that lives as long as the list.
    let canonical = unsafe {
        let name = (*found).ai_canonname;
        (!name.is_null()).then(|| std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned())
    };
    // SAFETY: the list came from `getaddrinfo` and is not used any more.
    unsafe { libc::freeaddrinfo(found) };
    canonical.filter(|canonical| !canonical.is_empty())
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

    #[test]
    fn the_resolver_names_machines_or_says_nothing() {
        assert!(resolved_name("localhost").is_some_and(|name| name.starts_with("localhost")));
        assert_eq!(resolved_name("no-such-host.invalid"), None);
        assert_eq!(resolved_name("a\0b"), None);
        assert!(canonical_name().starts_with(&node_name()) || canonical_name().contains('.'));
    }
}
