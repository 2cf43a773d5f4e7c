//! Do packet filters let adverts in and out? Read from what `nft` and `iptables-save` print.
//!
//! A whole packet filter is not run here. Looked for are the two mistakes that are made: a rule that drops protocol 112,
//! and a chain that drops by default and has nothing that could let it pass.

/// What is wrong with a packet filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// The table and chain.
    pub(super) place: String,
    /// A rule that drops adverts; `None` when the chain drops what no rule takes.
    pub(super) rule: Option<String>,
}

/// Looks through `nft list ruleset`.
pub(super) fn nft(ruleset: &str, interfaces: &[&str]) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut table = String::new();
    let mut chain: Option<Chain> = None;
    for line in ruleset.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("table ").and_then(|rest| rest.strip_suffix('{')) {
            name.trim().clone_into(&mut table);
        } else if let Some(name) = line.strip_prefix("chain ").and_then(|rest| rest.strip_suffix('{')) {
            chain = Some(Chain::new(format!("{table} {}", name.trim())));
        } else if line == "}" {
            found.extend(chain.take().and_then(Chain::verdict));
        } else if let Some(chain) = &mut chain {
            if line.starts_with("type filter hook") {
                chain.is_base = line.contains("hook input") || line.contains("hook output");
                chain.drops = line.contains("policy drop");
            } else {
                chain.take(
                    line,
                    concerns_112(line),
                    line.contains("drop") || line.contains("reject"),
                    interfaces,
                );
            }
        }
    }
    found
}

/// Looks through `iptables-save` or `ip6tables-save`.
pub(super) fn iptables(saved: &str, interfaces: &[&str]) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for name in ["INPUT", "OUTPUT"] {
        let mut chain = Chain::new(format!("filter {name}"));
        chain.is_base = true;
        let mut in_filter = false;
        for line in saved.lines() {
            if let Some(table) = line.strip_prefix('*') {
                in_filter = table == "filter";
            } else if in_filter && line.starts_with(&format!(":{name} ")) {
                chain.drops = line.contains(" DROP ");
            } else if in_filter && line.starts_with(&format!("-A {name} ")) {
                chain.take(
                    line,
                    concerns_112(line),
                    line.contains("-j DROP") || line.contains("-j REJECT"),
                    interfaces,
                );
            }
        }
        found.extend(chain.verdict());
    }
    found
}

/// Words that name VRRP, by number or by name, or its group.
fn concerns_112(line: &str) -> bool {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == ':'));
    words
        .into_iter()
        .any(|word| matches!(word, "112" | "vrrp" | "224.0.0.18" | "ff02::12" | "224.0.0.0" | "carp"))
}

struct Chain {
    place: String,
    /// Packets of this machine come through it.
    is_base: bool,
    drops: bool,
    /// A rule that may let adverts pass has been seen.
    may_pass: bool,
    dropping: Option<String>,
}

impl Chain {
    fn new(place: String) -> Self {
        Self { place, is_base: false, drops: false, may_pass: false, dropping: None }
    }

    fn take(&mut self, rule: &str, concerned: bool, drops: bool, interfaces: &[&str]) {
        if concerned && drops && !self.may_pass {
            self.dropping.get_or_insert_with(|| rule.to_owned());
        } else if (concerned && !drops) || lets_everything_pass(rule, interfaces) {
            self.may_pass = true;
        }
    }

    fn verdict(self) -> Option<Obstacle> {
        let Self { place, is_base, drops, may_pass, dropping } = self;
        match dropping {
            Some(rule) => Some(Obstacle { place, rule: Some(rule) }),
            None if is_base && drops && !may_pass => Some(Obstacle { place, rule: None }),
            None => None,
        }
    }
}

/// A rule that names nothing but perhaps one of our interfaces, and accepts; or goes elsewhere, where we do not follow it.
fn lets_everything_pass(rule: &str, interfaces: &[&str]) -> bool {
    let goes_elsewhere = rule.starts_with("jump ") || rule.starts_with("goto ");
    let accepts = rule == "accept" || rule.ends_with(" accept") || rule.ends_with("-j ACCEPT");
    let narrows = [
        "dport", "sport", "ct state", "state ", "-p ", "protocol", "l4proto", "icmp", "saddr", "daddr",
        " -s ", " -d ",
    ];
    let names_ours = interfaces.iter().any(|name| rule.contains(name));
    let names_another = !names_ours && ["iif", "oif", " -i ", " -o "].iter().any(|word| rule.contains(word));
    goes_elsewhere || (accepts && !names_another && !narrows.iter().any(|word| rule.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruleset(policy: &str, rules: &[&str]) -> String {
        let rules: String = rules.iter().map(|rule| format!("\t\t{rule}\n")).collect();
        format!(
            "table inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy {policy};\n{rules}\t}}\n}}\n"
        )
    }

    #[test]
    fn a_rule_that_drops_vrrp_is_found_under_any_of_its_names() {
        for rule in [
            "ip protocol vrrp drop",
            "ip protocol 112 counter packets 0 bytes 0 drop",
            "meta l4proto vrrp reject",
            "ip daddr 224.0.0.18 drop",
        ] {
            let found = nft(&ruleset("accept", &["tcp dport 22 accept", rule]), &["eth0"]);
            assert_eq!(
                found,
                [Obstacle { place: "inet filter input".to_owned(), rule: Some(rule.to_owned()) }]
            );
        }
    }

    #[test]
    fn a_chain_that_drops_by_default_has_to_let_vrrp_pass() {
        let closed =
            ["ct state established,related accept", "tcp dport { 22, 112 } accept", "iif \"lo\" accept"];
        assert_eq!(nft(&ruleset("drop", &closed[..1]), &["eth0"]).len(), 1);
        assert_eq!(nft(&ruleset("drop", &closed[2..]), &["eth0"]).len(), 1);
        for open in [
            "ip protocol vrrp accept",
            "meta l4proto 112 accept",
            "iifname \"eth0\" accept",
            "accept",
            "jump services",
        ] {
            assert_eq!(nft(&ruleset("drop", &[closed[0], open]), &["eth0"]), [], "{open}");
        }
    }

    #[test]
    fn no_rules_are_no_obstacle() {
        assert_eq!(nft("", &[]), []);
        assert_eq!(nft(&ruleset("accept", &[]), &["eth0"]), []);
        assert_eq!(iptables("", &[]), []);
    }

    #[test]
    fn iptables_is_read_in_its_own_language() {
        let saved = |policy: &str, rule: &str| {
            format!(
                "*nat\n:INPUT DROP [0:0]\nCOMMIT\n*filter\n:INPUT {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{rule}\nCOMMIT\n"
            )
        };
        let rule = "-A INPUT -p vrrp -j DROP";
        let found = iptables(&saved("ACCEPT", rule), &["eth0"]);
        assert_eq!(found, [Obstacle { place: "filter INPUT".to_owned(), rule: Some(rule.to_owned()) }]);
        assert_eq!(iptables(&saved("DROP", "-A INPUT -p tcp -j ACCEPT"), &["eth0"]).len(), 1);
        for open in
            ["-A INPUT -p 112 -j ACCEPT", "-A INPUT -i eth0 -j ACCEPT", "-A INPUT -d 224.0.0.18/32 -j ACCEPT"]
        {
            assert_eq!(iptables(&saved("DROP", open), &["eth0"]), [], "{open}");
        }
    }
}
