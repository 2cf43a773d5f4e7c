//! Who gets a pid file, and who does not.

use super::*;
use std::process::{Command, Stdio};

/// A directory of its own for a test, removed with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kernel-lock-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn own_pid() -> Pid {
    rustix::process::getpid()
}

/// A program that another test starts holds our descriptors, and with them our locks, until it is executed.
fn acquire_once_free(path: &Path) -> LockFile {
    for _ in 0..200 {
        match LockFile::acquire(path, own_pid()) {
            Err(LockError::Held(None)) => std::thread::sleep(std::time::Duration::from_millis(10)),
            other => return other.expect("free"),
        }
    }
    panic!("{} stays locked", path.display())
}

#[test]
fn a_held_file_is_refused_and_names_its_holder() {
    let directory = Directory::new("held");
    let path = directory.0.join("keepalived.pid");
    let held = LockFile::acquire(&path, own_pid()).expect("free");
    assert_eq!(fs::read_to_string(&path).expect("readable"), format!("{}\n", own_pid()));
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o7777, 0o644);
    match LockFile::acquire(&path, own_pid()) {
        Err(LockError::Held(holder)) => assert_eq!(holder, Some(own_pid())),
        other => panic!("{other:?}"),
    }
    drop(held);
    acquire_once_free(&path).remove().expect("removable");
    assert!(!path.exists());
}

#[test]
fn a_longer_number_leaves_nothing_behind() {
    let directory = Directory::new("longer");
    let path = directory.0.join("vrrp.pid");
    fs::write(&path, "4194303999\nmore").expect("writable");
    let held = LockFile::acquire(&path, own_pid()).expect("free");
    held.write(Pid::from_raw(7).expect("not 0")).expect("writable");
    assert_eq!(fs::read_to_string(&path).expect("readable"), "7\n");
    assert_eq!(held.path(), path);
}

#[test]
fn a_living_keepalived_that_does_not_lock_is_respected() {
    let directory = Directory::new("living");
    let program = directory.0.join("keepalived");
    fs::copy("/bin/sleep", &program).expect("sleep exists");
    let mut other = Command::new(&program).arg("60").stdin(Stdio::null()).spawn().expect("executable");
    let pid = i32::try_from(other.id()).ok().and_then(Pid::from_raw).expect("a process id");
    let path = directory.0.join("keepalived.pid");
    fs::write(&path, format!("{pid}\n")).expect("writable");
    let result = LockFile::acquire(&path, own_pid());
    other.kill().expect("ours");
    other.wait().expect("ours");
    assert!(matches!(result, Err(LockError::Held(Some(holder))) if holder == pid), "{result:?}");
    LockFile::acquire(&path, own_pid()).expect("its process is gone");
}

#[test]
fn a_number_that_another_program_has_taken_over_is_stale() {
    let directory = Directory::new("stale");
    let path = directory.0.join("keepalived.pid");
    for stale in ["1\n", "garbage", "-1", "0", ""] {
        fs::write(&path, stale).expect("writable");
        acquire_once_free(&path);
    }
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let directory = Directory::new("link");
    let (path, target) = (directory.0.join("keepalived.pid"), directory.0.join("precious"));
    fs::write(&target, "precious").expect("writable");
    std::os::unix::fs::symlink(&target, &path).expect("a link");
    assert!(matches!(LockFile::acquire(&path, own_pid()), Err(LockError::Failed(_))));
    assert_eq!(fs::read_to_string(&target).expect("readable"), "precious");
}
