//! Mails about virtual and real servers: the same from both programs, to the same mail server.

use std::collections::BTreeSet;
use std::time::Duration;

use keepalived_lab::{MailServer, Program, Result};

use crate::director::{Director, PATIENCE, Servers, farm};

/// The near address of the client, where the mail server is.
const MX: &str = "192.168.200.9";

fn configuration(second: bool) -> String {
    let second = if second {
        "    real_server 192.168.200.3 80 {\n        TCP_CHECK {\n            connect_timeout 3\n        }\n        \
         MISC_CHECK {\n            misc_path \"/usr/bin/test ! -e /run/broken\"\n        }\n    }\n"
    } else {
        ""
    };
    format!(
        "global_defs {{\n    router_id LVS1\n    script_user root\n    notification_email {{\n        ops@example.com\n    }}\n    \
         notification_email_from ka@example.net\n    smtp_server {MX} 2525\n    smtp_alert on\n}}\n\
         virtual_server 10.10.20.20 80 {{\n    delay_loop 1\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n    alpha\n    \
         omega\n    retry 0\n    real_server 192.168.200.2 80 {{\n        HTTP_GET {{\n            url {{\n                path /\n                \
         status_code 200\n            }}\n            connect_timeout 3\n        }}\n    }}\n{second}}}\n"
    )
}

/// What was mailed in each act, in no order: the original sends several mails at the same time.
fn acts(program: Program) -> Result<Vec<BTreeSet<String>>> {
    let director_node = &farm().director;
    let broken = director_node.host_path("/run/broken")?;
    let _left_by_a_failed_run = std::fs::remove_file(&broken);
    let mut servers = Servers::start(80, 2)?;
    farm().add_virtual_address("10.10.20.20")?;
    let mx = MailServer::start(&farm().client, MX, 2525)?;
    let mut seen = 0;
    let mut act = |subjects: &[&str]| -> Result<BTreeSet<String>> {
        mx.wait_for_subjects_since(seen, subjects, PATIENCE)?;
        // Whatever else belongs to it comes at once.
        std::thread::sleep(Duration::from_secs(2));
        let messages = mx.messages()?;
        let new = messages[seen..].iter().map(|mail| format!("{:?}", mail.clone().without_date()));
        let new = new.collect();
        seen = messages.len();
        Ok(new)
    };
    let first = "[LVS1] Realserver [192.168.200.2]:tcp:80 of virtual server [10.10.20.20]:tcp:80";
    let second = "[LVS1] Realserver [192.168.200.3]:tcp:80 of virtual server [10.10.20.20]:tcp:80";
    let virtual_server = "[LVS1] Virtualserver [10.10.20.20]:tcp:80";
    let is = |what: &str, state: &str| format!("{what} - {state}");
    let director = Director::start(program, &configuration(true))?;
    let mut acts = vec![act(&[&is(first, "UP"), &is(second, "UP"), &is(virtual_server, "UP")])?];
    director_node.write_file("/run/broken", "")?;
    acts.push(act(&[&is(second, "DOWN")])?);
    servers.stop(1);
    acts.push(act(&[&is(second, "DOWN")])?);
    servers.restart(1)?;
    // The subject is about the server, which its other check keeps down.
    acts.push(act(&[&is(second, "DOWN")])?);
    let _mended = std::fs::remove_file(&broken);
    acts.push(act(&[&is(second, "UP")])?);
    servers.stop(0);
    acts.push(act(&[&is(first, "DOWN")])?);
    director.daemon().reload(&configuration(false))?;
    acts.push(act(&[&is(second, "DOWN"), &is(virtual_server, "DOWN")])?);
    director.stop()?;
    Ok(acts)
}

pub(crate) fn compared(_: Program) -> Result<()> {
    let original = acts(Program::Debian)?;
    let ours = acts(Program::Ours)?;
    for (number, (ours, original)) in ours.iter().zip(&original).enumerate() {
        assert_eq!(ours, original, "act {number}");
    }
    Ok(())
}
