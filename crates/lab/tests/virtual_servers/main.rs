//! Virtual servers in a kernel with IPVS: a daemon, real servers that come and go, and a client whose requests say who
//! answered. All of it runs in one guest of the second kernel, for the original and for ours.

mod director;
mod mails;
mod marks;
mod repairs;
mod tutorials;

use std::process::ExitCode;
use std::time::Duration;

use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{Program, Result, SecondKernel};

/// A test of one program.
type ProgramTest = fn(Program) -> Result<()>;

/// The configurations that tutorials show, and what else both programs do.
const TESTS: &[(&str, ProgramTest)] = &[
    ("t1_rr_nat_with_tcp_checks", tutorials::rr_nat),
    ("t2_lblc_dr_imap_with_a_vrrp_instance", tutorials::lblc_dr),
    ("t3_wlc_tun", tutorials::wlc_tun),
    ("t4_sh", tutorials::source_hashing),
    ("t5_quorum_and_sorry_server", tutorials::quorum),
    ("t6_http_get_with_a_digest", tutorials::http_get),
    ("t7_misc_check_changes_weights", tutorials::misc_dynamic),
    ("t8_firewall_mark", tutorials::firewall_mark),
    ("a_group_is_one_service_with_nftables", marks::one_service_for_a_group),
    ("a_reload_without_a_change_leaves_the_counters", repairs::reloaded),
];

/// What the original does not do.
const OURS_ALONE: &[(&str, ProgramTest)] = &[
    ("mails_are_the_originals_byte_by_byte", mails::compared),
    ("a_table_that_somebody_edited_is_put_right", repairs::edited),
    ("a_dead_checker_process_is_followed_by_one_that_adopts_the_table", repairs::adopted),
];

/// What ours cannot pass yet, and why. The name is that of [`TESTS`].
const PENDING: &[(&str, &str)] = &[];

fn main() -> ExitCode {
    let both = Program::BOTH.into_iter();
    let both = both.flat_map(|program| TESTS.iter().map(move |&(name, test)| (program, name, test)));
    let alone = OURS_ALONE.iter().map(|&(name, test)| (Program::Ours, name, test));
    let tests: Vec<GuestTest> = both
        .chain(alone)
        .map(|(program, name, test)| {
            let pending = PENDING.iter().find(|(pending, _)| *pending == name);
            let title = format!("{name}_{program}");
            match pending {
                Some((_, reason)) if program == Program::Ours => GuestTest::pending(title, reason),
                _ => GuestTest::new(title, move || test(program)),
            }
        })
        .collect();
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(900)), &tests)
}
