//! What the log says when a reload takes something away: the same lines in the same order as the original's.

mod common;

use std::time::Duration;

use common::PATIENCE;
use keepalived_lab::{Daemon, Lan, Program, Result};

/// The original's processes are at work for a moment after it has said that the reload is complete.
const SETTLE: Duration = Duration::from_millis(1500);

/// Everything that can be listed, twice or more; `keep` says whether the second and following ones are there.
fn configuration(interval: u8, keep: bool) -> String {
    let more = |text: &'static str| if keep { text } else { "" };
    format!(
        "static_ipaddress {{
            10.78.0.1/24 dev eth0
            {}
        }}
        static_routes {{
            203.0.113.0/24 via 10.77.0.9 dev eth0
            {}
        }}
        static_rules {{
            from 10.80.0.0/24 table 100 priority 200
            {}
        }}
        vrrp_instance VI_1 {{
            interface eth0
            virtual_router_id 51
            priority 150
            advert_int {interval}
            virtual_ipaddress {{
                10.77.0.100/24
                {}
            }}
            virtual_ipaddress_excluded {{
                10.77.0.105/24
                {}
            }}
            virtual_routes {{
                203.0.120.0/24 via 10.77.0.9 dev eth0 metric {}
                {}
            }}
            {}
        }}\n",
        more("10.78.0.2/24 dev eth0\n2001:db8:1::2/64 dev eth0"),
        more("203.0.114.0/24 dev eth0\n203.0.115.0/24 via 10.77.0.9 dev eth0 table 100 metric 5"),
        more(
            "from 10.81.0.0/24 to 10.82.0.0/24 table 100 priority 201\nto 10.83.0.1 table 100 priority 202
            iif eth0 table 100 priority 203"
        ),
        more("10.77.0.101/24\n10.77.0.102 label eth0:2"),
        more("10.77.0.106/24\n2001:db8::5/64"),
        if keep { 5 } else { 6 },
        more("203.0.121.0/24 dev eth0\n203.0.122.7 dev eth0\n2001:db8:77::/64 dev eth0"),
        more("virtual_rules {\nfrom 10.84.0.0/24 table 100 priority 400\n}"),
    )
}

/// The lines of a reload from everything to less, without the original's `((null))`.
fn lines(program: Program, interval: u8, state: &str, options: &[&str]) -> Result<Vec<String>> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let arguments: Vec<&str> = ["-n", "-l", "-G"].iter().chain(options).copied().collect();
    let path = program.path()?;
    let daemon = Daemon::start_binary(&node, program, &path, &configuration(interval, true), &arguments)?;
    daemon.wait_for_log(&format!("(VI_1) Entering {state} STATE"), PATIENCE)?;
    std::thread::sleep(SETTLE);
    let mark = daemon.log().mark();
    daemon.reload(&configuration(interval, false))?;
    daemon.log().wait_for_since(mark, "Reload complete", PATIENCE)?;
    std::thread::sleep(SETTLE);
    let told = daemon.log().lines().into_iter().skip(mark).map(|line| line.message);
    let told = told.filter(|line| {
        line.ends_with("no longer exist") || line.starts_with("Removing ") || line.starts_with("ip rule ")
    });
    Ok(told.map(|line| line.replace("((null)) ", "")).collect())
}

fn compare(interval: u8, state: &str, options: &[&str]) -> Result<Vec<String>> {
    let (ours, original) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| lines(Program::under_test(), interval, state, options));
        let original = lines(Program::Debian, interval, state, options);
        (ours.join().expect("a lab does not panic"), original)
    });
    let (ours, original) = (ours?, original?);
    assert_eq!(ours, original, "ours and the original's of a {state} with {options:?}");
    Ok(original)
}

#[test]
fn a_master_says_all_that_it_loses_as_the_original_does() -> Result<()> {
    let told = compare(1, "MASTER", &["-D"])?;
    assert_eq!(told.len(), 7 + 5 + 4, "of it: {told:?}");
    assert!(
        told.contains(&"(VI_1) ip address 10.77.0.102/32 dev eth0, no longer exist".to_owned()),
        "{told:?}"
    );
    Ok(())
}

/// Nothing of it was on the machine, but for what is static.
#[test]
fn a_backup_says_no_more_than_the_original_does() -> Result<()> {
    let told = compare(20, "BACKUP", &["-D"])?;
    assert_eq!(told.len(), 7 + 1, "of it: {told:?}");
    Ok(())
}

#[test]
fn without_details_the_same_lines_are_left_out() -> Result<()> {
    let told = compare(1, "MASTER", &[])?;
    assert_eq!(told.len(), 2 + 1 + 4, "of it: {told:?}");
    Ok(())
}
