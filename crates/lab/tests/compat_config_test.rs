//! `keepalived -t` over the corpus in tests/compat: exit status and complaints of both programs are compared. Guards
//! row 1.7 of the drop-in contract: pipelines decide by this exit status.
//!
//! Where ours means to differ, `tests/compat/differences.txt` names the file and the reason. A listed file that no
//! longer differs fails too, so that the list cannot rot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use keepalived_lab::{Error, Lan, Node, Program, Result, Verdict, config_test};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat")
}

/// Names and texts, sorted by name.
fn configurations() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(corpus()).map_err(Error::io("reading tests/compat"))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".conf") {
            let text = fs::read(entry.path()).map_err(Error::io(format!("reading {name}")))?;
            found.insert(name, text);
        }
    }
    Ok(found)
}

/// Lines of the form `NAME: REASON`; `#` starts a comment.
fn expected_differences() -> Result<BTreeMap<String, String>> {
    let path = corpus().join("differences.txt");
    let text = fs::read_to_string(path).map_err(Error::io("reading tests/compat/differences.txt"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pair = |line: &str| line.split_once(": ").map(|(name, reason)| (name.to_owned(), reason.to_owned()));
    Ok(lines.filter_map(pair).collect())
}

/// Puts the files that configurations include where they look for them.
fn write_parts(node: &Node) -> Result<()> {
    for entry in
        fs::read_dir(corpus().join("parts")).map_err(Error::io("reading tests/compat/parts"))?.flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read(entry.path()).map_err(Error::io(format!("reading {name}")))?;
        node.write_file(&format!("/etc/keepalived/parts/{name}"), text)?;
    }
    Ok(())
}

/// What is compared: the status, and every complaint once. The original reads the file once per process and repeats
/// itself; which process says a thing decides whether the file's name stands before the line's number.
fn differences(ours: &Verdict, original: &Verdict) -> String {
    let mut report = String::new();
    // Writing to a String cannot fail.
    if ours.status != original.status {
        let _ok = writeln!(report, "  status: ours {:?}, original {:?}", ours.status, original.status);
    }
    // Remarks of ours that begin with `note: ` are about good configurations and do not change the status.
    let complaints = |verdict: &Verdict| -> BTreeSet<String> {
        let all = verdict.complaints().into_iter();
        all.filter(|line| !line.starts_with("note: ")).collect()
    };
    let (ours, original) = (complaints(ours), complaints(original));
    for line in ours.difference(&original) {
        let _ok = writeln!(report, "  only ours:     {line}");
    }
    for line in original.difference(&ours) {
        let _ok = writeln!(report, "  only original: {line}");
    }
    report
}

#[test]
fn both_programs_say_the_same_about_the_corpus() -> Result<()> {
    let configurations = configurations()?;
    assert!(configurations.len() >= 60, "only {} configurations", configurations.len());
    let expected = expected_differences()?;
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24", "fd77::1/64"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    write_parts(&node)?;

    let program = Program::under_test();
    let mut report = String::new();
    let mut different = 0;
    for (name, text) in &configurations {
        let ours = config_test(&node, program, text)?;
        let original = config_test(&node, Program::Debian, text)?;
        let found = differences(&ours, &original);
        different += usize::from(!found.is_empty());
        // The original compared with itself shows that the lab is steady, not that differences are gone.
        let listed = expected.get(name).filter(|_| program == Program::Ours);
        // Writing to a String cannot fail.
        let _ok = match (found.is_empty(), listed) {
            (false, None) => write!(report, "{name}:\n{found}"),
            (true, Some(reason)) => writeln!(report, "{name}: listed as different ({reason}), but it is not"),
            _ => Ok(()),
        };
    }
    for name in expected.keys().filter(|name| !configurations.contains_key(*name)) {
        let _ok = writeln!(report, "{name}: listed as different, but not in the corpus");
    }
    println!("{} configurations, {different} with differences", configurations.len());
    assert!(report.is_empty(), "\n{report}");
    Ok(())
}

#[test]
fn a_truncated_password_is_reported_with_its_line_and_fails_the_test() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let text = keepalived_lab::Classic::master().password("correcthorse").text();
    let verdict = config_test(&node, Program::under_test(), &text)?;
    assert_eq!(verdict.status, Some(5), "{verdict:?}");
    let wanted = "(/etc/keepalived/keepalived.conf: Line 9) Truncating auth_pass to 8 characters\n";
    assert_eq!(verdict.stderr, wanted);
    Ok(())
}

#[test]
fn a_good_configuration_is_passed_in_silence() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let verdict = config_test(&node, Program::under_test(), keepalived_lab::Classic::master().text())?;
    assert_eq!(verdict, Verdict { status: Some(0), stdout: String::new(), stderr: String::new() });
    Ok(())
}
