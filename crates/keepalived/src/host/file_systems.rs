//! File systems whose files cannot be tracked: nobody writes there, or the kernel does not tell of changes (vrrp reference
//! 3.5).

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};
use std::path::Path;

/// Numbers from linux/magic.h and the file systems' own sources.
const REFUSED: &[(u32, &str)] = &[
    (0xcafe_4a11, "BPF"),
    (0x0027_e0eb, "cgroup"),
    (0x6367_7270, "cgroup2"),
    (0x6462_6720, "debugfs"),
    (0x0000_1cd1, "devpts"),
    (0xde5e_81e4, "efivarfs"),
    (0x6573_5546, "FUSE"),
    (0x1980_0202, "mqueue"),
    (0x0000_6969, "NFS"),
    (0x5049_5045, "pipefs"),
    (0x0000_9fa0, "proc"),
    (0x0000_7275, "ROMFS"),
    (0xf97c_ff8c, "SELinux"),
    (0x0000_517b, "SMB"),
    (0xfe53_4d42, "SMB2"),
    (0xff53_4d42, "CIFS"),
    (0x534f_434b, "sockfs"),
    (0x6265_6572, "sysfs"),
    (0x012f_f7b3, "Coherent"),
    (0x012f_f7b4, "Xenix"),
    (0x012f_f7b5, "System V 4"),
    (0x012f_f7b6, "System V 2"),
    (0x7472_6163, "tracefs"),
];

/// Why a file at `path`, which need not exist yet, cannot be tracked. `None` when it can, or when its directory does not
/// exist either.
pub(super) fn refusal(path: &Path) -> Option<String> {
    let there = [Some(path), path.parent()].into_iter().flatten().find(|path| path.exists())?;
    let kind = statfs(there).ok().and_then(|found| u32::try_from(found.f_type & 0xffff_ffff).ok());
    let name = REFUSED.iter().find(|(number, _)| Some(*number) == kind).map(|(_, name)| *name);
    if let Some(name) = name {
        return Some(format!("is on a {name} file system"));
    }
    let is_read_only = statvfs(there).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY));
    is_read_only.then(|| "is on a read-only file system".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_cannot_be_tracked_and_plain_ones_can() {
        assert_eq!(refusal(Path::new("/proc/uptime")).as_deref(), Some("is on a proc file system"));
        assert_eq!(refusal(Path::new("/proc/no-such-file")).as_deref(), Some("is on a proc file system"));
        assert!(refusal(Path::new("/sys/kernel")).is_some());
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(refusal(&directory.path().join("number")), None);
        assert_eq!(refusal(&directory.path().join("missing/number")), None);
    }
}
