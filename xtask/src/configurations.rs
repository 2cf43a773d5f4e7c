//! Generated configurations of any size, as `bench` feeds them to both programs.

use std::fmt::Write as _;

/// A family of configurations.
#[derive(Debug)]
pub(crate) struct Kind {
    /// What the table calls it.
    pub(crate) name: &'static str,
    /// The text with that many objects.
    pub(crate) text: fn(usize) -> String,
}

/// All families.
pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "vrrp_instance", text: instances },
    Kind { name: "vrrp_sync_group", text: sync_groups },
    Kind { name: "virtual_server", text: virtual_servers },
];

/// VRIDs per interface; interfaces are eth0, eth1, ...
const VRIDS: usize = 255;

fn instances(count: usize) -> String {
    let mut text = String::from("global_defs {\n    router_id bench\n}\n");
    for index in 0..count {
        instance(&mut text, index);
    }
    text
}

fn instance(text: &mut String, index: usize) {
    let (interface, vrid) = (index / VRIDS, index % VRIDS + 1);
    let (high, low) = (index / 250, index % 250 + 1);
    // Writing to a String cannot fail.
    let _ok = write!(
        text,
        "vrrp_instance VI_{index} {{
    state BACKUP
    interface eth{interface}
    virtual_router_id {vrid}
    priority 100
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass secret
    }}
    virtual_ipaddress {{
        10.78.{high}.{low}/16 dev eth{interface}
    }}
}}
"
    );
}

/// Instances in groups of two, with notify scripts.
fn sync_groups(count: usize) -> String {
    let mut text = String::from("global_defs {\n    enable_script_security\n    script_user root\n}\n");
    for group in 0..count / 2 {
        let (first, second) = (2 * group, 2 * group + 1);
        let _ok = write!(
            text,
            "vrrp_sync_group G_{group} {{
    group {{
        VI_{first}
        VI_{second}
    }}
    notify_master \"/bin/true master G_{group}\"
    notify_backup \"/bin/true backup G_{group}\"
}}
"
        );
    }
    for index in 0..count {
        instance(&mut text, index);
    }
    text
}

fn virtual_servers(count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let (high, low) = (index / 250, index % 250 + 1);
        let _ok = write!(
            text,
            "virtual_server 10.80.{high}.{low} 80 {{
    delay_loop 5
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.81.{high}.{low} 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
    real_server 10.82.{high}.{low} 80 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"
        );
    }
    text
}
