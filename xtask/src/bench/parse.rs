//! CPU time of `keepalived -t` over growing configurations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keepalived_lab::{Lan, Node, Program};

use crate::configurations::{KINDS, Kind};
use crate::{Error, Result, paths};

/// Instances of one interface cannot be more than there are VRIDs; so many interfaces carry 10,000.
const INTERFACES: usize = 40;
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Each figure is the median of up to this many rounds; the programs take turns within a round.
const ROUNDS: usize = 5;
/// No further round is begun when a row has taken this much CPU time.
const ENOUGH: Duration = Duration::from_secs(10);
/// A round repeats a short run until about this much CPU time can be measured.
const ROUND: Duration = Duration::from_millis(200);

/// Prints the table.
pub(super) fn run() -> Result<()> {
    let ours = match std::env::var_os(keepalived_lab::OURS_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => paths::target()?.join("release/keepalived"),
    };
    let original = Program::Debian.path()?;
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/16"])?;
    for index in 1..INTERFACES {
        node.add_interface(&format!("eth{index}"), keepalived_lab::MAIN_SEGMENT, &[])?;
    }
    println!("`keepalived -t`, CPU milliseconds (user and system), median of up to {ROUNDS} rounds\n");
    println!("{:<18} {:>7} {:>10} {:>10} {:>8}", "what", "number", "ours", "original", "ratio");
    for kind in KINDS {
        for size in SIZES {
            row(&node, kind, size, &ours, &original)?;
        }
    }
    Ok(())
}

fn row(node: &Node, kind: &Kind, size: usize, ours: &Path, original: &Path) -> Result<()> {
    let file = node.host_path("/etc/keepalived/bench.conf")?;
    std::fs::write(&file, (kind.text)(size)).map_err(Error::io("writing the configuration"))?;
    let programs = [ours, original];
    let mut times = [Vec::new(), Vec::new()];
    let mut repeats = [1, 1];
    let mut spent = Duration::ZERO;
    for round in 0..=ROUNDS {
        if round > 1 && spent > ENOUGH {
            break;
        }
        for (index, program) in programs.iter().enumerate() {
            let time = cpu_time(node, program, &file, repeats[index])?;
            spent += time * repeats[index];
            if round == 0 {
                // The first round warms caches and tells how often a run fits into a round.
                let fitting = ROUND.as_nanos() / time.as_nanos().max(1);
                repeats[index] = u32::try_from(fitting.clamp(1, 50)).unwrap_or(1);
            } else {
                times[index].push(time);
            }
        }
    }
    let [ours, original] = times.map(median_ms);
    println!("{:<18} {size:>7} {ours:>10.2} {original:>10.2} {:>8.2}", kind.name, ours / original);
    Ok(())
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// CPU time of one run, from bash's `time` over `repeats` of them: it counts children and is exact to a millisecond.
fn cpu_time(node: &Node, program: &Path, file: &Path, repeats: u32) -> Result<Duration> {
    const SCRIPT: &str = r#"TIMEFORMAT='%3U %3S'
time (for ((i = 0; i < $1; i++)); do "$2" -t -f "$3" >/dev/null 2>&1; done) 2>&1"#;
    let script = format!("{{ {SCRIPT}; }} 2>&1");
    let (program, file) = (program.to_string_lossy(), file.to_string_lossy());
    let said =
        node.namespace().exec(&["bash", "-c", &script, "bench", &repeats.to_string(), &program, &file])?;
    let mut seconds = 0.0;
    for word in said.split_whitespace() {
        let part: f64 = word.parse().map_err(|_| Error::Failed(format!("bash's time said {said:?}")))?;
        seconds += part;
    }
    Ok(Duration::from_secs_f64(seconds) / repeats)
}
