//! What the package holds: manual pages, the unit, the licence, what it says of itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::support::{package, said, scratch, shown};

/// The manual pages, unpacked once for all tests.
fn pages() -> &'static [PathBuf] {
    static PAGES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    PAGES.get_or_init(unpacked_pages)
}

fn unpacked_pages() -> Vec<PathBuf> {
    let directory = scratch("pages");
    let names = ["man8/keepalived.8", "man5/keepalived.conf.5", "man1/keepalivedctl.1", "man1/genhash.1"];
    let unpack = |name: &str| {
        let packed = package().files.join("usr/share/man").join(format!("{name}.gz"));
        let text = said(Command::new("gzip").args(["--decompress", "--stdout"]).arg(packed));
        let page = directory.join(name.replace('/', "-"));
        std::fs::write(&page, text).expect("written");
        page
    };
    names.map(unpack).to_vec()
}

fn control() -> String {
    said(Command::new("dpkg-deb").arg("--field").arg(&package().deb))
}

#[test]
fn formatters_have_nothing_to_say_about_the_manual_pages() {
    for page in pages() {
        let checked =
            Command::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(page).output().expect("mandoc");
        assert!(checked.status.success(), "{}: {}", page.display(), shown(&checked));
        let mut format = Command::new("man");
        format.args(["--warnings", "--encoding=UTF-8", "--local-file"]).arg(page).env("MANWIDTH", "80");
        let formatted = format.stdin(Stdio::null()).output().expect("man");
        assert!(formatted.status.success() && formatted.stderr.is_empty(), "{}", shown(&formatted));
        assert!(formatted.stdout.len() > 500, "{} is hardly there", page.display());
    }
}

#[test]
fn manual_pages_know_what_the_programs_know() {
    let text: Vec<String> =
        pages().iter().map(|page| std::fs::read_to_string(page).expect("a page")).collect();
    let program = |path: &str| package().files.join(path);
    for (path, page) in [("usr/sbin/keepalived", &text[0]), ("usr/bin/genhash", &text[3])] {
        let help = Command::new(program(path)).arg("-h").output().expect("help");
        let mut options = 0;
        for word in shown(&help).split_whitespace().filter(|word| word.starts_with("--")) {
            let name = word.split(['=', '[', ',', '.']).next().unwrap_or(word).replace('-', "\\-");
            assert!(page.contains(&format!("\\fB{name}\\fR")), "{path}: {name} is not in its page");
            options += 1;
        }
        assert!(options > 8, "{path}: {options} options found");
    }
    let help = shown(&Command::new(program("usr/bin/keepalivedctl")).arg("help").output().expect("help"));
    for verb in verbs(&help) {
        assert!(text[2].contains(&format!(".TP\n\\fB{verb}\\fR")), "{verb} is not in the page");
    }
    for page in &text {
        for form in ["@VERSION@", "@DATE@", "@OPTIONS@", "@VERBS@"] {
            assert!(!page.contains(form), "{form} was not filled in");
        }
    }
}

/// The first words of the lines that are about a command.
pub(crate) fn verbs(help: &str) -> Vec<String> {
    let found: Vec<String> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(found.contains(&"status".to_owned()), "the help was not understood: {help}");
    found
}

#[test]
fn systemd_accepts_both_units_and_the_hardening_file() {
    let examples = package().files.join("usr/share/doc/keepalived-rs/examples");
    let verify = |unit: &Path| {
        let mut verify = Command::new("systemd-analyze");
        // The pages are installed with the package, which this machine does not have.
        let output = verify.args(["verify", "--man=no"]).arg(unit).output().expect("systemd-analyze");
        assert!(output.status.success(), "{}: {}", unit.display(), shown(&output));
        assert_eq!(shown(&output), "", "{}", unit.display());
    };
    verify(&package().files.join("lib/systemd/system/keepalived.service"));
    let directory = scratch("units");
    let unit = directory.join("keepalived.service");
    for (unit_text, hardened) in [("keepalived-forking.service", false), ("keepalived-forking.service", true)]
    {
        std::fs::copy(examples.join(unit_text), &unit).expect("copied");
        let more = directory.join("keepalived.service.d");
        std::fs::create_dir_all(&more).expect("a directory");
        if hardened {
            std::fs::copy(examples.join("hardening.conf"), more.join("hardening.conf")).expect("copied");
        }
        verify(&unit);
    }
}

/// A misspelt directive is no error to systemd, only a line in its log; so it has to be one here.
#[test]
fn a_misspelt_directive_would_be_noticed() {
    let unit = scratch("misspelt").join("keepalived.service");
    let text = std::fs::read_to_string(package().files.join("lib/systemd/system/keepalived.service"));
    std::fs::write(&unit, text.expect("the unit").replace("KillMode", "KilMode")).expect("written");
    let output =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output().expect("started");
    assert!(shown(&output).contains("KilMode"), "{}", shown(&output));
}

#[test]
fn the_package_stands_for_keepalived() {
    let control = control();
    let version = concat!("Version: ", env!("CARGO_PKG_VERSION"), "-1\n");
    for line in ["Package: keepalived-rs\n", version, "Conflicts: keepalived\n", "Replaces: keepalived\n"] {
        assert!(control.contains(line), "{line:?} is not in\n{control}");
    }
    let provided = control.lines().find_map(|line| line.strip_prefix("Provides: keepalived (= "));
    let provided = provided.and_then(|rest| rest.strip_suffix(')')).expect("a version that is provided");
    // Whoever depends on the distribution's version has to be content.
    said(Command::new("dpkg").args(["--compare-versions", provided, "ge", "1:2.2.7-1+b2"]));
    let programs = ["usr/sbin/keepalived", "usr/sbin/genhash", "usr/bin/genhash", "usr/bin/keepalivedctl"];
    for program in programs.iter().chain(&["etc/keepalived", "usr/share/doc/keepalived-rs/copyright"]) {
        assert!(package().files.join(program).exists(), "{program} is not there");
    }
    let licence = std::fs::read_to_string(package().files.join("usr/share/doc/keepalived-rs/copyright"));
    let licence = licence.expect("the licence");
    assert!(licence.contains("Apache-2.0 or Expat") && licence.contains("Permission is hereby granted"));
}

/// A configuration of the administrator's must not be among the files that dpkg thinks are the package's.
#[test]
fn nothing_of_the_administrators_is_in_the_package() {
    let directory = scratch("control");
    said(Command::new("dpkg-deb").arg("--control").arg(&package().deb).arg(&directory));
    let conffiles = std::fs::read_to_string(directory.join("conffiles")).expect("conffiles");
    assert_eq!(conffiles, "/etc/default/keepalived\n/etc/keepalived/keepalived.conf.sample\n");
    assert!(!package().files.join("etc/keepalived/keepalived.conf").exists());
    for script in ["postinst", "prerm", "postrm"] {
        said(Command::new("sh").arg("-n").arg(directory.join(script)));
    }
}

/// lintian knows what is usual in Debian. Packages for tests are not compressed, and nobody has asked Debian for this one.
#[test]
fn lintian_has_nothing_to_say() {
    let usual = [
        "uses-no-compression-for-control-tarball",
        "uses-no-compression-for-data-tarball",
        "initial-upload-closes-no-bugs",
    ];
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--suppress-tags", &usual.join(",")]).arg(&package().deb);
    let output = lintian.output().expect("lintian");
    assert_eq!(shown(&output), "");
}

/// Each sample is a configuration that both the daemon and its reader understand.
#[test]
fn samples_are_in_the_package_and_are_good() {
    let samples = package().files.join("usr/share/doc/keepalived-rs/samples");
    let first =
        std::fs::read(package().files.join("etc/keepalived/keepalived.conf.sample")).expect("the sample");
    assert_eq!(std::fs::read(samples.join("keepalived.conf.sample")).expect("the same"), first);
    let daemon = package().files.join("usr/sbin/keepalived");
    let mut judged = 0;
    for entry in std::fs::read_dir(&samples).expect("samples") {
        let path = entry.expect("a sample").path();
        if path.extension().is_some_and(|extension| extension == "sh") {
            said(Command::new("sh").arg("-n").arg(&path));
            continue;
        }
        let mut test = Command::new("unshare");
        test.args(["--net", "sh", "-c", "ip link add eth0 type veth peer name eth1 && exec \"$@\"", "sh"]);
        let output = test.arg(&daemon).arg("-t").arg("-f").arg(&path).output().expect("keepalived");
        let complaints: Vec<String> = shown(&output)
            .lines()
            // Scripts that are to be written yet.
            .filter(|line| !line.contains("cannot be accessed") && !line.contains("not found/accessible"))
            .map(str::to_owned)
            .collect();
        assert_eq!(complaints, [""; 0], "{}", path.display());
        assert!(output.status.success(), "{}: {}", path.display(), output.status);
        judged += 1;
    }
    assert!(judged >= 10, "{judged}");
}
