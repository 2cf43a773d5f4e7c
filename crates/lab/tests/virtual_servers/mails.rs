//! Mails about virtual and real servers: the same from both programs, to the same mail server.

use std::collections::BTreeSet;

use keepalived_lab::{MailServer, Message, Program, Result};

use crate::director::{Director, PATIENCE, farm, servers};

/// The near address of the client, where the mail server is.
const MX: &str = "192.168.200.9";

fn configuration(second: bool) -> String {
    let second = if second {
        "    real_server 192.168.200.3 80 {\n        TCP_CHECK {\n            connect_timeout 3\n        }\n        \
         MISC_CHECK {\n            misc_path \"/usr/bin/test ! -e /run/broken\"\n            misc_timeout 20\n        }\n    }\n"
    } else {
        ""
    };
    format!(
        "global_defs {{\n    router_id LVS1\n    script_user root\n    notification_email {{\n        ops@example.com\n    }}\n    \
         notification_email_from ka@example.net\n    smtp_helo_name lvs1.example.com\n    smtp_server {MX} 2525\n    smtp_alert on\n}}\n\
         virtual_server 10.10.20.20 80 {{\n    delay_loop 1\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n    alpha\n    \
         omega\n    retry 0\n    real_server 192.168.200.2 80 {{\n        HTTP_GET {{\n            url {{\n                path /\n                \
         status_code 200\n            }}\n            connect_timeout 3\n        }}\n    }}\n{second}}}\n"
    )
}

/// What is mailed in the life of two servers, in no order: the original sends several mails at the same time.
fn life(program: Program) -> Result<BTreeSet<Message>> {
    let director_node = &farm().director;
    let broken = director_node.host_path("/run/broken")?;
    // Its two checks disagree at first, so that it does not matter which of them is made first.
    director_node.write_file("/run/broken", "")?;
    let mut servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.20")?;
    let mx = MailServer::start(&farm().client, MX, 2525)?;
    let mut seen = 0;
    let mut expect = |subjects: &[&str]| -> Result<()> {
        mx.wait_for_subjects_since(seen, subjects, PATIENCE)?;
        seen = mx.messages()?.len();
        Ok(())
    };
    let first = "[LVS1] Realserver [192.168.200.2]:tcp:80 of virtual server [10.10.20.20]:tcp:80";
    let second = "[LVS1] Realserver [192.168.200.3]:tcp:80 of virtual server [10.10.20.20]:tcp:80";
    let virtual_server = "[LVS1] Virtualserver [10.10.20.20]:tcp:80";
    let is = |what: &str, state: &str| format!("{what} - {state}");
    let director = Director::start(program, &configuration(true))?;
    expect(&[&is(first, "UP"), &is(second, "DOWN"), &is(virtual_server, "UP")])?;
    let _mended = std::fs::remove_file(&broken);
    expect(&[&is(second, "UP")])?;
    director_node.write_file("/run/broken", "")?;
    expect(&[&is(second, "DOWN")])?;
    servers.stop(1);
    expect(&[&is(second, "DOWN")])?;
    servers.restart(1)?;
    // The subject is about the server, which its other check keeps down.
    expect(&[&is(second, "DOWN")])?;
    let _mended = std::fs::remove_file(&broken);
    expect(&[&is(second, "UP")])?;
    servers.stop(0);
    expect(&[&is(first, "DOWN")])?;
    director.daemon().reload(&configuration(false))?;
    expect(&[&is(second, "DOWN"), &is(virtual_server, "DOWN")])?;
    // Before the end, about which the original's mails get lost.
    let mails = mx.messages()?.into_iter().map(Message::without_date).collect();
    director.stop()?;
    Ok(mails)
}

pub(crate) fn compared(_: Program) -> Result<()> {
    let mut original = life(Program::Debian)?;
    // A reload that loses a quorum is told twice there, the second time as if the daemon had just been started.
    original.retain(|mail| !mail.text.contains("=> Starting with quorum down 1+0=1 <= 0 <="));
    assert_eq!(life(Program::Ours)?, original);
    Ok(())
}
