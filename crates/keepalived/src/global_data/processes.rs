//! How the processes are scheduled, who may look at them, what their sockets hold.

use super::{Circumstances, Lines, vrrp};
use keepalived_config::model::{Config, ProcessSettings};

/// CPU time of a real-time process without a break, where nothing else is said, in microseconds.
const REALTIME_LIMIT_US: u32 = 10_000;

pub(super) fn lines(lines: &mut Lines, config: &Config) {
    let global = &config.global;
    process(lines, "VRRP", &global.vrrp_process);
    process(lines, "Checker", &global.checker_process);
    process(lines, "BFD", &global.bfd_process);
    let snmp = &global.snmp;
    let modules = [
        ("vrrp", snmp.vrrp),
        ("checker", snmp.checker),
        ("RFCv2", snmp.rfc_v2),
        ("RFCv3", snmp.rfc_v3),
        ("traps", snmp.traps),
    ];
    for (module, on) in modules {
        lines.put(format_args!("SNMP {module} {}", enabled(on)));
    }
    let socket = snmp.socket.as_deref().unwrap_or("default (unix:/var/agentx/master)");
    lines.value("SNMP socket", socket);
    lines.put(format_args!("DBus {}", enabled(global.dbus.enabled)));
    lines.value("DBus service name", global.dbus.service_name.as_deref().unwrap_or(""));
    lines.put(format_args!("Script security {}", enabled(global.scripts.security)));
    if let Some(user) = &global.scripts.user {
        lines.put(format_args!("Default script uid:gid {}:{}", user.uid, user.gid));
    }
}

fn process(lines: &mut Lines, name: &str, settings: &ProcessSettings) {
    lines.value(&format!("{name} process priority"), settings.nice.unwrap_or(0));
    lines.value(&format!("{name} don't swap"), settings.no_swap);
    lines.value(&format!("{name} realtime priority"), settings.rt_priority.unwrap_or(0));
    if !settings.cpu_affinity.is_empty() {
        let processors: String = settings.cpu_affinity.iter().map(|number| format!("{number} ")).collect();
        lines.value(&format!("{name} CPU Affinity"), processors);
    }
    let limit = settings.rlimit_rttime_us.unwrap_or(REALTIME_LIMIT_US);
    lines.value(&format!("{name} realtime limit"), limit);
}

const fn enabled(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

/// Receive buffers, what checkers tell, and the umask.
pub(super) fn buffers(lines: &mut Lines, config: &Config, circumstances: &Circumstances) {
    let netlink = &config.global.netlink;
    let buffers = [
        ("vrrp_netlink_cmd", netlink.vrrp_command),
        ("vrrp_netlink_monitor", netlink.vrrp_monitor),
        ("process_monitor", netlink.process_monitor),
        ("lvs_netlink_cmd", netlink.lvs_command),
        ("lvs_netlink_monitor", netlink.lvs_monitor),
    ];
    for (name, buffer) in buffers {
        lines.value(&format!("{name}_rcv_bufs"), buffer.bytes.unwrap_or(0));
        lines.value(&format!("{name}_rcv_bufs_force"), u8::from(buffer.force));
    }
    lines.value("rs_init_notifies", u8::from(config.global.lvs.rs_init_notifies));
    lines.value("no_checker_emails", u8::from(config.global.mail.no_checker));
    vrrp::receive_buffers(lines, config);
    lines.put(format_args!("umask = 0{:o}", circumstances.umask));
}
