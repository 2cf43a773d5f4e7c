//! `nftables_ipvs`: the services of groups. The guest's kernel has no nftables for IP, so that no packet is marked; what is
//! written to nftables is compared in crate `kernel`, on a kernel that has it.

use keepalived_lab::{Program, Result};

use crate::director::Director;

pub(crate) fn one_service_for_a_group(program: Program) -> Result<()> {
    let group = |name: &str, protocol: &str, lines: &str| {
        format!(
            "virtual_server group {name} {{\n    protocol {protocol}\n    lvs_sched rr\n{lines}\n    }}\n}}\n"
        )
    };
    let text = |entries: &str| {
        [
            "global_defs {\n    nftables_ipvs\n    nftables_ipvs_start_fwmark 50\n}\n".to_owned(),
            format!("virtual_server_group web {{\n{entries}\n}}\n"),
            "virtual_server_group six {\n2001:db8::1 80\n2001:db8::5-9 80\n}\n".to_owned(),
            group("web", "TCP", "    lvs_method NAT\n    real_server 192.168.200.2 8080 {"),
            group("web", "UDP", "    lvs_method NAT\n    real_server 192.168.200.2 8080 {"),
            group("six", "TCP", "    lvs_method DR\n    real_server fd00:200::2 80 {"),
        ]
        .concat()
    };
    let director = Director::start(program, &text("10.0.0.1 80\n10.0.1.0/24 80\n10.0.2.3-10.0.2.9 81"))?;
    let wanted = [
        "-A -f 50 -s rr",
        "-A -f 51 -s rr",
        "-A -f 52 -6 -s rr",
        "-a -f 50 -r 192.168.200.2:8080 -m -w 1",
        "-a -f 51 -r 192.168.200.2:8080 -m -w 1",
        "-a -f 52 -6 -r [fd00:200::2]:0 -g -w 1",
    ];
    director.wait_for_table(&wanted)?;
    if program == Program::Ours {
        director
            .wait_for_log("are not marked: write the nftables table keepalived_ipvs: Operation not supp")?;
    }
    // An entry that goes changes marks, and no service.
    director.daemon().reload(&text("10.0.0.1 80\n10.0.1.0/24 80"))?;
    director.wait_for_log("VS [[10.0.2.3]:tcp:81-10.0.2.9] in group web no longer exists")?;
    director.wait_for_log("Reload complete")?;
    director.wait_for_table(&wanted)?;
    director.stop()
}
