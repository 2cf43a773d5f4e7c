//! The same server in several virtual servers, checked in the same way in each: one attempt, of which each makes what
//! it makes.

use crate::machine::Answer::{Fails, Good, Silent};
use crate::machine::Machine;
use keepalived_types::IfIndex;

const TCP: &str = "TCP_CHECK {\nconnect_timeout 1\nretry 1\ndelay_before_retry 1\n}";
const SERVER: &str = "10.1.0.1:80";

/// A virtual server 10.0.0.N:80 with one real server, which is checked every two seconds.
fn service(last: u8, lines: &str, check: &str) -> String {
    format!(
        "virtual_server 10.0.0.{last} 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\ndelay_loop 2\nwarmup 0\n{lines}\n\
         real_server 10.1.0.1 80 {{\n{check}\n}}\n}}\n"
    )
}

fn started(services: &[String]) -> Machine {
    let mut machine = Machine::running(&services.concat());
    machine.operations();
    machine
}

fn del_dest(last: u8) -> String {
    format!("DEL_DEST tcp 10.0.0.{last}:80 -> 10.1.0.1:80")
}

#[test]
fn equal_checks_are_made_once_and_count_for_all() {
    let mut machine = started(&[service(1, "", TCP), service(2, "", TCP), service(3, "", TCP)]);
    machine.run(6.0);
    assert_eq!(machine.began(), [1.0, 3.0, 5.0]);
    machine.answer(SERVER, Fails("failed")).run(4.0);
    // The retry came with one attempt for all, too, and the servers left in one turn.
    assert_eq!(machine.began(), [7.0, 8.0, 10.0]);
    assert_eq!(machine.operations(), [del_dest(1), del_dest(2), del_dest(3)]);
    machine.answer(SERVER, Good).run(2.0);
    assert_eq!(machine.operations().len(), 3);
}

#[test]
fn checks_that_differ_in_anything_are_made_separately() {
    let other = TCP.replace("connect_timeout 1", "connect_timeout 2");
    for different in [service(2, "", &other), service(2, "delay_loop 3", TCP), service(2, "alpha", TCP)] {
        let mut machine = started(&[service(1, "", TCP), different]);
        machine.run(1.5);
        assert_eq!(machine.began(), [1.0, 1.0]);
    }
}

#[test]
fn scripts_are_run_as_often_as_they_are_configured() {
    let script = "MISC_CHECK {\nmisc_path \"/usr/local/bin/chk.sh\"\nmisc_timeout 1\n}";
    let mut machine = started(&[service(1, "", script), service(2, "", script)]);
    machine.run(1.5);
    assert_eq!(machine.began().len(), 2);
}

#[test]
fn an_attempt_goes_on_for_those_who_are_left() {
    let (kept, removed) = (service(2, "", TCP), service(1, "", TCP));
    for services in [[removed.clone(), kept.clone()], [kept.clone(), removed]] {
        let mut machine = started(&services);
        machine.run(2.5).answer(SERVER, Silent("timeout")).run(1.0);
        // The attempt is under way when one of the two goes, whoever of them made it.
        machine.reload_text(&kept).run(2.0);
        assert_eq!(machine.began(), [1.0, 3.0, 5.0]);
        machine.operations();
        machine.run(1.0);
        assert_eq!(machine.operations(), [del_dest(2)]);
    }
}

#[test]
fn whoever_comes_with_a_reload_falls_into_step() {
    let mut machine = started(&[service(1, "", TCP)]);
    machine.run(3.5);
    assert_eq!(machine.began(), [1.0, 3.0]);
    machine.reload_text(&(service(1, "", TCP) + &service(2, "", TCP))).run(4.0);
    assert_eq!(machine.began(), [5.0, 7.0]);
    machine.operations();
    // Who has been up has its retry, and so have both.
    machine.answer(SERVER, Fails("failed")).run(3.0);
    assert_eq!(machine.operations(), [del_dest(1), del_dest(2)]);
}

#[test]
fn whoever_was_suspended_checks_alone_until_the_next_reload() {
    let services = [service(1, "", TCP), service(2, "ha_suspend", TCP)].concat();
    let mut machine = Machine::running(&services);
    machine.run(4.0);
    assert_eq!(machine.began(), [1.0, 3.0], "one of them waits for its address");
    let address = "10.0.0.2".parse().expect("an address");
    let interface = IfIndex::new(2).expect("a number of an interface");
    machine.act(|engine, now| engine.handle_address_added(interface, address, now));
    machine.reload_text(&services).run(5.0);
    let together = machine.began();
    assert_eq!(together.len(), 3, "{together:?}");
}
