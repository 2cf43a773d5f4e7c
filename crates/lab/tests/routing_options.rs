//! Every option of addresses, routes and rules: the lines of `tests/compat/routing-options.tsv`, given to Debian's
//! keepalived 2.2.7 and to ours, once as static and once as virtual items; `ip -d` has to show the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, Error, Lan, Node, Program, Result};

/// Longer than the start of either program on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// What comes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Both programs bring it about, and `ip` shows the same.
    Same,
    /// Both do, and `ip` shows different things.
    Differs,
    /// Only ours does.
    OursOnly,
    /// Neither does.
    Neither,
    /// Whether they do is the kernel's business; `ip` shows the same.
    AsTheKernelHasIt,
}

/// One line of the table.
struct Row {
    kind: String,
    /// What has to stand in the output of `ip`.
    key: String,
    line: String,
    verdict: Verdict,
}

fn table() -> Result<Vec<Row>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/routing-options.tsv");
    let text = fs::read_to_string(&path).map_err(Error::io("reading routing-options.tsv"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &str) -> Result<Row> {
    let [kind, key, words, verdict] = line.split('\t').collect::<Vec<_>>()[..] else {
        return Err(Error::Unexpected(format!("not four columns: {line}")));
    };
    let (verdict, reason) = verdict.split_once(": ").unwrap_or((verdict, ""));
    let verdict = match (verdict, reason.is_empty()) {
        ("same", true) => Verdict::Same,
        ("differs", false) => Verdict::Differs,
        ("the original fails", false) => Verdict::OursOnly,
        ("neither", false) => Verdict::Neither,
        ("as the kernel has it", false) => Verdict::AsTheKernelHasIt,
        _ => return Err(Error::Unexpected(format!("no verdict with its reason: {line}"))),
    };
    Ok(Row { kind: kind.to_owned(), key: key.to_owned(), line: words.to_owned(), verdict })
}

/// Where the lines stand.
#[derive(Clone, Copy, Debug)]
enum Place {
    Static,
    Virtual,
}

fn configuration(rows: &[Row], place: Place) -> String {
    let lines = |kind: &str| {
        let of_kind = rows.iter().filter(|row| row.kind == kind);
        of_kind.map(|row| format!("  {}\n", row.line)).collect::<String>()
    };
    let (addresses, routes, rules) = (lines("address"), lines("route"), lines("rule"));
    match place {
        Place::Static => format!(
            "static_ipaddress {{\n{addresses}}}\nstatic_routes {{\n{routes}}}\nstatic_rules {{\n{rules}}}\n"
        ),
        // Excluded addresses may be of both families.
        Place::Virtual => format!(
            "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n priority 250\n version 3\n \
             advert_int 0.2\n virtual_ipaddress {{\n  10.77.0.100\n }}\n virtual_ipaddress_excluded {{\n{addresses} }}\n \
             virtual_routes {{\n{routes} }}\n virtual_rules {{\n{rules} }}\n}}\n"
        ),
    }
}

/// What `ip` shows, one entry per address, route or rule.
type Shown = BTreeSet<String>;

/// One program with all lines, until what `ip` shows has not changed for a while.
fn observe(program: Program, rows: &[Row], place: Place) -> Result<Shown> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24", "fd77::1/64"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24", "fd78::1/64"])?;
    // Not every kernel has VRFs.
    let _as_it_may = node.ip(&["link", "add", "blue", "type", "vrf", "table", "77"]);
    let mut daemon = Daemon::start(&node, program, &configuration(rows, place))?;
    let last = rows.iter().rev().find(|row| row.verdict == Verdict::Same).map_or("", |row| &row.key);
    let deadline = Instant::now() + PATIENCE;
    let mut before = Shown::new();
    loop {
        std::thread::sleep(PAUSE);
        let shown = show(&node)?;
        let is_done = shown.iter().any(|entry| entry.contains(last)) && shown == before;
        if is_done || Instant::now() > deadline {
            daemon.stop()?;
            expect_nothing_left(&node, program, rows)?;
            return Ok(shown);
        }
        before = shown;
    }
}

fn show(node: &Node) -> Result<Shown> {
    let mut shown = Shown::new();
    for arguments in [
        &["-o", "-d", "addr"][..],
        &["-4", "-d", "route", "show", "table", "all"],
        &["-6", "-d", "route", "show", "table", "all"],
        &["-4", "-d", "rule"],
        &["-6", "-d", "rule"],
    ] {
        let text = node.ip(arguments)?.replace("\n\t", " ").replace('\\', " ");
        // What the kernel makes by itself is of no interest, nor are seconds that run.
        let ours = text.lines().filter(|line| {
            !line.contains("proto kernel") && !line.starts_with("1: lo") && !line.contains("fe80::")
        });
        shown.extend(ours.map(steady));
    }
    Ok(shown)
}

fn steady(line: &str) -> String {
    let runs = |word: &str| word.ends_with("sec") && word.trim_end_matches("sec").parse::<u32>().is_ok();
    line.split_whitespace().filter(|word| !runs(word)).collect::<Vec<_>>().join(" ")
}

fn expect_nothing_left(node: &Node, program: Program, rows: &[Row]) -> Result<()> {
    // The original leaves a route behind where two share a destination.
    let shown = if program == Program::Ours { show(node)? } else { return Ok(()) };
    let left = rows.iter().filter(|row| shown.iter().any(|entry| is_about(entry, row)));
    let left: Vec<&str> = left.map(|row| row.line.as_str()).collect();
    if left.is_empty() { Ok(()) } else { Err(Error::Unexpected(format!("left after the stop: {left:?}"))) }
}

fn is_about(entry: &str, row: &Row) -> bool {
    if row.kind == "rule" { entry.starts_with(&row.key) } else { entry.contains(&format!(" {} ", row.key)) }
}

fn compare(rows: &[Row], place: Place) -> Result<String> {
    let (ours, original) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| observe(Program::under_test(), rows, place));
        let original = observe(Program::Debian, rows, place);
        (ours.join(), original)
    });
    let ours = ours.map_err(|_| Error::Unexpected("observing ours panicked".to_owned()))??;
    let original = original?;
    let mut report = String::new();
    for row in rows {
        let of =
            |shown: &Shown| -> Shown { shown.iter().filter(|entry| is_about(entry, row)).cloned().collect() };
        let (ours, original) = (of(&ours), of(&original));
        let is_so = match row.verdict {
            Verdict::Same => ours == original && !ours.is_empty(),
            Verdict::Differs => ours != original && !ours.is_empty() && !original.is_empty(),
            Verdict::OursOnly => !ours.is_empty() && original.is_empty(),
            Verdict::Neither => ours.is_empty() && original.is_empty(),
            Verdict::AsTheKernelHasIt => ours == original,
        };
        // The original compared with itself shows only that the table can be judged.
        if !is_so && Program::under_test() == Program::Ours {
            let _ok = writeln!(
                report,
                "{place:?} {}: not {:?}\n  ours:     {ours:?}\n  original: {original:?}",
                row.line, row.verdict
            );
        }
    }
    Ok(report)
}

#[test]
fn every_option_shows_as_the_original_sets_it() -> Result<()> {
    let rows = table()?;
    let (fixed, virtual_) = std::thread::scope(|scope| {
        let fixed = scope.spawn(|| compare(&rows, Place::Static));
        (fixed.join(), compare(&rows, Place::Virtual))
    });
    let fixed = fixed.map_err(|_| Error::Unexpected("comparing static lines panicked".to_owned()))??;
    let report = fixed + &virtual_?;
    assert!(report.is_empty(), "{report}");
    Ok(())
}
