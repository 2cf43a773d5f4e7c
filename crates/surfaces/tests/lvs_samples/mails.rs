//! When a check's result is mailed.

use crate::machine::Answer::{Exit, Fails, Good};
use crate::machine::{Answer, Machine};

/// What is mailed about a real server with this check that answers so.
fn mailed(check: &str, lines: &str, answer: Answer) -> Vec<String> {
    let text = format!(
        "virtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\ndelay_loop 1\nwarmup 0\n{lines}\n\
         real_server 10.0.0.3 80 {{\n{check}\n}}\n}}\n"
    );
    let mut machine = Machine::idle(&text);
    for who in ["10.0.0.3:80", "10.0.0.3:80/", "one"] {
        machine.answer(who, answer.clone());
    }
    machine.start().run(30.0).mailed()
}

const UP: &str = "Realserver [10.0.0.3]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - UP";
const DOWN: &str = "Realserver [10.0.0.3]:tcp:80 of virtual server [10.0.0.1]:tcp:80 - DOWN";
const KINDS: [&str; 5] = [
    "TCP_CHECK {\n}",
    "HTTP_GET {\nurl {\npath /\n}\n}",
    "SMTP_CHECK {\n}",
    "UDP_CHECK {\n}",
    "PING_CHECK {\n}",
];

#[test]
fn a_first_check_that_confirms_what_was_presumed_is_not_mailed() {
    for check in KINDS {
        assert!(mailed(check, "", Good).is_empty(), "{check}");
        assert!(mailed(check, "alpha", Fails("failed")).is_empty(), "{check}");
    }
}

#[test]
fn a_first_check_that_finds_it_otherwise_is_mailed() {
    for check in KINDS {
        for (lines, answer, state) in [("", Fails("failed"), DOWN), ("alpha", Good, UP)] {
            let mails = mailed(check, lines, answer);
            assert!(mails.len() == 1 && mails[0].starts_with(state), "{check}: {mails:?}");
        }
    }
}

#[test]
fn the_first_result_of_a_program_is_always_mailed() {
    let check = "MISC_CHECK {\nmisc_path \"/usr/local/bin/chk.sh one\"\n}";
    for lines in ["", "alpha"] {
        assert_eq!(mailed(check, lines, Good), [format!("{UP} => MISC CHECK succeeded on service <=")]);
        let failed = mailed(check, lines, Exit("exited with status 1"));
        assert_eq!(failed, [format!("{DOWN} => MISC CHECK failed on service <=")]);
    }
}
