//! Files that were made to hurt: they are read or refused in bounded time and memory.

mod support;

use keepalived_config::host::FakeHost;
use keepalived_config::load::LoadedTree;
use keepalived_config::reader::budget;
use std::time::{Duration, Instant};
use support::{read, read_from};

/// Generous, because test machines are busy; what must not happen takes hours.
const SOON: Duration = Duration::from_secs(60);

fn timed(text: &[u8]) -> LoadedTree {
    let start = Instant::now();
    let loaded = read(text);
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    loaded
}

fn too_large(loaded: &LoadedTree) -> bool {
    loaded
        .report
        .diagnostics()
        .iter()
        .any(|found| found.message.starts_with("the configuration is too large"))
}

#[test]
fn ten_thousand_nested_blocks_neither_recurse_nor_stop_the_reading() {
    let text = "vrrp_instance A {\n".repeat(10_000) + &"}\n".repeat(10_000) + "net_namespace x\n";
    let loaded = timed(text.as_bytes());
    assert!(loaded.tree.iter().any(|node| node.line.raw() == "net_namespace x"));
    let text = "{".repeat(1000) + "\n";
    timed(text.repeat(1000).as_bytes());
}

#[test]
fn a_hundred_megabytes_are_refused() {
    let text = b"priority 100 # a line of some length that says nothing\n".repeat(2_000_000);
    assert!(text.len() > 100_000_000);
    assert!(too_large(&timed(&text)));
}

#[test]
fn many_lines_are_refused_before_they_fill_the_memory() {
    let text = "net_namespace x\n".repeat(budget::MAX_LINES + 10);
    assert!(too_large(&timed(text.as_bytes())));
}

#[test]
fn one_line_of_fifty_megabytes_is_read_piece_by_piece() {
    timed(&vec![b'x'; 50 << 20]);
    timed(&vec![0; 50 << 20]);
    timed(&vec![b'{'; 10 << 20]);
}

#[test]
fn a_definition_bomb_is_bounded() {
    let mut text = "$A0=xx\n".to_owned();
    for step in 1..60 {
        text.push_str(&format!("$A{step}=${{A{0}}}${{A{0}}}\n", step - 1));
    }
    timed((text + &"priority ${A59}\n".repeat(3000)).as_bytes());
}

/// What stands behind the brace must not pile up.
#[test]
fn a_definition_that_holds_a_brace_and_itself_is_bounded() {
    for value in ["x {n $A}alo", "x {n~SEQ(I,2) $A}$\\}alo", "$A {$A}$A", "x {$A {$A"] {
        timed(format!("$A={value}\n$A\n$A \"\n").as_bytes());
    }
}

#[test]
fn a_bomb_of_lines_is_bounded() {
    let mut text = "$L0=a \\\nb\n".to_owned();
    for step in 1..60 {
        text.push_str(&format!("$L{step}=$L{0} \\\n$L{0}\n", step - 1));
    }
    assert!(too_large(&timed((text + "$L59\n").as_bytes())));
}

#[test]
fn nested_sequences_are_bounded() {
    let text = "~SEQ(A,100) ~SEQ(B,100) ~SEQ(C,100) ~SEQ(D,100) net_namespace $D\n";
    assert!(too_large(&timed(text.as_bytes())));
    assert!(too_large(&timed(b"~SEQ(A,9223372036854775807)\n")));
}

#[test]
fn many_useless_replacements_are_bounded() {
    timed(("$A=${A}\n".to_owned() + &"$A\n".repeat(20_000)).as_bytes());
}

#[test]
fn includes_that_multiply_are_bounded() {
    let mut host = FakeHost::new().with_file("/c/main.conf", "include 0\n");
    for depth in 0..60 {
        host = host.with_file(format!("/c/{depth}"), format!("include {0}\ninclude {0}\n", depth + 1));
    }
    let start = Instant::now();
    let loaded = read_from(&host.with_file("/c/60", "net_namespace x\n"));
    assert!(too_large(&loaded));
    assert!(start.elapsed() < SOON);
}

#[test]
fn a_million_mistakes_are_counted_and_not_kept() {
    let loaded = timed("prioritee 5\n".repeat(300_000).as_bytes());
    assert_eq!(loaded.report.diagnostics().len() + loaded.report.dropped(), 300_000);
    assert!(loaded.report.dropped() > 0);
}
