//! One `VRRP Instance` of the topology section, lines in the original's order.

use super::follow::{Followers, Kind, Weight, of_kind};
use super::{DataInstance, VrrpData};
use crate::dump::text::{Text, enabled, yes_no};
use crate::dump::{address, route, rule, with_user};
use keepalived_types::{Family, Version};
use keepalived_vrrp::config::{
    AddressConfig, Authentication, ChecksumCompat, InstanceConfig, NotifyScripts, ReceiveBuffer, StartState,
    Transport,
};
use keepalived_vrrp::{Fault, State, SurveyedInstance, TrackerKind};
use std::net::IpAddr;
use std::time::Duration;

/// The TTL of unicast adverts unless another one is configured.
const DEFAULT_TTL: u8 = 255;

pub(super) fn instance(
    text: &mut Text,
    data: &VrrpData<'_>,
    followers: &Followers,
    instance: DataInstance<'_>,
) {
    let DataInstance { config, live } = instance;
    text.line(1, format_args!("VRRP Instance = {}", config.name));
    text.line(3, format_args!("VRRP Version = {}", version(config)));
    if let Some(group) = followers.group(&config.name) {
        text.line(3, format_args!("Sync group = {group}"));
    }
    if config.family == Family::V6 {
        text.line(3, format_args!("Using Native IPv6"));
    }
    state(text, config, live);
    faults(text, config, live);
    if let Some(live) = live {
        timers(text, data, live);
    }
    place(text, data, config, live);
    announcements(text, config);
    election(text, config, live);
    authentication(text, config);
    sockets_and_debugging(text, config);
    addresses(text, config, live);
    peers(text, config);
    descriptors(text, data, live);
    lists(text, config);
    notices(text, config);
}

fn version(config: &InstanceConfig) -> u8 {
    if config.version == Version::V3 { 3 } else { 2 }
}

fn state(text: &mut Text, config: &InstanceConfig, live: Option<&SurveyedInstance>) {
    if let Some(live) = live {
        text.line(3, format_args!("State = {}", live.snapshot.state.name()));
        if live.snapshot.state == State::Backup
            && let Some((router, priority)) = live.snapshot.master
        {
            text.line(3, format_args!("Master router = {router}"));
            text.line(3, format_args!("Master priority = {priority}"));
            if let (Version::V3, Some(interval)) = (config.version, live.snapshot.master_interval) {
                let seconds = interval.as_secs_f64();
                text.line(3, format_args!("Master advert int = {seconds:.2} sec"));
            }
        }
    }
    if is_flagged(config) {
        text.line(3, format_args!("Flags:"));
    } else {
        text.line(3, format_args!("Flags: none"));
    }
    if matches!(config.transport, Transport::Unicast { .. }) {
        text.line(5, format_args!("Using unicast"));
    }
    let wanted = live.map_or(wanted_at_start(config), |live| live.snapshot.wanted);
    text.line(3, format_args!("Wantstate = {}", wanted.name()));
}

/// `state MASTER` is taken at its word for address owners only.
fn wanted_at_start(config: &InstanceConfig) -> State {
    if config.priority.is_owner() && config.start_state == StartState::Master {
        State::Master
    } else {
        State::Backup
    }
}

/// The original keeps these as bits of one word, and says `none` when it is 0.
fn is_flagged(config: &InstanceConfig) -> bool {
    let source_is_given = config.configured_source().is_some();
    let checks_source = matches!(config.transport, Transport::Unicast { check_source: true, .. });
    !config.preempt
        || config.dont_track_primary
        || config.skip_check_advert_addresses
        || config.promote_secondaries
        || source_is_given
        || checks_source
        || config.garp.extra.is_some_and(|extra| extra.all)
        || config.vmac.is_some()
        || config.vmac_for_other_interfaces
        || config.ipvlan.is_some()
        || matches!(config.transport, Transport::Unicast { .. })
}

/// Faults of the configuration are told apart from those of interfaces and trackers; those of other members of a sync
/// group are not counted.
fn faults(text: &mut Text, config: &InstanceConfig, live: Option<&SurveyedInstance>) {
    let is_config = |fault: &&Fault| matches!(fault, Fault::Configuration(_) | Fault::DuplicateVrid);
    let is_other =
        |fault: &&Fault| !is_config(fault) && !matches!(fault, Fault::SyncGroup(_) | Fault::AwaitsScript(_));
    let Some(live) = live else {
        let count = usize::from(config.disabled.is_some());
        text.line(3, format_args!("Number of config faults = {count}"));
        return;
    };
    let faults = &live.snapshot.faults;
    text.line(3, format_args!("Number of config faults = {}", faults.iter().filter(is_config).count()));
    let others = faults.iter().filter(is_other).count();
    text.line(3, format_args!("Number of interface and track script faults = {others}"));
    let awaited = live
        .snapshot
        .contributions
        .iter()
        .filter(|one| one.kind == TrackerKind::Script && one.is_fault_only && one.is_up.is_none());
    text.line(3, format_args!("Number of track scripts init = {}", awaited.count()));
}

fn timers(text: &mut Text, data: &VrrpData<'_>, live: &SurveyedInstance) {
    let transition = data.moment.ago(live.snapshot.in_state_for);
    text.line(3, format_args!("Last transition = {transition}"));
    match (live.due, data.running) {
        (Some(due), Some(running)) if due >= running.at => {
            let due = data.moment.ahead(due.since(running.at));
            text.line(3, format_args!("Read timeout = {due}"));
        }
        (Some(due), Some(running)) => {
            let due = data.moment.ago(running.at.since(due));
            text.line(3, format_args!("Read timeout = {due}"));
        }
        _ => text.line(3, format_args!("Read timeout = DISABLED")),
    }
    let down = live.snapshot.master_down_interval.as_micros();
    text.line(3, format_args!("Master down timer = {down} usecs"));
}

fn place(text: &mut Text, data: &VrrpData<'_>, config: &InstanceConfig, live: Option<&SurveyedInstance>) {
    if config.vmac_for_other_interfaces {
        text.line(3, format_args!("Use VMAC for VIPs on other interfaces"));
    }
    if let Some(interface) = &config.interface {
        text.line(3, format_args!("Interface = {interface}"));
    }
    if let Some(vrf) = &config.vrf {
        text.line(3, format_args!("VRF = {vrf}"));
    }
    let options = [
        (config.dont_track_primary, "VRRP interface tracking disabled"),
        (config.skip_check_advert_addresses, "Skip checking advert IP addresses"),
        (config.strict, "Enforcing strict VRRP compliance"),
    ];
    for (_, line) in options.iter().filter(|(given, _)| *given) {
        text.line(3, format_args!("{line}"));
    }
    let configured = config.configured_source();
    let found = || data.interface_of(config).and_then(|interface| interface.first.of(config.family));
    let source = configured.or_else(|| live.map_or_else(found, |live| live.snapshot.source));
    let origin = if configured.is_some() { " (from configuration)" } else { "" };
    match source {
        Some(source) => text.line(3, format_args!("Using src_ip = {source}{origin}")),
        None => text.line(3, format_args!("Using src_ip = (none)")),
    }
    if let Transport::Multicast { group, .. } = &config.transport {
        match (group, data.interface_of(config)) {
            (IpAddr::V6(_), Some(interface)) => {
                text.line(3, format_args!("Multicast address {group}, ifindex {}", interface.index));
            }
            _ => text.line(3, format_args!("Multicast address {group}")),
        }
    }
}

impl VrrpData<'_> {
    /// The interface of an instance, if there is one.
    fn interface_of(&self, config: &InstanceConfig) -> Option<&super::DumpedInterface> {
        let name = config.interface.as_deref()?;
        self.interfaces.iter().find(|interface| interface.name == name)
    }
}

fn announcements(text: &mut Text, config: &InstanceConfig) {
    let garp = &config.garp;
    let lines = [
        ("delay", garp.delay.as_secs()),
        ("repeat", garp.repeat.into()),
        ("refresh", garp.refresh.as_secs()),
        ("refresh repeat", garp.refresh_repeat.into()),
        ("lower priority delay", garp.lower_priority_delay.as_secs()),
        ("lower priority repeat", garp.lower_priority_repeat.into()),
    ];
    for (what, value) in lines {
        text.line(3, format_args!("Gratuitous ARP {what} = {value}"));
    }
}

fn election(text: &mut Text, config: &InstanceConfig, live: Option<&SurveyedInstance>) {
    text.line(3, format_args!("Down timer adverts = {}", config.down_timer_adverts));
    text.truth(3, "Send advert after receive lower priority advert", !config.lower_priority_no_advert);
    text.truth(3, "Send advert after receive higher priority advert", config.higher_priority_send_advert);
    if config.owner_ignores_adverts {
        text.line(3, format_args!("Address owner ignores received adverts"));
    }
    text.line(3, format_args!("Virtual Router ID = {}", config.vrid));
    text.line(3, format_args!("Priority = {}", config.priority));
    if let Some(live) = live {
        text.line(3, format_args!("Effective priority = {}", live.snapshot.effective_priority));
        text.line(3, format_args!("Total priority = {}", total_priority(config, live)));
    }
    match config.version {
        Version::V2 => {
            text.line(3, format_args!("Advert interval = {} sec", config.advert_interval.as_secs()))
        }
        Version::V3 => {
            text.line(3, format_args!("Advert interval = {} milli-sec", config.advert_interval.as_millis()));
            if let Some(heard) = live.and_then(|live| live.snapshot.master_interval) {
                text.line(3, format_args!("Master advert interval = {} milli-sec", heard.as_millis()));
            }
        }
    }
    text.line(3, format_args!("Accept = {}", enabled(config.accept)));
    text.line(3, format_args!("Preempt = {}", enabled(config.preempt)));
    if config.preempt_delay > Duration::ZERO {
        text.line(3, format_args!("Preempt delay = {} secs", config.preempt_delay.as_secs()));
    }
    text.line(3, format_args!("Promote_secondaries = {}", enabled(config.promote_secondaries)));
}

/// Before it is fitted into the range of a priority.
fn total_priority(config: &InstanceConfig, live: &SurveyedInstance) -> i64 {
    i64::from(config.priority.get()) + live.snapshot.contributions.iter().map(|one| one.adds).sum::<i64>()
}

/// Passwords are not for everybody who may read a dump.
fn authentication(text: &mut Text, config: &InstanceConfig) {
    if config.version != Version::V2 {
        return;
    }
    match config.authentication {
        Authentication::None => text.line(3, format_args!("Authentication type = none")),
        Authentication::Password(_) => {
            text.line(3, format_args!("Authentication type = SIMPLE_PASSWORD"));
            text.line(3, format_args!("Password = ********"));
        }
        Authentication::Header(_) => text.line(3, format_args!("Authentication type = IPSEC_AH")),
    }
}

fn sockets_and_debugging(text: &mut Text, config: &InstanceConfig) {
    if let ReceiveBuffer::Bytes(bytes) = config.receive_buffer {
        text.line(3, format_args!("Kernel rx buffer size = {bytes}"));
    }
    if config.debug > 0 {
        text.line(3, format_args!("Debug level = {}", config.debug));
    }
}

fn addresses(text: &mut Text, config: &InstanceConfig, live: Option<&SurveyedInstance>) {
    let is_set = live.is_some_and(|live| live.snapshot.addresses_set);
    let mut list = |title: String, addresses: &[AddressConfig]| {
        if addresses.is_empty() {
            return;
        }
        text.line(3, format_args!("{title}"));
        for one in addresses {
            text.line(5, format_args!("{}", address::line(one, config.interface.as_ref(), is_set)));
        }
    };
    list(format!("Virtual IP ({}):", config.virtual_addresses.len()), &config.virtual_addresses);
    list("Virtual IP Excluded :".to_owned(), &config.excluded_addresses);
}

fn peers(text: &mut Text, config: &InstanceConfig) {
    let Transport::Unicast { peers, check_source, ttl, checksum, .. } = &config.transport else {
        return;
    };
    text.line(3, format_args!("Unicast TTL = {}", ttl.unwrap_or(DEFAULT_TTL)));
    text.line(3, format_args!("Check unicast src : {}", yes_no(*check_source)));
    text.line(3, format_args!("Unicast Peer :"));
    for peer in peers {
        let (least, most) = (peer.min_ttl, peer.max_ttl);
        text.line(5, format_args!("{} min_ttl {least} max_ttl {most}", peer.address));
    }
    let compatibility = match checksum {
        ChecksumCompat::Automatic => "no",
        ChecksumCompat::Old => "config",
        ChecksumCompat::Never => "never",
    };
    if config.family == Family::V4 {
        text.line(3, format_args!("Unicast checksum compatibility = {compatibility}"));
    }
}

fn descriptors(text: &mut Text, data: &VrrpData<'_>, live: Option<&SurveyedInstance>) {
    let channel = live.and_then(|live| live.channel.as_ref());
    let sockets = channel.zip(data.running).and_then(|((id, _), running)| running.sockets.get(id));
    match sockets {
        Some(sockets) => text.line(3, format_args!("fd_in {}, fd_out {}", sockets.fd_in, sockets.fd_out)),
        None => text.line(3, format_args!("No sockets allocated")),
    }
}

fn lists(text: &mut Text, config: &InstanceConfig) {
    lines(text, "Virtual Routes :", config.virtual_routes.iter().map(route::line));
    lines(text, "Virtual Rules :", config.virtual_rules.iter().map(rule::line));
    let trackers = &config.trackers;
    for (title, kind, separator) in TRACKED {
        let tracked = of_kind(trackers, kind).into_iter();
        lines(
            text,
            title,
            tracked.map(|(name, track)| format!("{name}{separator} weight {}", Weight(track))),
        );
    }
}

/// How an instance lists what it follows; the original is not of one mind about commas.
const TRACKED: [(&str, Kind, &str); 5] = [
    ("Tracked interfaces :", Kind::Interface, ""),
    ("Tracked scripts :", Kind::Script, ""),
    ("Tracked files :", Kind::File, ","),
    ("Tracked processes :", Kind::Process, ","),
    ("Tracked BFDs :", Kind::Bfd, ":"),
];

/// A list with a title; neither without lines.
pub(super) fn lines(text: &mut Text, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() > 0 {
        text.line(3, format_args!("{title}"));
        lines.for_each(|line| text.line(5, format_args!("{line}")));
    }
}

fn notices(text: &mut Text, config: &InstanceConfig) {
    text.line(3, format_args!("Using smtp notification = {}", yes_no(config.smtp_alert)));
    let deleted = if config.notify_deleted { "Deleted" } else { "Fault" };
    text.line(3, format_args!("Notify deleted = {deleted}"));
    scripts(text, &config.notify);
    text.truth(3, "Notify priority changes", config.priority_notices.0);
}

/// The notify scripts of an instance or a sync group.
pub(super) fn scripts(text: &mut Text, notify: &NotifyScripts) {
    let scripts = [
        ("Backup", &notify.backup),
        ("Master", &notify.master),
        ("Fault", &notify.fault),
        ("Stop", &notify.stop),
        ("Deleted", &notify.deleted),
        ("Generic", &notify.any),
        ("Master rx lower pri", &notify.master_rx_lower_priority),
    ];
    for (what, script) in scripts {
        if let Some(command) = script {
            text.line(3, format_args!("{what} state transition script = {}", with_user(command)));
        }
    }
}
