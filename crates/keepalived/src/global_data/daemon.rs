//! Names, mail, reload, scripts around start and stop.

use super::{Circumstances, Lines, Whose};
use keepalived_config::model::{
    Config, Files, Global, IpvsNamespace, JsonVersion, Mail, Reload, ReloadMarker, Scripts,
};
use keepalived_kernel::host;
use keepalived_surfaces::dump::with_user;

/// `smtp_connect_timeout` unless another one is given.
const MAIL_TIMEOUT_S: u64 = 30;

pub(super) fn lines(lines: &mut Lines, config: &Config, whose: Whose, circumstances: &Circumstances) {
    let global = &config.global;
    names(lines, global, circumstances);
    mail(lines, &global.mail);
    lines.value("Checkers log all failures", global.lvs.log_all_failures);
    reload(lines, &global.reload, circumstances);
    lines.given("config save directory", global.files.config_save_dir.as_ref().map(|path| path.display()));
    if global.files.data_use_instance {
        lines.put(format_args!("Use instance name in data dumps"));
    }
    if whose == Whose::Parent {
        // Nobody else runs them.
        scripts(lines, &global.scripts);
    }
    lines.value("Dynamic interfaces", config.vrrp.engine.dynamic_interfaces);
    if config.vrrp.engine.allow_interface_changes {
        lines.value("Allow interface changes", true);
    }
    if global.mail.no_faults {
        lines.value("Send emails for fault transitions", "off");
    }
    let lvs = &global.lvs;
    lines.given("LVS TCP timeout", lvs.tcp_timeout_s);
    lines.given("LVS TCP FIN timeout", lvs.tcpfin_timeout_s);
    // The original's label for the third one; scripts look for what it prints.
    lines.given("LVS TCP timeout", lvs.udp_timeout_s);
    if whose == Whose::Vrrp {
        let name = global.vrrp.default_interface.as_ref().map_or("eth0", |name| name);
        lines.value("Default interface", name);
    }
    lines.value("Disable local IGMP", if global.vrrp.disable_local_igmp { "yes" } else { "no" });
}

fn names(lines: &mut Lines, global: &Global, circumstances: &Circumstances) {
    lines.value("Network namespace", circumstances.namespace.as_deref().unwrap_or("(default)"));
    let ipvs = match &global.identity.ipvs_namespace {
        IpvsNamespace::Same => "(main namespace)",
        IpvsNamespace::Initial => "(default)",
        IpvsNamespace::Named(name) => name,
    };
    lines.value("Network namespace ipvs", ipvs);
    lines.given("Instance name", global.identity.instance.as_ref());
    lines.given("Parent process name", global.names.parent.as_ref());
    lines.given("VRRP process name", global.names.vrrp.as_ref());
    lines.given("LVS process name", global.names.checker.as_ref());
    lines.given("BFD process name", global.names.bfd.as_ref());
    lines.value("Router ID", global.mail.router_id.clone().unwrap_or_else(host::node_name));
}

fn mail(lines: &mut Lines, mail: &Mail) {
    let timeout = mail.connect_timeout.as_secs();
    let is_used = mail.server.is_some()
        || mail.from.is_some()
        || !mail.recipients.is_empty()
        || timeout != MAIL_TIMEOUT_S;
    if let Some(server) = &mail.server {
        lines.value("Smtp server", &server.host);
        lines.value("Smtp server port", server.port);
        lines.value("Smtp HELO name", mail.helo_name.clone().unwrap_or_else(host::node_name));
    } else {
        lines.given("Smtp HELO name", mail.helo_name.as_ref());
    }
    if is_used {
        lines.value("Smtp server connection timeout", timeout);
        let from = mail.from.clone().unwrap_or_else(|| format!("root@{}", host::node_name()));
        lines.value("Email notification from", from);
        lines.put(format_args!("Email notification to:"));
        mail.recipients.iter().for_each(|recipient| lines.put(format_args!("  {recipient}")));
    }
    let settings = [
        ("smtp_alert", mail.alert),
        ("smtp_alert_vrrp", mail.alert_vrrp),
        ("smtp_alert_checker", mail.alert_checker),
    ];
    for (what, setting) in settings {
        let word = setting.map_or("unset", |on| if on { "on" } else { "off" });
        lines.value(&format!("Default {what}"), word);
    }
}

fn reload(lines: &mut Lines, reload: &Reload, circumstances: &Circumstances) {
    match &reload.check_log {
        Some(log) => lines.put(format_args!("Test config before reload, log to {}", log.display())),
        None => lines.put(format_args!("No test config before reload")),
    }
    if let Some(file) = &reload.time_file {
        let repeat = if reload.repeat { " (repeat)" } else { "" };
        lines.put(format_args!("Reload time file = {}{repeat}", file.display()));
        match &circumstances.reload_at {
            Some(at) => lines.put(format_args!("Reload scheduled for {at}")),
            None => lines.put(format_args!("No reload scheduled")),
        }
    }
    match &reload.marker {
        Some(ReloadMarker::Path(path)) => lines.value("Reload_file", path.display()),
        Some(ReloadMarker::InPidDirectory) => lines.value("Reload_file", "(default)"),
        None => {}
    }
}

fn scripts(lines: &mut Lines, scripts: &Scripts) {
    if let Some(command) = &scripts.startup {
        let timeout = scripts.startup_timeout.as_secs();
        lines.put(format_args!("Startup script = {}, timeout {timeout}", with_user(command)));
    }
    if let Some(command) = &scripts.shutdown {
        // Without the comma that the other one has, as the original.
        let timeout = scripts.shutdown_timeout.as_secs();
        lines.put(format_args!("Shutdown script = {} timeout {timeout}", with_user(command)));
    }
}

/// Keywords that came after Debian's release; shown where they are used.
pub(super) fn last_lines(lines: &mut Lines, config: &Config) {
    let Files { json_version, iproute_usr_dir, iproute_etc_dir, state_dump, stats_dump, json_dump, .. } =
        &config.global.files;
    if *json_version == JsonVersion::V2 {
        lines.value("json_version", 2);
    }
    lines.given("iproute usr directory", iproute_usr_dir.as_ref().map(|path| path.display()));
    lines.given("iproute etc directory", iproute_etc_dir.as_ref().map(|path| path.display()));
    lines.given("state dump file", state_dump.as_ref());
    lines.given("stats dump file", stats_dump.as_ref());
    lines.given("json dump file", json_dump.as_ref());
}
