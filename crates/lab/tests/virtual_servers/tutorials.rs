//! The configurations that tutorials show, as their authors meant them: the right table, servers that leave and come
//! back, and requests that are answered by whom they should be. Check intervals are shorter than in the tutorials.

use keepalived_lab::{Error, Program, Result, Way};

use crate::director::{Director, farm, servers};

/// Two real servers with these lines each.
fn real_servers(port: u16, lines: &str) -> String {
    ["192.168.200.2", "192.168.200.3"]
        .map(|address| format!("    real_server {address} {port} {{\n        weight 1\n{lines}\n    }}\n"))
        .concat()
}

pub(crate) fn rr_nat(program: Program) -> Result<()> {
    let mut servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.1")?;
    farm().add_route("10.10.20.1", Way::Far)?;
    let checks = real_servers(80, "        TCP_CHECK {\n            connect_timeout 10\n        }");
    let director = Director::start(
        program,
        &format!(
            "virtual_server 10.10.20.1 80 {{\n    delay_loop 2\n    lvs_sched rr\n    lvs_method NAT\n    \
             protocol TCP\n{checks}}}\n"
        ),
    )?;
    let both = [
        "-A -t 10.10.20.1:80 -s rr",
        "-a -t 10.10.20.1:80 -r 192.168.200.2:80 -m -w 1",
        "-a -t 10.10.20.1:80 -r 192.168.200.3:80 -m -w 1",
    ];
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.1", 80, 6)?, [3, 3, 0]);
    servers.stop(1);
    director.wait_for_table(&both[..2])?;
    assert_eq!(director.shares("10.10.20.1", 80, 4)?, [4, 0, 0], "no request fails after the detection");
    servers.restart(1)?;
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.1", 80, 6)?, [3, 3, 0]);
    director.stop()
}

pub(crate) fn lblc_dr(program: Program) -> Result<()> {
    let mut servers = servers(143, 2)?;
    farm().add_route("10.10.20.2", Way::Near)?;
    farm().let_servers_answer_for("10.10.20.2")?;
    let checks = real_servers(
        143,
        "        TCP_CHECK {\n            connect_port 143\n            connect_timeout 3\n            \
         nb_get_retry 3\n            delay_before_retry 3\n        }",
    );
    let director = Director::start(
        program,
        &format!(
            "vrrp_instance VI_1 {{\n    state MASTER\n    interface eth0\n    lvs_sync_daemon_inteface eth0\n    \
             virtual_router_id 51\n    priority 150\n    advert_int 1\n    virtual_ipaddress {{\n        \
             10.10.20.2\n    }}\n}}\n\
             virtual_server 10.10.20.2 143 {{\n    delay_loop 2\n    lb_algo lblc\n    lb_kind DR\n    \
             protocol TCP\n{checks}}}\n"
        ),
    )?;
    let both = [
        "-A -t 10.10.20.2:143 -s lblc",
        "-a -t 10.10.20.2:143 -r 192.168.200.2:143 -g -w 1",
        "-a -t 10.10.20.2:143 -r 192.168.200.3:143 -g -w 1",
    ];
    director.wait_for_table(&both)?;
    director.wait_for_log("(VI_1) Entering MASTER STATE")?;
    // The tutorial misspells the keyword, and so does nobody's daemon synchronise connections.
    let daemons = farm().director.namespace().exec(&["ipvsadm", "-L", "--daemon"])?;
    assert!(!daemons.contains("sync daemon"), "{daemons}");
    let address = "10.10.20.2".parse().expect("literal");
    farm().director.wait_for_address(address, crate::director::PATIENCE)?;
    // One destination, one server: whichever it is, it stays until it dies.
    let [first, second, _] = director.shares("10.10.20.2", 143, 4)?;
    assert!(first == 4 || second == 4, "{first} {second}");
    let (dead, left) = if first == 4 { (0, 1) } else { (1, 0) };
    servers.stop(dead);
    director.wait_for_table(&[both[0], both[left + 1]])?;
    assert_eq!(director.shares("10.10.20.2", 143, 4)?[left], 4);
    servers.restart(dead)?;
    director.wait_for_table(&both)?;
    director.stop()?;
    assert!(!farm().director.has_address(address)?, "the virtual address goes with the daemon");
    Ok(())
}

pub(crate) fn wlc_tun(program: Program) -> Result<()> {
    let mut servers = servers(80, 2)?;
    // A kernel remembers connections of a service that has gone, and wlc counts them: each program has its own.
    let address = match program {
        Program::Ours => "10.10.20.3",
        Program::Debian => "10.10.20.13",
    };
    farm().add_virtual_address(address)?;
    farm().add_route(address, Way::Near)?;
    farm().let_servers_answer_for(address)?;
    let checks = real_servers(80, "        TCP_CHECK {\n            connect_timeout 3\n        }");
    let director = Director::start(
        program,
        &format!(
            "virtual_server {address} 80 {{\n    delay_loop 2\n    lb_algo wlc\n    lb_kind TUN\n    \
             protocol TCP\n{checks}}}\n"
        ),
    )?;
    let service = format!("-A -t {address}:80 -s wlc");
    let server = |last: u8| format!("-a -t {address}:80 -r 192.168.200.{last}:80 -i -w 1 --tun-type ipip");
    let servers_of = [server(2), server(3)];
    let both = [service.as_str(), &servers_of[0], &servers_of[1]];
    director.wait_for_table(&both)?;
    let [first, second, _] = director.shares(address, 80, 6)?;
    assert!(first + second == 6 && first > 0 && second > 0, "{first} {second}");
    servers.stop(0);
    director.wait_for_table(&[both[0], both[2]])?;
    assert_eq!(director.shares(address, 80, 4)?, [0, 4, 0]);
    director.stop()
}

pub(crate) fn source_hashing(program: Program) -> Result<()> {
    let mut servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.4")?;
    farm().add_route("10.10.20.4", Way::Far)?;
    let checks = real_servers(80, "        TCP_CHECK {\n            connect_timeout 3\n        }");
    let director = Director::start(
        program,
        &format!(
            "virtual_server 10.10.20.4 80 {{\n    delay_loop 2\n    lb_algo sh\n    lb_kind NAT\n    \
             protocol TCP\n{checks}}}\n"
        ),
    )?;
    let both = [
        "-A -t 10.10.20.4:80 -s sh",
        "-a -t 10.10.20.4:80 -r 192.168.200.2:80 -m -w 1",
        "-a -t 10.10.20.4:80 -r 192.168.200.3:80 -m -w 1",
    ];
    director.wait_for_table(&both)?;
    let [first, second, _] = director.shares("10.10.20.4", 80, 4)?;
    assert!(first == 4 || second == 4, "one client, one server: {first} {second}");
    let (dead, left) = if first == 4 { (0, 1) } else { (1, 0) };
    servers.stop(dead);
    director.wait_for_table(&[both[0], both[left + 1]])?;
    assert_eq!(director.shares("10.10.20.4", 80, 4)?[left], 4);
    servers.restart(dead)?;
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.4", 80, 4)?[dead], 4, "and back to its own");
    director.stop()
}

pub(crate) fn quorum(program: Program) -> Result<()> {
    let mut servers = servers(80, 3)?;
    farm().add_virtual_address("10.10.20.5")?;
    farm().add_route("10.10.20.5", Way::Far)?;
    let checks = real_servers(80, "        TCP_CHECK {\n            connect_timeout 3\n        }");
    let director = Director::start(
        program,
        &format!(
            "virtual_server 10.10.20.5 80 {{\n    delay_loop 2\n    lb_algo rr\n    lb_kind NAT\n    \
             protocol TCP\n    quorum 2\n    sorry_server 192.168.200.4 80\n{checks}}}\n"
        ),
    )?;
    let both = [
        "-A -t 10.10.20.5:80 -s rr",
        "-a -t 10.10.20.5:80 -r 192.168.200.2:80 -m -w 1",
        "-a -t 10.10.20.5:80 -r 192.168.200.3:80 -m -w 1",
    ];
    let sorry = [both[0], "-a -t 10.10.20.5:80 -r 192.168.200.4:80 -m -w 1"];
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.5", 80, 4)?, [2, 2, 0]);
    servers.stop(0);
    director.wait_for_table(&sorry)?;
    director.wait_for_log("Lost quorum 2-0=2 > 1 for VS [10.10.20.5]:tcp:80")?;
    assert_eq!(director.shares("10.10.20.5", 80, 4)?, [0, 0, 4], "the sorry server alone");
    servers.restart(0)?;
    director.wait_for_table(&both)?;
    director.wait_for_log("Gained quorum 2+0=2 <= 2 for VS [10.10.20.5]:tcp:80")?;
    assert_eq!(director.shares("10.10.20.5", 80, 4)?, [2, 2, 0]);
    director.stop()
}

/// What `genhash` says about the root page of a server.
fn digest(address: &str) -> Result<String> {
    let director = farm().director.namespace();
    let said = director.exec(&["genhash", "-s", address, "-p", "80", "-u", "/"])?;
    // Old versions print more than the digest.
    let is_digest = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = said.split_whitespace().find(is_digest);
    digest.map(str::to_owned).ok_or_else(|| Error::Unexpected(format!("genhash printed {said:?}")))
}

pub(crate) fn http_get(program: Program) -> Result<()> {
    let mut servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.6")?;
    farm().add_route("10.10.20.6", Way::Far)?;
    let mut real = String::new();
    for address in ["192.168.200.2", "192.168.200.3"] {
        real += &format!(
            "    real_server {address} 80 {{\n        weight 1\n        HTTP_GET {{\n            url {{\n                \
             path /\n                digest {}\n            }}\n            connect_timeout 3\n            \
             nb_get_retry 3\n            delay_before_retry 1\n        }}\n    }}\n",
            digest(address)?
        );
    }
    let director = Director::start(
        program,
        &format!(
            "virtual_server 10.10.20.6 80 {{\n    delay_loop 2\n    lb_algo rr\n    lb_kind NAT\n    \
             protocol TCP\n{real}}}\n"
        ),
    )?;
    let both = [
        "-A -t 10.10.20.6:80 -s rr",
        "-a -t 10.10.20.6:80 -r 192.168.200.2:80 -m -w 1",
        "-a -t 10.10.20.6:80 -r 192.168.200.3:80 -m -w 1",
    ];
    director.wait_for_table(&both)?;
    director.wait_for_log("Remote Web server [192.168.200.3]:tcp:80 succeed")?;
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.6", 80, 4)?, [2, 2, 0]);
    servers.say(1, "something else")?;
    director.wait_for_table(&both[..2])?;
    assert_eq!(director.shares("10.10.20.6", 80, 2)?, [2, 0, 0]);
    servers.restart(1)?;
    director.wait_for_table(&both)?;
    director.stop()
}

pub(crate) fn misc_dynamic(program: Program) -> Result<()> {
    let _servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.7")?;
    farm().add_route("10.10.20.7", Way::Far)?;
    let node = &farm().director;
    node.write_file("/etc/keepalived/weight.sh", "#!/bin/sh\nread status </tmp/weight\nexit $status\n")?;
    node.write_file("/tmp/weight", "0\n")?;
    let director = Director::start(
        program,
        "global_defs {\n    script_user root\n    enable_script_security\n}\n\
         virtual_server 10.10.20.7 80 {\n    delay_loop 1\n    lb_algo wrr\n    lb_kind NAT\n    protocol TCP\n    \
         real_server 192.168.200.2 80 {\n        weight 10\n        MISC_CHECK {\n            \
         misc_path \"/etc/keepalived/weight.sh\"\n            misc_timeout 5\n            misc_dynamic\n        }\n    }\n    \
         real_server 192.168.200.3 80 {\n        weight 10\n    }\n}\n",
    )?;
    let service = "-A -t 10.10.20.7:80 -s wrr";
    let fixed = "-a -t 10.10.20.7:80 -r 192.168.200.3:80 -m -w 10";
    let with = |weight: u32| format!("-a -t 10.10.20.7:80 -r 192.168.200.2:80 -m -w {weight}");
    director.wait_for_table(&[service, &with(10), fixed])?;
    for (status, weight) in [("42", 40), ("2", 0), ("255", 253)] {
        node.write_file("/tmp/weight", format!("{status}\n"))?;
        director.wait_for_table(&[service, &with(weight), fixed])?;
        if weight == 0 {
            assert_eq!(director.shares("10.10.20.7", 80, 2)?, [0, 2, 0], "no new connections with weight 0");
        }
    }
    node.write_file("/tmp/weight", "1\n")?;
    director.wait_for_table(&[service, fixed])?;
    node.write_file("/tmp/weight", "22\n")?;
    director.wait_for_table(&[service, &with(20), fixed])?;
    let [first, second, _] = director.shares("10.10.20.7", 80, 6)?;
    assert_eq!((first, second), (4, 2), "as the weights are");
    director.stop()
}

pub(crate) fn firewall_mark(program: Program) -> Result<()> {
    let mut servers = servers(80, 2)?;
    farm().add_virtual_address("10.10.20.8")?;
    farm().add_route("10.10.20.8", Way::Far)?;
    // The tutorials mark with iptables or nftables. The guest's kernel is built without nftables for IP, so that the
    // traffic control marks; the daemon sees no difference.
    let namespace = farm().director.namespace();
    let _there_already = namespace.exec(&["tc", "qdisc", "add", "dev", "eth0", "clsact"]);
    let filter =
        "tc filter add dev eth0 ingress protocol ip u32 match ip dst 10.10.20.8/32 action skbedit mark 8";
    namespace.exec(&filter.split(' ').collect::<Vec<_>>())?;
    let checks = real_servers(80, "        TCP_CHECK {\n            connect_timeout 3\n        }");
    let director = Director::start(
        program,
        &format!(
            "virtual_server fwmark 8 {{\n    delay_loop 2\n    lb_algo rr\n    lb_kind NAT\n    \
             protocol TCP\n{checks}}}\n"
        ),
    )?;
    let both =
        ["-A -f 8 -s rr", "-a -f 8 -r 192.168.200.2:80 -m -w 1", "-a -f 8 -r 192.168.200.3:80 -m -w 1"];
    director.wait_for_table(&both)?;
    assert_eq!(director.shares("10.10.20.8", 80, 4)?, [2, 2, 0]);
    servers.stop(0);
    director.wait_for_table(&[both[0], both[2]])?;
    assert_eq!(director.shares("10.10.20.8", 80, 2)?, [0, 2, 0]);
    director.stop()
}
