//! `keepalived.json`: configuration, state and counters of each instance (runtime reference 10.6).

use super::{DumpedInstance, address, epoch, quoted, route, rule};
use keepalived_vrrp::config::{
    Authentication, InstanceConfig, ParameterMatch, ProcessTracker, ScriptTracker,
};
use keepalived_vrrp::{Counters, State, Survey};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// The whole file of `json_version 1`: one line. `None` without instances, for then there is no file.
#[must_use]
pub fn json<'a>(
    instances: impl IntoIterator<Item = DumpedInstance<'a>>,
    scripts: &[ScriptTracker],
    now: SystemTime,
) -> Option<String> {
    Some(format!("{}\n", array(instances, scripts, now)?))
}

/// The whole file of `json_version 2`, which has process trackers beside the instances.
#[must_use]
pub fn json_with_processes<'a>(
    instances: impl IntoIterator<Item = DumpedInstance<'a>>,
    survey: &Survey,
    now: SystemTime,
) -> Option<String> {
    let instances = array(instances, &survey.config.scripts, now)?;
    let processes: Vec<String> =
        survey.config.processes.iter().map(|process| of_process(process, survey)).collect();
    let mut whole = Object::default();
    whole.raw("vrrp", &instances);
    whole.raw("track_process", &format!("[{}]", processes.join(",")));
    Some(format!("{}\n", whole.finish()))
}

/// `None` without instances.
fn array<'a>(
    instances: impl IntoIterator<Item = DumpedInstance<'a>>,
    scripts: &[ScriptTracker],
    now: SystemTime,
) -> Option<String> {
    let commands: HashMap<&str, String> =
        scripts.iter().map(|script| (script.name.as_str(), quoted(&script.command))).collect();
    let instances: Vec<String> =
        instances.into_iter().map(|instance| of_instance(instance, &commands, now)).collect();
    (!instances.is_empty()).then(|| format!("[{}]", instances.join(",")))
}

fn of_process(process: &ProcessTracker, survey: &Survey) -> String {
    let standing = survey.processes.get(&process.name);
    let (name, parameters) = process.process.split_first().map_or(("", &[][..]), |(name, rest)| (name, rest));
    let is_met = standing.is_some_and(|standing| standing.is_met);
    let is_changing = standing.is_some_and(|standing| standing.change_due.is_some());
    let matching = match process.parameters {
        ParameterMatch::Exact if !process.full_command => "none",
        ParameterMatch::Exact => "exact",
        ParameterMatch::Partial => "partial",
        ParameterMatch::Initial => "initial",
    };
    let mut members = Object::default();
    members.text("process", name);
    if !parameters.is_empty() {
        members.text("parameters", &parameters.join(" "));
    }
    members.text("param_match", matching);
    members.raw("min_processes", &process.quorum.to_string());
    if let Some(most) = process.quorum_max {
        members.raw("max_processes", &most.to_string());
    }
    let count = standing.and_then(|standing| standing.count).unwrap_or(0);
    members.raw("current_processes", &count.to_string());
    members.truth("have_quorum", is_met);
    members.raw("weight", &process.track.weight.get().to_string());
    members.seconds("terminate_delay", process.terminate_delay);
    members.seconds("fork_delay", process.fork_delay);
    members.truth("fork_delay_timer_running", is_changing && !is_met);
    members.truth("terminate_delay_timer_running", is_changing && is_met);
    members.truth("full_command", process.full_command);
    members.finish()
}

fn of_instance(instance: DumpedInstance<'_>, commands: &HashMap<&str, String>, now: SystemTime) -> String {
    let mut data = Object::default();
    add_identity(&mut data, instance, now);
    add_announcements(&mut data, instance.config);
    add_election(&mut data, instance);
    add_scripts(&mut data, instance.config);
    add_lists(&mut data, instance, commands);
    add_authentication(&mut data, instance.config.authentication);
    let stats = counters(&instance.snapshot.counters);
    let mut whole = Object::default();
    whole.raw("data", &data.finish());
    whole.raw("stats", &stats.finish());
    whole.finish()
}

fn add_identity(data: &mut Object, instance: DumpedInstance<'_>, now: SystemTime) {
    let DumpedInstance { config, snapshot } = instance;
    data.text("iname", &snapshot.name);
    data.bit("dont_track_primary", config.dont_track_primary);
    data.bit("skip_check_adv_addr", config.skip_check_advert_addresses);
    data.bit("strict_mode", config.strict);
    data.text("vmac_ifname", "");
    data.text("ifp_ifname", snapshot.interface.as_deref().unwrap_or_default());
    let heard = snapshot.master.filter(|_| snapshot.state == State::Backup);
    data.raw("master_priority", &heard.map_or(0, |(_, priority)| priority.get()).to_string());
    data.raw("last_transition", &epoch(now, snapshot.in_state_for));
}

fn add_announcements(data: &mut Object, config: &InstanceConfig) {
    let garp = &config.garp;
    data.seconds("garp_delay", garp.delay);
    data.seconds("garp_refresh", garp.refresh);
    data.raw("garp_rep", &garp.repeat.to_string());
    data.raw("garp_refresh_rep", &garp.refresh_repeat.to_string());
    data.seconds("garp_lower_prio_delay", garp.lower_priority_delay);
    data.raw("garp_lower_prio_rep", &garp.lower_priority_repeat.to_string());
    data.bit("lower_prio_no_advert", config.lower_priority_no_advert);
    data.bit("higher_prio_send_advert", config.higher_priority_send_advert);
}

fn add_election(data: &mut Object, instance: DumpedInstance<'_>) {
    let DumpedInstance { config, snapshot } = instance;
    data.raw("vrid", &config.vrid.to_string());
    data.raw("base_priority", &snapshot.base_priority.get().to_string());
    data.raw("effective_priority", &snapshot.effective_priority.get().to_string());
    data.truth("vipset", snapshot.addresses_set);
    data.truth("promote_secondaries", config.promote_secondaries);
    data.seconds("adver_int", config.advert_interval);
    data.seconds("master_adver_int", snapshot.master_interval.unwrap_or(config.advert_interval));
    data.bit("accept", config.accept);
    data.truth("nopreempt", !config.preempt);
    data.seconds("preempt_delay", config.preempt_delay);
    data.raw("state", &number(snapshot.state).to_string());
    data.raw("wantstate", &number(snapshot.wanted).to_string());
    data.raw("version", if config.version == keepalived_types::Version::V3 { "3" } else { "2" });
    data.truth("smtp_alert", config.smtp_alert);
    data.truth("notify_deleted", config.notify_deleted);
}

/// The original's numbers.
const fn number(state: State) -> u8 {
    match state {
        State::Initialize => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
        State::Deleted => 97,
        State::Stop => 98,
    }
}

fn add_scripts(data: &mut Object, config: &InstanceConfig) {
    let notify = &config.notify;
    let scripts = [
        ("script_backup", &notify.backup),
        ("script_master", &notify.master),
        ("script_fault", &notify.fault),
        ("script_stop", &notify.stop),
        ("script_deleted", &notify.deleted),
        ("script", &notify.any),
        ("script_master_rx_lower_pri", &notify.master_rx_lower_priority),
    ];
    for (key, script) in scripts {
        if let Some(command) = script {
            data.text(key, &quoted(command));
        }
    }
}

fn add_lists(data: &mut Object, instance: DumpedInstance<'_>, commands: &HashMap<&str, String>) {
    let DumpedInstance { config, snapshot } = instance;
    let line = |one| address::line(one, config.interface.as_ref(), snapshot.addresses_set);
    data.texts("vips", config.virtual_addresses.iter().map(line));
    data.texts("evips", config.excluded_addresses.iter().map(line));
    data.texts("vroutes", config.virtual_routes.iter().map(route::line));
    data.texts("vrules", config.virtual_rules.iter().map(rule::line));
    let trackers = &config.trackers;
    data.texts("track_ifp", trackers.interfaces.iter().map(|(name, _)| name.to_string()));
    // Not their names: the original shows what they run.
    let scripts = trackers.scripts.iter().filter_map(|(name, _)| commands.get(name.as_str()).cloned());
    data.texts("track_script", scripts);
    data.texts("track_process", trackers.processes.iter().map(|(name, _)| name.clone()));
}

fn add_authentication(data: &mut Object, authentication: Authentication) {
    let kind = match authentication {
        Authentication::None => "0",
        Authentication::Password(_) => "1",
        Authentication::Header(_) => "2",
    };
    data.raw("auth_type", kind);
    if authentication != Authentication::None {
        data.text("auth_data", "********");
    }
}

fn counters(counters: &Counters) -> Object {
    let mut stats = Object::default();
    let rows = [
        ("advert_rcvd", counters.adverts_received),
        ("advert_sent", counters.adverts_sent),
        ("become_master", counters.became_master),
        ("release_master", counters.released_master),
        ("packet_len_err", counters.length_errors),
        ("advert_interval_err", counters.interval_errors),
        ("ip_ttl_err", counters.ttl_errors),
        ("invalid_type_rcvd", counters.type_errors),
        ("addr_list_err", counters.address_list_errors + counters.empty_lists),
        ("invalid_authtype", counters.invalid_authentication_type),
        ("authtype_mismatch", counters.authentication_mismatch),
        ("auth_failure", counters.authentication_failures),
        ("auth_ext_missing", 0),
        ("auth_ext_malformed", 0),
        ("auth_ext_unknown_key", 0),
        ("auth_ext_invalid_hmac", 0),
        ("auth_ext_stale", 0),
        ("auth_ext_replay", 0),
        ("pri_zero_rcvd", counters.releases_received),
        ("pri_zero_sent", counters.releases_sent),
    ];
    rows.iter().for_each(|(key, value)| stats.raw(key, &value.to_string()));
    stats
}

/// A JSON object whose members keep their order, with `/` written `\/` as the original's library does.
#[derive(Default)]
struct Object {
    members: Vec<String>,
}

impl Object {
    fn raw(&mut self, key: &str, value: &str) {
        self.members.push(format!("\"{key}\":{value}"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &string(value));
    }

    fn truth(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    fn bit(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "1" } else { "0" });
    }

    /// Seconds without needless decimals.
    fn seconds(&mut self, key: &str, value: Duration) {
        self.raw(key, &value.as_secs_f64().to_string());
    }

    /// An array, unless it would be empty.
    fn texts(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.map(|value| string(&value)).collect();
        if !values.is_empty() {
            self.raw(key, &format!("[{}]", values.join(",")));
        }
    }

    fn finish(self) -> String {
        format!("{{{}}}", self.members.join(","))
    }
}

/// A JSON string (RFC 8259 §7).
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('/', "\\/")
}
