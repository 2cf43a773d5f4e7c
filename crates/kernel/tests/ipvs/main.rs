//! `kernel::ipvs` against the IPVS of a real kernel, compared with what `ipvsadm` shows: all of it runs in one guest of
//! the lab's second kernel.

mod answers;
mod bulk;
mod operations;
mod refusals;
mod support;
mod sync;
mod table;
mod traffic;

use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{Result, SecondKernel};
use std::process::ExitCode;
use std::time::Duration;

/// A name and what it does.
type Test = (&'static str, fn() -> Result<()>);

const TESTS: &[Test] = &[
    ("services_of_every_kind_are_what_ipvsadm_shows", operations::services),
    ("destinations_of_every_kind_are_what_ipvsadm_shows", operations::destinations),
    ("every_scheduler_is_taken", operations::schedulers),
    ("what_ipvsadm_made_is_read", operations::foreign_hands),
    ("statistics_are_reset_and_time_outs_kept", operations::timeouts_and_reset),
    ("a_batch_in_the_background_finishes_with_every_outcome", operations::background),
    ("another_network_namespace_has_a_table_of_its_own", operations::namespaces),
    ("every_refusal_is_told_with_its_errno", refusals::all),
    ("the_recorded_requests_are_answered_as_recorded", answers::replayed),
    ("the_module_is_loaded_when_it_is_absent", refusals::module),
    ("sync_daemons_start_stop_and_are_listed", sync::daemons),
    ("ten_thousand_destinations_go_and_come_in_one_batch", bulk::ten_thousand),
    ("thousands_of_services_are_read", bulk::many_services),
    ("a_table_edited_behind_our_back_is_seen_and_put_right", table::edited),
    ("foreign_entries_are_kept_apart", table::foreign),
    ("a_reading_given_up_does_not_disturb_the_next", table::given_up),
    ("nat_dr_and_tun_carry_connections_and_are_counted", traffic::methods),
    ("every_scheduler_balances_connections", traffic::schedulers),
    ("a_persistent_client_stays_with_its_server", traffic::persistence),
    ("a_firewall_mark_is_a_service", traffic::marks),
    ("ipv6_connections_are_balanced", traffic::ipv6),
    ("connections_are_synchronised_between_two_directors", sync::connections),
];

fn main() -> ExitCode {
    let tests: Vec<_> = TESTS.iter().map(|&(name, test)| GuestTest::new(name, test)).collect();
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(400)), &tests)
}

/// What a test ends with when nothing panicked.
const PASSED: Result<()> = Ok(());
