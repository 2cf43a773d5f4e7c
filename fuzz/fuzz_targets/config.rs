//! Reads arbitrary bytes as keepalived.conf, with a second file to include: nothing may panic, every place that is
//! named lies in a file, and what is printed reads the same.

#![no_main]

use keepalived_config::encoding;
use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, Loaded, consolidated, load_with_tree_within};
use keepalived_config::reader::budget::Bounds;
use keepalived_config::{render, status, tree};
use libfuzzer_sys::fuzz_target;

/// What a daemon may take seconds for must take milliseconds here.
const BOUNDS: Bounds = Bounds { bytes: 1 << 20, files: 50, lines: 3_000, replaced: 3_000 };

fn read(main: &[u8], included: &[u8]) -> (Loaded, Vec<tree::Node>) {
    let host = FakeHost::new()
        .with_file("/c/main.conf", main)
        .with_file("/c/a", included)
        .with_script("/bin/true")
        .with_environment("HOME", "/root");
    let options = LoadOptions { config_id: "main".to_owned(), all_includes_checked: false, test_mode: true };
    load_with_tree_within("/c/main.conf", &options, BOUNDS, &host)
}

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().position(|byte| *byte == 0xff).unwrap_or(bytes.len());
    let (main, included) = bytes.split_at(split);
    let (loaded, lines) = read(main, included.get(1..).unwrap_or_default());
    for found in loaded.report.diagnostics() {
        for span in found.span.iter().chain(found.related.iter().map(|(span, _)| span)) {
            assert!(loaded.sources.holds(*span), "{found:?}");
            assert!(loaded.sources.holds(loaded.sources.root(*span)), "{found:?}");
        }
    }
    let _ = render::plain(&loaded.report, &loaded.sources);
    let _ = render::rich(&loaded.report, &loaded.sources, false);
    let _ = status::of_test(&loaded.report);
    // Random numbers differ, and the other file is no longer included by the printed text.
    let has_random = main.windows(7).chain(included.windows(7)).any(|part| part == b"_RANDOM");
    let printed = encoding::encode(&consolidated(&lines));
    let fits = printed.split(|byte| *byte == b'\n').all(|line| line.len() <= 1022);
    // Two things that no other spelling would say; tests/roundtrip.rs tells why.
    let given_up = loaded.report.diagnostics().iter().any(|found| found.message.contains("would exceed maximum"));
    let escaped = main.windows(2).chain(included.windows(2)).any(|part| part == b"\\\"");
    if !has_random && fits && !given_up && !escaped && loaded.report.stops().is_none() {
        assert!(tree::say_the_same(&lines, &read(&printed, b"").1));
    }
});
