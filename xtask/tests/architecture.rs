//! The house rules that the compiler does not check: who may use whom, and where `unsafe` lives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use, `ARCHITECTURE.md`'s picture in words.
const ARROWS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("wire", &["types"]),
    ("vrrp", &["types", "wire"]),
    ("bfd", &["types", "wire"]),
    ("lvs", &["types"]),
    ("config", &["vrrp", "bfd", "lvs", "types"]),
    ("tls", &[]),
    ("checks", &["lvs", "types", "tls"]),
    ("kernel", &["types", "wire"]),
    ("events", &["vrrp", "bfd", "lvs", "types"]),
    ("surfaces", &["events", "vrrp", "bfd", "lvs", "types"]),
    (
        "keepalived",
        &["types", "wire", "vrrp", "bfd", "lvs", "config", "checks", "kernel", "events", "surfaces"],
    ),
    ("sim", &["vrrp", "bfd", "lvs", "config", "wire", "types"]),
    ("lab", &["types"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// The rooms that a crate's `[dependencies]` name.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(manifest).expect("every crate has a manifest");
    let section = text.split("\n[").find(|section| section.starts_with("dependencies]"));
    let lines = section.unwrap_or_default().lines();
    lines
        .filter_map(|line| line.strip_prefix("keepalived-"))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .map(str::to_owned)
        .collect()
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_crate_uses_only_the_rooms_it_may() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("crates")).expect("the crates") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no row in ARROWS"));
        for used in dependencies(&path.join("Cargo.toml")) {
            assert!(allowed.contains(&used.as_str()), "{name} may not use {used}; see ARCHITECTURE.md");
            seen += 1;
        }
    }
    assert!(seen > 10, "the manifests were not understood: {seen} arrows found");
}

#[test]
fn unsafe_code_lives_in_kernel_only() {
    for (room, _) in ARROWS {
        let library = root().join("crates").join(room).join("src/lib.rs");
        if *room == "kernel" || *room == "tls" || !library.exists() {
            continue;
        }
        let manifest = std::fs::read_to_string(root().join("crates").join(room).join("Cargo.toml"))
            .expect("every crate has a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{room} does not take the workspace's lints");
    }
}

/// The one exception, with its reason in `docs/decisions/0009-tls.md`.
#[test]
fn tls_has_one_unsafe_block() {
    let mut files = Vec::new();
    sources(&root().join("crates/tls"), &mut files);
    let text: String =
        files.iter().map(|file| std::fs::read_to_string(file).expect("a readable file")).collect();
    assert_eq!(text.matches("unsafe {").count(), 1);
    assert_eq!(text.matches("// SAFETY:").count(), 1);
}

#[test]
fn every_file_says_what_it_is() {
    let mut files = Vec::new();
    for part in ["crates", "xtask"] {
        sources(&root().join(part), &mut files);
    }
    assert!(files.len() > 50, "{} files found", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        assert!(
            text.starts_with("//!"),
            "{} does not begin with a line that says what it is",
            file.display()
        );
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    for file in files {
        let path = file.to_string_lossy();
        if path.contains("/tests") || !path.contains("/src/") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            assert!(
                line.starts_with("//") || !line.contains(".unwrap()"),
                "{path}:{}: unwrap; say why with expect, or handle it",
                number + 1
            );
        }
    }
}
