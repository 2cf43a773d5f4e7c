//! iproute2's tables of names: `rt_tables`, `rt_protos` and the like.

use crate::host::Host;
use std::path::{Path, PathBuf};

/// Where the administrator's tables are, and those that come with iproute2, the oldest place last.
const ETC: &str = "/etc/iproute2";
const USR: [&str; 2] = ["/usr/share/iproute2", "/usr/lib/iproute2"];

/// Names that are known without files: iproute2 need not be installed.
const BUILT_IN: &[(&str, &str, u32)] = &[
    ("rt_tables", "unspec", 0),
    ("rt_tables", "default", 253),
    ("rt_tables", "main", 254),
    ("rt_tables", "local", 255),
    ("rt_scopes", "global", 0),
    ("rt_scopes", "universe", 0),
    ("rt_scopes", "site", 200),
    ("rt_scopes", "link", 253),
    ("rt_scopes", "host", 254),
    ("rt_scopes", "nowhere", 255),
    ("rt_protos", "redirect", 1),
    ("rt_protos", "kernel", 2),
    ("rt_protos", "boot", 3),
    ("rt_protos", "static", 4),
    ("rt_protos", "ra", 9),
    ("rt_protos", "dhcp", 16),
    ("rt_protos", "keepalived", 18),
    ("rt_dsfield", "default", 0),
    ("group", "default", 0),
];

/// Where the tables are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    /// `iproute_etc_dir`: looked at first.
    pub etc: Option<PathBuf>,
    /// `iproute_usr_dir`.
    pub usr: Option<PathBuf>,
}

impl Directories {
    /// The number behind a name of a table (`rt_tables`, `rt_protos`, `rt_scopes`, `rt_dsfield`, `rt_realms`, `group`).
    pub fn number(&self, host: &dyn Host, table: &str, name: &str) -> Option<u32> {
        let etc = self.etc.as_deref().unwrap_or(Path::new(ETC));
        let usual = USR.iter().map(Path::new).filter(|_| self.usr.is_none());
        let directories = [etc].into_iter().chain(self.usr.as_deref()).chain(usual);
        let found = directories.into_iter().find_map(|directory| in_directory(host, directory, table, name));
        found.or_else(|| {
            let known = BUILT_IN.iter().find(|(of, known, _)| *of == table && *known == name);
            known.map(|(_, _, number)| *number)
        })
    }
}

/// The file itself, then `TABLE.d/*.conf`.
fn in_directory(host: &dyn Host, directory: &Path, table: &str, name: &str) -> Option<u32> {
    let main = directory.join(table);
    let in_file = |path: &Path| find(&String::from_utf8_lossy(&host.read(path).ok()?), name);
    in_file(&main).or_else(|| {
        let extra = host.glob(&format!("{}.d/*.conf", main.display()));
        extra.iter().find_map(|path| in_file(path))
    })
}

/// Lines are `NUMBER NAME`, the number in decimal or hexadecimal.
fn find(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let number = words.next().filter(|word| !word.starts_with('#'))?;
        if words.next()? != name {
            return None;
        }
        match number.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    #[test]
    fn names_are_found_in_files_and_without_them() {
        let text = "#\n# reserved\n255\tlocal\n0x64 hundred\n#1 no\nx bad\n";
        assert_eq!(find(text, "local"), Some(255));
        assert_eq!(find(text, "hundred"), Some(100));
        assert_eq!(find(text, "no"), None);
        assert_eq!(find(text, "bad"), None);
        let (host, usual) = (FakeHost::new(), Directories::default());
        assert_eq!(usual.number(&host, "rt_tables", "main"), Some(254));
        assert_eq!(usual.number(&host, "rt_tables", "no such table"), None);
    }

    #[test]
    fn the_administrators_directory_comes_first_and_both_can_be_elsewhere() {
        let host = FakeHost::new()
            .with_file("/etc/iproute2/rt_tables.d/a.conf", "10 blue\n")
            .with_file("/usr/share/iproute2/rt_tables", "11 blue\n12 red\n")
            .with_file("/usr/lib/iproute2/rt_tables", "13 green\n")
            .with_file("/opt/etc/rt_tables", "20 blue\n")
            .with_file("/opt/usr/rt_tables", "21 red\n");
        let numbers = |directories: &Directories| {
            ["blue", "red", "green"].map(|name| directories.number(&host, "rt_tables", name))
        };
        let mut directories = Directories::default();
        assert_eq!(numbers(&directories), [Some(10), Some(12), Some(13)]);
        directories.etc = Some("/opt/etc".into());
        assert_eq!(numbers(&directories), [Some(20), Some(12), Some(13)]);
        directories.usr = Some("/opt/usr".into());
        assert_eq!(numbers(&directories), [Some(20), Some(21), None]);
    }
}
