//! Data compared with what the original writes for the same configuration.

use super::*;
use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};
use keepalived_lvs::config::StatusCodes;
use keepalived_lvs::{Engine, Settings, Start};
use keepalived_types::Instant;

fn dump(text: &str) -> String {
    let host =
        FakeHost::new().with_file("/test.conf", text).with_ethernet("lo", &[]).with_script("/bin/true");
    let options = LoadOptions { config_id: "n".to_owned(), all_includes_checked: false, test_mode: false };
    let config = load("/test.conf", &options, &host).config.expect("a readable configuration").lvs;
    let mut engine = Engine::new(config.clone(), Settings::default(), 1);
    engine.start(Start::default(), Instant::from_nanos(1));
    check_data(&config, &engine.snapshot(), &HashMap::new())
}

#[test]
fn a_virtual_server_is_shown_as_the_original_shows_it() {
    let text = dump(
        "virtual_server fwmark 7 {
 lb_algo sh
 sh-port
 ops
 lb_kind DR
 real_server 127.0.0.4 0 {
  PING_CHECK {
   retry 1
  }
 }
}
",
    );
    let expected = "\
------< LVS Topology >------
 System is compiled with LVS v1.2.1
 ------< Virtual server >------
 VS FWMARK = 7
   Address family = inet
   connection timeout = 5.000000
   delay_loop = 60.000000
   lvs_sched = sh
   Hashed = disabled
   sh-port = enabled
   sh-fallback = disabled
   One packet scheduling = enabled (inactive due to not UDP)
   protocol = none
   alpha is OFF
   omega is OFF
   Inhibit on failure is OFF
   quorum = 1, hysteresis = 0
   Using smtp notification = no
   default forwarding method = DR
   alive = 1
   quorum_state_up = 1
   reloaded = 0
   ------< Real server >------
   RIP = 127.0.0.4, RPORT = 0, WEIGHT = 1 EFF WEIGHT = 1
   forwarding method = DR
   Alpha is OFF
   connection timeout = 5.000000
   connection limit range = 0 -> 0
   Delay loop = 60.000000
   Inhibit on failure is OFF
   Using smtp notification = yes
   initial weight = 1
   effective weight = 1
   previous effective_weight = 0
   alive = 1
   num failed checkers = 0
   RS set = 1
   reloaded = 0
------< Health checkers >------
 FWM 7 -> [127.0.0.4]:none:0
   Enabled = yes
   Up = yes
   Has run = no
   Current weight = 0
   Alpha = no
   Delay loop = 60000000 us
   Warmup = 60000000 us
   Retries = 1
   Delay before retry = 1000000 us
   Retries iterations = 1
   Default delay before retry = 1000000 us
   Log all failures = no
   Connection
     Dest = [127.0.0.4]:0
     Timeout = 5.000000
   Keepalive method = PING_CHECK
";
    assert_eq!(text, expected);
}

#[test]
fn neighbouring_status_codes_are_one_range() {
    let codes = StatusCodes::new(vec![(201, 204), (200, 200), (302, 302)]);
    assert_eq!(probe::merged(&codes), [(200, 204), (302, 302)]);
}
