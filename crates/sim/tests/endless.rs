//! Combinations of options that once kept routers from ever agreeing.

use keepalived_sim::{Lan, Seed};
use keepalived_types::Version;
use keepalived_vrrp::config::InstanceConfig;
use std::time::Duration;

/// The best master is slow and does not answer; the two others are fast, say good-bye and tolerate lower masters.
fn configure(config: &mut InstanceConfig) {
    config.version = Version::V3;
    let is_best = config.priority.get() == 250;
    config.advert_interval = Duration::from_millis(if is_best { 1370 } else { 200 });
    config.lower_priority_no_advert = is_best;
    config.higher_priority_send_advert = !is_best;
    config.preempt_delay = if is_best { Duration::ZERO } else { Duration::from_secs(2) };
}

/// A backup that believed the farewell advert of a master that yields (`higher_prio_send_advert`), and its short interval,
/// although it has just heard a better master with a longer one, would take over, yield, and deceive the next one.
#[test]
fn farewell_adverts_do_not_make_backups_take_over_in_turn() {
    let mut lan = Lan::new(Seed(7));
    let [a, b, c] = lan.routers_with([250, 200, 160], configure);
    lan.settle();
    let since = lan.now();
    lan.run_for(Duration::from_secs(30));
    assert_eq!(lan.masters(), [a]);
    assert_eq!(lan.transitions(b, since..), []);
    assert_eq!(lan.transitions(c, since..), []);
}
