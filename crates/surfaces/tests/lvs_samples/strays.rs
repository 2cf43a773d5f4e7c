//! Servers that are in the kernel's table although they are out of service: left there by a process that was killed before
//! it could say so, or put there by somebody.

use crate::machine::Answer::{Fails, Good};
use crate::machine::Machine;

fn text(lines: &str) -> String {
    format!(
        "virtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\ndelay_loop 1\nwarmup 0\n{lines}\n\
         real_server 10.0.0.2 80 {{\nTCP_CHECK {{\n}}\n}}\nreal_server 10.0.0.3 80 {{\nTCP_CHECK {{\n}}\n}}\n}}\n"
    )
}

const DEL: &str = "DEL_DEST tcp 10.0.0.1:80 -> 10.0.0.3:80";

#[test]
fn a_server_that_is_down_does_not_stay_in_the_table() {
    let mut machine = Machine::running(&text(""));
    machine.run(3.0);
    let both = machine.engine().wanted_table();
    machine.answer("10.0.0.3:80", Fails("failed")).run(10.0);
    assert_eq!(machine.operations().last().map(String::as_str), Some(DEL));
    machine.act(|engine, _| engine.handle_table(&both));
    assert_eq!(machine.operations(), [DEL], "it is in the table all the same");
    machine.answer("10.0.0.3:80", Good).run(10.0);
    machine.operations();
    machine.act(|engine, _| engine.handle_table(&both));
    assert!(machine.operations().is_empty(), "now it belongs there");
}

#[test]
fn a_server_that_nobody_has_checked_yet_may_be_there_from_an_earlier_run() {
    let mut earlier = Machine::running(&text(""));
    earlier.run(3.0);
    let both = earlier.engine().wanted_table();
    let mut machine = Machine::idle(&text("alpha"));
    machine.answer("10.0.0.3:80", Fails("failed")).start();
    machine.operations();
    machine.act(|engine, _| engine.handle_table(&both));
    assert!(machine.operations().is_empty(), "before its first check");
    machine.run(10.0);
    machine.operations();
    machine.act(|engine, _| engine.handle_table(&both));
    assert_eq!(machine.operations(), [DEL], "once it has failed");
}

#[test]
fn nobody_stands_beside_the_sorry_server() {
    let mut machine = Machine::running(&text("quorum 2\nsorry_server 10.0.0.9 80"));
    machine.run(3.0);
    let both = machine.engine().wanted_table();
    machine.answer("10.0.0.3:80", Fails("failed")).run(10.0);
    machine.operations();
    let mut table = machine.engine().wanted_table();
    table[0].destinations.extend(both[0].destinations.clone());
    machine.act(|engine, _| engine.handle_table(&table));
    assert_eq!(machine.operations(), ["DEL_DEST tcp 10.0.0.1:80 -> 10.0.0.2:80", DEL]);
}
