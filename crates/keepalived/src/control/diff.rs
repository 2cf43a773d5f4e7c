//! `keepalivedctl diff`: what a reload would change, keyword by keyword.
//!
//! The two configurations are compared as the values they serialise to, so that no setting can be forgotten here. What
//! differs is called by its keyword where that is not the setting's own name.

use keepalived_config::model::Config;
use keepalived_config::reload;
use keepalived_vrrp::config::InstanceConfig;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

/// What a reload would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Difference {
    /// Why it would be refused.
    pub(super) refused: Vec<String>,
    /// `vrrp_instance` blocks.
    pub(super) instances: Blocks,
    /// `vrrp_sync_group` blocks.
    pub(super) sync_groups: Blocks,
    /// `virtual_server` blocks.
    pub(super) virtual_servers: Blocks,
    /// `bfd_instance` blocks.
    pub(super) bfd_instances: Blocks,
    /// `global_defs`, trackers, static items and the rest of VRRP.
    pub(super) others: Vec<Change>,
    /// Virtual addresses that would leave this machine, were it MASTER.
    pub(super) addresses_leaving: Vec<IpAddr>,
}

/// Blocks of one kind that came, went, or differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Blocks {
    /// Only in the new configuration.
    pub(super) added: Vec<String>,
    /// Only in the running one.
    pub(super) removed: Vec<String>,
    /// In both.
    pub(super) changed: BTreeMap<String, Vec<Change>>,
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Change {
    /// The keyword, or the path of settings to it.
    pub(super) keyword: String,
    /// In the running configuration; null for nothing.
    pub(super) old: Value,
    /// In the new one; null for nothing.
    pub(super) new: Value,
}

/// Settings that are called otherwise in the configuration.
const KEYWORDS: [(&str, &str); 25] = [
    ("vrid", "virtual_router_id"),
    ("start_state", "state"),
    ("advert_interval", "advert_int"),
    ("virtual_addresses", "virtual_ipaddress"),
    ("excluded_addresses", "virtual_ipaddress_excluded"),
    ("authentication", "authentication"),
    ("lower_priority_no_advert", "lower_prio_no_advert"),
    ("higher_priority_send_advert", "higher_prio_send_advert"),
    ("skip_check_advert_addresses", "skip_check_adv_addr"),
    ("owner_ignores_adverts", "owner_ignore_adverts"),
    ("track_source_address", "track_src_ip"),
    ("receive_buffer", "kernel_rx_buf_size"),
    ("vmac", "use_vmac"),
    ("ipvlan", "use_ipvlan"),
    ("scheduler", "lvs_sched"),
    ("forwarding", "lvs_method"),
    ("real_servers", "real_server"),
    ("upper_threshold", "uthreshold"),
    ("lower_threshold", "lthreshold"),
    ("static_addresses", "static_ipaddress"),
    ("scripts", "vrrp_script"),
    ("files", "track_file"),
    ("processes", "vrrp_track_process"),
    ("track_groups", "track_group"),
    ("members", "group"),
];

/// Settings that nobody may read here.
const SECRETS: [&str; 4] = ["authentication", "auth_hmac", "password", "secret"];

/// Compares the running configuration with another one.
#[must_use]
pub(super) fn difference(old: &Config, new: &Config) -> Difference {
    let changes = reload::diff(old, new);
    let service = |server: &keepalived_lvs::config::VirtualServer| server.name();
    Difference {
        refused: changes.immutable,
        instances: blocks(&old.vrrp.instances, &new.vrrp.instances, |one| one.name.clone()),
        sync_groups: blocks(&old.vrrp.sync_groups, &new.vrrp.sync_groups, |one| one.name.clone()),
        virtual_servers: blocks(&old.lvs.virtual_servers, &new.lvs.virtual_servers, service),
        bfd_instances: blocks(&old.bfd.sessions, &new.bfd.sessions, |one| one.name.clone()),
        others: others(old, new),
        addresses_leaving: leaving(&old.vrrp.instances, &new.vrrp.instances),
    }
}

fn blocks<T: Serialize + PartialEq>(old: &[T], new: &[T], name: impl Fn(&T) -> String) -> Blocks {
    let mut before: BTreeMap<String, &T> = old.iter().map(|one| (name(one), one)).collect();
    let mut blocks = Blocks::default();
    for one in new {
        match before.remove(&name(one)) {
            None => blocks.added.push(name(one)),
            Some(was) if was != one => {
                let mut changes = Vec::new();
                compare("", &value(was), &value(one), &mut changes);
                blocks.changed.insert(name(one), changes);
            }
            Some(_) => {}
        }
    }
    blocks.removed = old.iter().map(&name).filter(|name| before.contains_key(name)).collect();
    blocks
}

/// Everything that is no block of its own.
fn others(old: &Config, new: &Config) -> Vec<Change> {
    let rest = |config: &Config| {
        let vrrp = keepalived_vrrp::config::Config {
            instances: Vec::new(),
            sync_groups: Vec::new(),
            ..config.vrrp.clone()
        };
        let lvs = keepalived_lvs::config::Config { virtual_servers: Vec::new(), ..config.lvs.clone() };
        [value(&config.global), value(&vrrp), value(&lvs)]
    };
    let mut changes = Vec::new();
    for (old, new) in rest(old).iter().zip(&rest(new)) {
        compare("", old, new, &mut changes);
    }
    changes
}

fn leaving(old: &[InstanceConfig], new: &[InstanceConfig]) -> Vec<IpAddr> {
    let addresses = |instances: &[InstanceConfig]| -> Vec<IpAddr> {
        let all =
            instances.iter().flat_map(|one| one.virtual_addresses.iter().chain(&one.excluded_addresses));
        all.map(|address| address.prefix.address()).collect()
    };
    let kept: HashSet<IpAddr> = addresses(new).into_iter().collect();
    addresses(old).into_iter().filter(|address| !kept.contains(address)).collect()
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// Goes down to what differs.
fn compare(path: &str, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after)) if !is_leaf(path, old) && !is_leaf(path, new) => {
            let keys: HashSet<&String> = before.keys().chain(after.keys()).collect();
            let mut keys: Vec<&String> = keys.into_iter().collect();
            keys.sort();
            for key in keys {
                let nothing = Value::Null;
                let (before, after) =
                    (before.get(key).unwrap_or(&nothing), after.get(key).unwrap_or(&nothing));
                compare(&joined(path, key), before, after, changes);
            }
        }
        (Value::Array(before), Value::Array(after)) if !is_secret(path) => {
            items(path, before, after, changes);
        }
        _ => changes.push(change(path, old.clone(), new.clone())),
    }
}

/// Items of a list: those with names or addresses are compared, the others came or went.
fn items(path: &str, old: &[Value], new: &[Value], changes: &mut Vec<Change>) {
    let named = |items: &[Value]| -> Option<BTreeMap<String, Value>> {
        let named = items.iter().map(|item| Some((item_name(item)?, item.clone())));
        named.collect::<Option<BTreeMap<_, _>>>().filter(|map| map.len() == items.len())
    };
    let (Some(before), Some(after)) = (named(old), named(new)) else {
        let gone: Vec<Value> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
        let come: Vec<Value> = new.iter().filter(|item| !old.contains(item)).cloned().collect();
        if gone.is_empty() && come.is_empty() {
            // The same in another order.
            changes.push(change(path, Value::from(old.to_vec()), Value::from(new.to_vec())));
        } else {
            changes.push(change(path, list(gone), list(come)));
        }
        return;
    };
    let names: HashSet<&String> = before.keys().chain(after.keys()).collect();
    let mut names: Vec<&String> = names.into_iter().collect();
    names.sort();
    for name in names {
        let path = format!("{path} {name}");
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) => compare(&path, old, new, changes),
            (old, new) => changes.push(change(
                &path,
                old.map_or(Value::Null, |_| Value::from("present")),
                new.map_or(Value::Null, |_| Value::from("present")),
            )),
        }
    }
}

fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::from(items) }
}

/// What tells an item of a list from the others.
fn item_name(item: &Value) -> Option<String> {
    if let Some(name) = item.get("name").and_then(Value::as_str) {
        return Some(name.to_owned());
    }
    let (address, port) = (item.get("address")?.as_str()?, item.get("port")?.as_u64()?);
    Some(format!("{address} {port}"))
}

/// Values that are one thing to people: durations, addresses with their options, secrets.
fn is_leaf(path: &str, value: &Value) -> bool {
    is_secret(path) || value.get("secs").is_some() || value.get("prefix").is_some()
}

fn is_secret(path: &str) -> bool {
    path.split([' ', '.']).any(|part| SECRETS.contains(&part))
}

fn joined(path: &str, key: &str) -> String {
    let keyword = KEYWORDS.iter().find(|(setting, _)| *setting == key).map_or(key, |(_, keyword)| keyword);
    if path.is_empty() { keyword.to_owned() } else { format!("{path}.{keyword}") }
}

fn change(path: &str, old: Value, new: Value) -> Change {
    let hidden = |value: Value| if value.is_null() { value } else { Value::from("********") };
    if is_secret(path) {
        return Change { keyword: path.to_owned(), old: hidden(old), new: hidden(new) };
    }
    Change { keyword: path.to_owned(), old: plain(old), new: plain(new) }
}

/// Durations as seconds, lists item by item, addresses with their lengths.
fn plain(value: Value) -> Value {
    if let (Some(secs), Some(nanos)) = (value.get("secs").and_then(Value::as_u64), value.get("nanos")) {
        let nanos = nanos.as_u64().unwrap_or(0);
        return match nanos {
            0 => Value::from(format!("{secs} s")),
            _ => Value::from(format!("{secs}.{nanos:09} s").replace("000000 s", " s")),
        };
    }
    if let (Some(address), Some(length)) = (
        value.pointer("/prefix/address").and_then(Value::as_str),
        value.pointer("/prefix/length").and_then(Value::as_u64),
    ) {
        return Value::from(format!("{address}/{length}"));
    }
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

impl Difference {
    /// A reload would change nothing.
    #[must_use]
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("A reload would change nothing.\n");
        }
        for line in &self.refused {
            writeln!(f, "would be refused: {line}")?;
        }
        let kinds = [
            ("vrrp_instance", &self.instances),
            ("vrrp_sync_group", &self.sync_groups),
            ("virtual_server", &self.virtual_servers),
            ("bfd_instance", &self.bfd_instances),
        ];
        for (kind, blocks) in kinds {
            blocks.added.iter().try_for_each(|name| writeln!(f, "+ {kind} {name}"))?;
            blocks.removed.iter().try_for_each(|name| writeln!(f, "- {kind} {name}"))?;
            for (name, changes) in &blocks.changed {
                writeln!(f, "~ {kind} {name}")?;
                changes.iter().try_for_each(|change| writeln!(f, "    {change}"))?;
            }
        }
        self.others.iter().try_for_each(|change| writeln!(f, "~ {change}"))?;
        for address in &self.addresses_leaving {
            writeln!(f, "virtual address {address} would leave this machine if it is MASTER")?;
        }
        Ok(())
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.keyword, words(&self.old), words(&self.new))
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_config::host::FakeHost;
    use keepalived_config::load::{LoadOptions, load};

    fn config(text: &str) -> Config {
        let host = FakeHost::new().with_file("/test.conf", text);
        let options = LoadOptions { config_id: "n".to_owned(), all_includes_checked: false, test_mode: true };
        load("/test.conf", &options, &host).config.expect("a readable configuration")
    }

    fn instance(name: &str, vrid: u8, lines: &str) -> String {
        format!("vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n {lines}\n}}\n")
    }

    #[test]
    fn changes_are_called_by_their_keywords_and_secrets_are_hidden() {
        let lines = "priority 100\n advert_int 1\n authentication {\n auth_type PASS\n auth_pass abc\n }\n \
                     virtual_ipaddress {\n 192.0.2.1/24\n 192.0.2.2/24\n }";
        let old = instance("A", 1, lines) + &instance("B", 2, "virtual_ipaddress {\n 192.0.2.9\n }");
        let lines = "priority 150\n advert_int 2\n authentication {\n auth_type PASS\n auth_pass xyz\n }\n \
                     virtual_ipaddress {\n 192.0.2.1/24\n 192.0.2.3/24\n }";
        let new = instance("A", 1, lines) + &instance("C", 3, "virtual_ipaddress {\n 192.0.2.9\n }");
        let difference = difference(&config(&old), &config(&new));
        let text = difference.to_string();
        for line in [
            "+ vrrp_instance C",
            "- vrrp_instance B",
            "~ vrrp_instance A",
            "    priority: 100 -> 150",
            "    advert_int: 1 s -> 2 s",
            "    authentication: ******** -> ********",
            "    virtual_ipaddress: 192.0.2.2/24 -> 192.0.2.3/24",
            "virtual address 192.0.2.2 would leave this machine if it is MASTER",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
        assert!(!text.contains("192.0.2.9 would leave"), "{text}");
    }

    #[test]
    fn the_same_configuration_changes_nothing() {
        let one = config(&instance("A", 1, "virtual_ipaddress {\n 192.0.2.1\n }"));
        assert_eq!(difference(&one, &one).to_string(), "A reload would change nothing.\n");
    }

    #[test]
    fn a_weight_of_a_real_server_is_found() {
        let text = |weight: u32| {
            format!(
                "virtual_server 192.0.2.1 80 {{\n protocol TCP\n real_server 192.0.2.2 80 {{\n weight {weight}\n }}\n}}\n"
            )
        };
        let shown = difference(&config(&text(1)), &config(&text(7))).to_string();
        assert!(shown.contains("    real_server 192.0.2.2 80.weight: 1 -> 7\n"), "{shown}");
    }
}
