//! Network namespaces by name, and a pid directory of our own in them.

use crate::error::{Doing, Result, check};
use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Where `ip netns` keeps its namespaces.
const DIRECTORY: &str = "/run/netns";

/// Moves the calling thread into the network namespace that `ip netns` calls `name`. Call it before other threads are
/// started; those that run already stay where they are.
///
/// # Errors
/// When there is no such namespace, `name` is no plain file name, or we lack CAP_SYS_ADMIN.
pub fn enter(name: &str) -> Result<()> {
    enter_file(&path_of(name)?)
}

/// Moves the calling thread into the network namespace behind a file: `/proc/1/ns/net`, say.
///
/// # Errors
/// When the file is no network namespace or we lack CAP_SYS_ADMIN.
pub fn enter_file(path: &Path) -> Result<()> {
    let file = File::open(path).doing(format!("open {}", path.display()))?;
    set_namespace(file.as_fd()).doing(format!("enter the network namespace {}", path.display()))
}

/// Moves the calling thread into a network namespace that is open already; see [`current`].
///
/// # Errors
/// When the file is no network namespace or we lack CAP_SYS_ADMIN.
pub fn enter_open(namespace: BorrowedFd<'_>) -> Result<()> {
    set_namespace(namespace).doing("enter a network namespace")
}

/// The network namespace of the calling thread, to come back to with [`enter_open`].
///
/// # Errors
/// When there is no `/proc`.
pub fn current() -> Result<OwnedFd> {
    File::open("/proc/thread-self/ns/net").map(OwnedFd::from).doing("open our network namespace")
}

fn set_namespace(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: a descriptor and a flag; no memory is involved.
    check(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) }).map(drop)
}

/// Gives this process a mount table of its own, in which `directory/name` (made if need be) appears as `directory`.
/// So daemons in several network namespaces each find their pid files in the usual place.
///
/// # Errors
/// When the process has more than one thread, or we lack CAP_SYS_ADMIN.
pub fn isolate_directory(directory: &Path, name: &str) -> Result<()> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return Err(io::Error::from(io::ErrorKind::InvalidInput)).doing("make a directory for the namespace");
    }
    let inner = directory.join(name);
    fs::create_dir_all(&inner).doing(format!("make the directory {}", inner.display()))?;
    // SAFETY: a flag; no memory is involved.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) }).doing("get a mount table of our own")?;
    // Mounts of others still arrive here; ours do not leave.
    mount(None, Path::new("/"), libc::MS_REC | libc::MS_SLAVE).doing("keep our mounts to ourselves")?;
    mount(Some(&inner), directory, libc::MS_BIND).doing(format!("mount {} over its parent", inner.display()))
}

/// Undoes [`isolate_directory`] at the end: takes the mount away and removes `directory/name` and `directory`, each if
/// it is empty. Others may use them, so what cannot be removed stays.
pub fn release_directory(directory: &Path, name: &str) {
    let Ok(text) = CString::new(directory.as_os_str().as_bytes()) else { return };
    // SAFETY: the path ends in NUL. Failure means that nothing was mounted, and is as good.
    unsafe { libc::umount2(text.as_ptr(), libc::MNT_DETACH) };
    drop(fs::remove_dir(directory.join(name)));
    drop(fs::remove_dir(directory));
}

fn path_of(name: &str) -> Result<PathBuf> {
    let mut parts = Path::new(name).components();
    if let (Some(Component::Normal(_)), None) = (parts.next(), parts.next()) {
        return Ok(Path::new(DIRECTORY).join(name));
    }
    Err(io::Error::from(io::ErrorKind::InvalidInput)).doing(format!("open {DIRECTORY}/{name}"))
}

fn mount(source: Option<&Path>, target: &Path, flags: libc::c_ulong) -> io::Result<()> {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from);
    let source = source.map_or_else(|| Ok(c"none".to_owned()), text)?;
    let target = text(target)?;
    // SAFETY: source and target end in NUL; these flags need no file system type and no data.
    let result =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), std::ptr::null(), flags, std::ptr::null()) };
    check(result).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{in_network_namespace, run};

    #[test]
    fn a_named_namespace_is_entered() {
        let name = format!("kernel-enter-{}", std::process::id());
        run("ip", &["netns", "add", &name]);
        let entered = in_network_namespace({
            let name = name.clone();
            move || {
                enter(&name).map_err(|error| error.to_string())?;
                let here = fs::read_link("/proc/thread-self/ns/net").map_err(|error| error.to_string())?;
                Ok::<_, String>(here)
            }
        });
        let outside = fs::read_link("/proc/thread-self/ns/net").expect("procfs");
        run("ip", &["netns", "delete", &name]);
        assert_ne!(entered.expect("entered"), outside);
    }

    #[test]
    fn names_are_plain_and_must_exist() {
        for name in ["", "..", "a/b", "/etc/passwd", "no-such-namespace-here"] {
            assert!(enter(name).is_err(), "{name}");
        }
        assert!(enter_file(Path::new("/proc/self/ns/mnt")).is_err());
    }

    #[test]
    fn a_directory_is_hidden_behind_its_part_for_the_namespace() {
        let directory = std::env::temp_dir().join(format!("kernel-isolate-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join("outside"), "").expect("a file");
        let inner = directory.clone();
        in_network_namespace(move || {
            isolate_directory(&inner, "blue").expect("needs root");
            assert!(!inner.join("outside").exists());
            fs::write(inner.join("inside"), "").expect("a file");
            assert!(isolate_directory(&inner, "../up").is_err());
            release_directory(&inner, "blue");
            assert!(inner.join("outside").exists(), "the mount is gone");
        });
        assert!(directory.join("outside").exists());
        assert!(directory.join("blue/inside").exists(), "what others use stays");
        fs::remove_dir_all(&directory).expect("ours");
    }
}
