//! iproute2's tables of names: `rt_tables`, `rt_protos` and the like.

use std::path::Path;

/// Where they are, the administrator's first.
const DIRECTORIES: [&str; 3] = ["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"];

/// Names that iproute2 knows without files.
const BUILT_IN: &[(&str, &str, u32)] = &[
    ("rt_tables", "default", 253),
    ("rt_tables", "main", 254),
    ("rt_tables", "local", 255),
    ("rt_scopes", "global", 0),
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
    ("group", "default", 0),
];

/// The number behind a name.
pub(super) fn number(table: &str, name: &str) -> Option<u32> {
    DIRECTORIES.iter().find_map(|directory| in_directory(Path::new(directory), table, name)).or_else(|| {
        let known = BUILT_IN.iter().find(|(of, known, _)| *of == table && *known == name);
        known.map(|(_, _, number)| *number)
    })
}

/// The file itself, then `TABLE.d/*.conf`.
fn in_directory(directory: &Path, table: &str, name: &str) -> Option<u32> {
    if let Some(number) = in_file(&directory.join(table), name) {
        return Some(number);
    }
    let extra = std::fs::read_dir(directory.join(format!("{table}.d"))).ok()?;
    extra
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .find_map(|path| in_file(&path, name))
}

fn in_file(path: &Path, name: &str) -> Option<u32> {
    find(&std::fs::read_to_string(path).ok()?, name)
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

    #[test]
    fn names_are_found_in_files_and_without_them() {
        let text = "#\n# reserved\n255\tlocal\n0x64 hundred\n#1 no\nx bad\n";
        assert_eq!(find(text, "local"), Some(255));
        assert_eq!(find(text, "hundred"), Some(100));
        assert_eq!(find(text, "no"), None);
        assert_eq!(find(text, "bad"), None);
        assert_eq!(number("rt_tables", "main"), Some(254));
        assert_eq!(number("rt_tables", "no such table"), None);
    }
}
