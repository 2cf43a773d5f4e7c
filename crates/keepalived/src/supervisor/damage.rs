//! May a configuration with mistakes replace the one that runs?
//!
//! The original takes what it can read. At a start there is nothing better; at a reload a damaged file (half written,
//! a brace lost) would take addresses away that are in service. So mistakes that the running configuration does not
//! have refuse a reload when braces or quotes do not fit, or when it would take away something that runs. Mistakes that
//! cost nothing, an unknown keyword above all, are reported and survived, as upstream.

use keepalived_config::diagnostic::{Class, Diagnostic};
use keepalived_config::model::Config;
use keepalived_lvs::config as lvs;
use keepalived_vrrp::config::InstanceConfig;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

/// The mistakes of a configuration, without the places, which move when the file is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mistakes(BTreeSet<(Class, String)>);

impl Mistakes {
    /// Errors only: what is merely worth a warning has been understood.
    pub(super) fn of<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Self {
        let errors = diagnostics.into_iter().filter(|found| found.loses_text || is_mistake(found.class));
        Self(errors.map(|found| (found.class, found.message.clone())).collect())
    }

    /// Those that `running` does not have.
    fn new_since<'a>(&'a self, running: &'a Self) -> impl Iterator<Item = &'a (Class, String)> {
        self.0.difference(&running.0)
    }
}

const fn is_mistake(class: Class) -> bool {
    // A script that others could change is as it is; nothing was lost by it.
    class.is_error() && !matches!(class, Class::SecurityError)
}

const fn is_structural(class: Class) -> bool {
    matches!(
        class,
        Class::UnexpectedOpeningBrace
            | Class::MissingOpeningBrace
            | Class::UnexpectedClosingBrace
            | Class::MissingClosingBrace
            | Class::UnmatchedQuote
    )
}

/// Why `new` must not replace `old`: a sentence for the log. `None`: it may.
pub(super) fn objection(
    (old, running): (&Config, &Mistakes),
    (new, mistakes): (&Config, &Mistakes),
) -> Option<String> {
    let mut fresh = mistakes.new_since(running).peekable();
    fresh.peek()?;
    if fresh.any(|(class, _)| is_structural(*class)) {
        return Some("its braces or quotes do not fit, so it may be incomplete".to_owned());
    }
    let losses = losses(old, new);
    let (first, more) = losses.split_first()?;
    let rest = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Some(format!("it has mistakes and would take away {first}{rest}"))
}

/// What runs with `old` and would not with `new`.
fn losses(old: &Config, new: &Config) -> Vec<String> {
    let mut losses = lost_instances(&old.vrrp, &new.vrrp);
    losses.extend(lost_servers(&old.lvs, &new.lvs));
    losses
}

/// Instances and addresses. A renamed instance is still there: the engine goes by VRID.
fn lost_instances(
    old: &keepalived_vrrp::config::Config,
    new: &keepalived_vrrp::config::Config,
) -> Vec<String> {
    let by_router: HashMap<_, &InstanceConfig> =
        new.instances.iter().map(|instance| (router(instance), instance)).collect();
    let by_name: HashMap<&str, &InstanceConfig> =
        new.instances.iter().map(|instance| (instance.name.as_str(), instance)).collect();
    let mut losses = Vec::new();
    for before in &old.instances {
        let after = by_router.get(&router(before)).or_else(|| by_name.get(before.name.as_str()));
        let Some(after) = after else {
            losses.push(format!("vrrp_instance {}", before.name));
            continue;
        };
        let kept: HashSet<IpAddr> = addresses(after).collect();
        let gone = addresses(before).filter(|address| !kept.contains(address));
        losses.extend(gone.map(|address| format!("{address} of vrrp_instance {}", before.name)));
    }
    losses
}

/// Virtual servers, and real servers of those that stay.
fn lost_servers(old: &lvs::Config, new: &lvs::Config) -> Vec<String> {
    let by_service: HashMap<_, &lvs::VirtualServer> =
        new.virtual_servers.iter().map(|server| (service(server), server)).collect();
    let mut losses = Vec::new();
    for before in &old.virtual_servers {
        let name = before.name();
        let Some(after) = by_service.get(&service(before)) else {
            losses.push(format!("virtual_server {name}"));
            continue;
        };
        let kept: HashSet<_> = after.real_servers.iter().map(|real| (real.address, real.port)).collect();
        let gone = before.real_servers.iter().filter(|real| !kept.contains(&(real.address, real.port)));
        losses.extend(
            gone.map(|real| format!("real_server {} of virtual_server {name}", real.name(before.protocol))),
        );
    }
    losses
}

fn service(server: &lvs::VirtualServer) -> (&lvs::Service, Option<lvs::Protocol>) {
    (&server.service, server.protocol)
}

fn router(instance: &InstanceConfig) -> (Option<&str>, u8, keepalived_types::Family) {
    (instance.interface.as_deref(), instance.vrid.get(), instance.family)
}

fn addresses(instance: &InstanceConfig) -> impl Iterator<Item = IpAddr> {
    let all = instance.virtual_addresses.iter().chain(&instance.excluded_addresses);
    all.map(|address| address.prefix.address())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_config::host::FakeHost;
    use keepalived_config::load::{LoadOptions, load};
    use keepalived_types::{Family, InterfaceName, Prefix, Vrid};
    use keepalived_vrrp::config::AddressConfig;

    fn config(instances: &[(&str, u8, &[&str])]) -> Config {
        let instances = instances.iter().map(|(name, vrid, addresses)| {
            let eth0 = InterfaceName::new("eth0").expect("a short name");
            let vrid = Vrid::new(*vrid).expect("not zero");
            let mut instance = InstanceConfig::new(name, eth0, vrid, Family::V4);
            instance.virtual_addresses = addresses
                .iter()
                .map(|address| {
                    AddressConfig::plain(Prefix::host(address.parse().expect("a literal address")))
                })
                .collect();
            instance
        });
        let vrrp = keepalived_vrrp::config::Config { instances: instances.collect(), ..Default::default() };
        Config { vrrp, ..Config::default() }
    }

    fn mistakes(found: &[(Class, &str)]) -> Mistakes {
        let diagnostics: Vec<Diagnostic> =
            found.iter().map(|(class, text)| Diagnostic::after_reading(*class, None, *text)).collect();
        Mistakes::of(&diagnostics)
    }

    const TWO: &[(&str, u8, &[&str])] = &[("A", 51, &["10.0.0.1", "10.0.0.2"]), ("B", 52, &["10.0.0.3"])];

    #[test]
    fn without_mistakes_anything_may_go() {
        let (old, new) = (config(TWO), config(&[]));
        let none = mistakes(&[]);
        assert_eq!(objection((&old, &none), (&new, &none)), None);
        let warning = mistakes(&[(Class::Warning, "Truncating auth_pass to 8 characters")]);
        assert_eq!(objection((&old, &none), (&new, &warning)), None);
    }

    #[test]
    fn a_mistake_that_costs_nothing_is_survived() {
        let (old, none) = (config(TWO), mistakes(&[]));
        let unknown = mistakes(&[(Class::UnknownKeyword, "Unknown keyword 'lvs_id'")]);
        assert_eq!(objection((&old, &none), (&old, &unknown)), None);
    }

    #[test]
    fn a_mistake_may_not_take_an_address_or_an_instance_away() {
        let (old, none) = (config(TWO), mistakes(&[]));
        let unknown = mistakes(&[(Class::UnknownKeyword, "Unknown keyword 'vrrp_instanc'")]);
        let new = config(&[("A", 51, &["10.0.0.1"])]);
        let why = objection((&old, &none), (&new, &unknown)).expect("refused");
        assert_eq!(why, "it has mistakes and would take away 10.0.0.2 of vrrp_instance A and 1 more");
    }

    #[test]
    fn a_renamed_instance_is_still_there() {
        let (old, none) = (config(TWO), mistakes(&[]));
        let unknown = mistakes(&[(Class::UnknownKeyword, "x")]);
        let new = config(&[("A2", 51, &["10.0.0.1", "10.0.0.2"]), ("B", 99, &["10.0.0.3"])]);
        assert_eq!(objection((&old, &none), (&new, &unknown)), None);
    }

    /// Virtual servers 10.0.0.N:80 with these real servers 10.0.1.N:80.
    fn balanced(servers: &[(u8, &[u8])]) -> Config {
        let blocks = servers.iter().map(|(service, reals)| {
            let reals = reals.iter().map(|real| format!("real_server 10.0.1.{real} 80 {{\n}}\n"));
            let reals: String = reals.collect();
            format!("virtual_server 10.0.0.{service} 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\n{reals}}}\n")
        });
        let host = FakeHost::new().with_file("/k.conf", blocks.collect::<String>());
        let options =
            LoadOptions { config_id: "n".to_owned(), all_includes_checked: false, test_mode: false };
        load("/k.conf", &options, &host).config.expect("there is a file")
    }

    #[test]
    fn a_mistake_may_not_take_a_virtual_or_a_real_server_away() {
        let (old, none) = (balanced(&[(1, &[1, 2]), (2, &[3])]), mistakes(&[]));
        let bad = mistakes(&[(Class::GeneralError, "Invalid virtual server IP address/port")]);
        let objection = |new: &Config, found| objection((&old, &none), (new, found));
        let without_service = balanced(&[(1, &[1, 2])]);
        assert_eq!(objection(&without_service, &none), None, "it is meant so");
        let why = objection(&without_service, &bad).expect("refused");
        assert_eq!(why, "it has mistakes and would take away virtual_server [10.0.0.2]:tcp:80");
        let why = objection(&balanced(&[(1, &[2]), (2, &[3])]), &bad).expect("refused");
        let gone = "real_server [10.0.1.1]:tcp:80 of virtual_server [10.0.0.1]:tcp:80";
        assert_eq!(why, format!("it has mistakes and would take away {gone}"));
        assert_eq!(objection(&balanced(&[(2, &[3, 4]), (1, &[2, 1])]), &bad), None, "all are still there");
    }

    #[test]
    fn mistakes_that_run_already_do_not_stand_in_the_way() {
        let unknown = mistakes(&[(Class::UnknownKeyword, "Unknown keyword 'lvs_id'")]);
        let brace = mistakes(&[(Class::MissingClosingBrace, "There are 1 missing '}'s or extra '{'s")]);
        let (old, new) = (config(TWO), config(&[]));
        assert_eq!(objection((&old, &unknown), (&new, &unknown)), None);
        assert_eq!(objection((&old, &brace), (&new, &brace)), None);
        assert!(objection((&old, &unknown), (&old, &brace)).is_some_and(|why| why.contains("braces")));
    }
}
