//! The kernel's settings under /proc/sys.

use crate::error::{Doing, Result};
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// Reads a setting without its final newline. `name` is written with slashes, because interface names hold dots:
/// `net/ipv6/conf/eth0.10/forwarding`. Network settings are those of the calling thread's namespace.
///
/// # Errors
/// When there is no such setting, or `name` leads out of /proc/sys.
pub fn read(name: &str) -> Result<String> {
    let path = path_of(name).doing(format!("read the setting {name}"))?;
    let text = fs::read_to_string(path).doing(format!("read the setting {name}"))?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// Reads a setting that is a number.
///
/// # Errors
/// As [`read`]; `InvalidData` when it is no number.
pub fn read_number(name: &str) -> Result<i64> {
    let number = read(name)?.trim().parse();
    number.map_err(|_| io::Error::from(io::ErrorKind::InvalidData)).doing(format!("read the setting {name}"))
}

/// Writes a setting.
///
/// # Errors
/// When there is no such setting, it cannot be written, or `name` leads out of /proc/sys.
pub fn write(name: &str, value: &str) -> Result<()> {
    let open = |path| fs::OpenOptions::new().write(true).open(path);
    path_of(name)
        .and_then(open)
        // One write: the kernel takes each as a whole value.
        .and_then(|mut file| file.write_all(value.as_bytes()))
        .doing(format!("write the setting {name}"))
}

fn path_of(name: &str) -> io::Result<PathBuf> {
    let relative = Path::new(name);
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if inside { Ok(Path::new("/proc/sys").join(relative)) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::in_network_namespace;

    #[test]
    fn a_setting_is_read_and_written_in_the_namespace_of_the_thread() {
        let outside = read("net/ipv4/conf/lo/promote_secondaries").expect("a setting");
        in_network_namespace(|| {
            let name = "net/ipv4/conf/lo/promote_secondaries";
            for value in ["0", "1", "0"] {
                write(name, value).expect("needs root");
                assert_eq!(read(name).expect("a setting"), value);
            }
            assert_eq!(read_number(name).expect("a number"), 0);
        });
        assert_eq!(read("net/ipv4/conf/lo/promote_secondaries").expect("a setting"), outside);
    }

    #[test]
    fn names_cannot_lead_out_of_proc_sys() {
        assert!(read("../../etc/passwd").is_err());
        assert!(read("/etc/passwd").is_err());
        assert!(write("net/../../self/comm", "x").is_err());
        assert!(read("net/ipv4/no_such_setting").is_err());
    }
}
