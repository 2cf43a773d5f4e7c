//! What is said about single lines: recorded from keepalived 2.2.7 with `-t`, in a network namespace with the
//! interfaces eth0 and eth1. `|` stands for the end of a line.

use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};
use keepalived_config::{render, status};

/// What is written, the exit status of `-t`, and what is reported.
type Case = (&'static str, u8, &'static [&'static str]);

/// Lines of a `vrrp_instance`.
const INSTANCE: &[Case] = &[
    (
        "use_vmac abcdefghijklmnopq",
        5,
        &["VMAC interface name 'abcdefghijklmnopq' too long or invalid characters - ignoring"],
    ),
    ("use_vmac vr 02:00:00:00:00:01", 0, &[]),
    ("use_vmac vr zz", 5, &["VMAC interface name already specified"]),
    ("use_vmac 01:00:5e:00:00:01", 5, &["VMAC MAC address is multicast 01:00:5e:00:00:01 - ignoring"]),
    (
        "use_vmac 00:00:5e:00:01:01",
        5,
        &["VMAC MAC address not allowed to be RFC5798 address (00:00:5e:00:01:01) - ignoring"],
    ),
    ("use_vmac a b c", 5, &["VMAC interface name already specified"]),
    ("use_vmac 00:11:22:33:44", 0, &[]),
    (
        "use_ipvlan",
        5,
        &["(A) IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state"],
    ),
    ("use_ipvlan ipv1 192.0.2.3/24 bridge", 0, &[]),
    (
        "use_ipvlan ipv1 junk",
        5,
        &[
            "(A) IPVLAN interface already specified - ignoring 'junk'",
            "(A) IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state",
        ],
    ),
    (
        "unicast_peer { 1.2.3 }",
        5,
        &[
            "Configuration error: VRRP instance[A] malformed unicast peer address[1.2.3]. Skipping...",
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    (
        "unicast_peer { fe80::1 }",
        5,
        &[
            "Configuration error: VRRP instance[A] and unicast peer address[fe80::1] MUST be of the same family !!! Skipping...",
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    ("unicast_peer { 192.0.2.2 min_ttl 3 max_ttl 4 }", 0, &[]),
    (
        "check_unicast_src",
        5,
        &[
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    (
        "old_unicast_checksum",
        5,
        &[
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    (
        "old_unicast_checksum foo",
        5,
        &[
            "(A) Unknown old_unicast_chksum mode foo - ignoring",
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    (
        "old_unicast_checksum never",
        5,
        &[
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    ("native_ipv6", 5, &["(A) Cannot specify native_ipv6 with IPv4 addresses"]),
    ("state MASTER", 0, &[]),
    ("state backup", 5, &["(A) unknown state 'backup', defaulting to BACKUP"]),
    (
        "interface nonex0",
        5,
        &[
            "WARNING - interface nonex0 for vrrp_instance A doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    ("interface abcdefghijklmnopqr", 5, &["Interface name 'abcdefghijklmnopqr' too long - ignoring"]),
    (
        "interface",
        2,
        &[
            "*** Configuration line starting `interface` is missing a parameter after keyword `interface` at word position 2",
        ],
    ),
    ("vrf nonex", 5, &["(A) Cannot specify VRF interface and interface - ignoring"]),
    ("vrf eth1", 5, &["(A) Cannot specify VRF interface and interface - ignoring"]),
    ("dont_track_primary", 0, &[]),
    (
        "mcast_src_ip 1.2.3",
        5,
        &["Configuration error: VRRP instance[A] malformed src address[1.2.3]. Skipping..."],
    ),
    (
        "mcast_src_ip fe80::1",
        5,
        &[
            "Configuration error: VRRP instance[A] and src address[fe80::1] MUST be of the same family !!! Skipping...",
        ],
    ),
    ("mcast_src_ip 192.0.2.77", 0, &[]),
    (
        "unicast_src_ip 192.0.2.1",
        5,
        &[
            "(A) A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
        ],
    ),
    ("mcast_dst_ip 10.0.0.1", 5, &["(A) mcast_dst_ip 10.0.0.1 not multicast. Skipping..."]),
    (
        "mcast_dst_ip ff02::12",
        5,
        &["(A) mcast dest address ff02::12 MUST match VRRP instance family. Skipping..."],
    ),
    ("mcast_dst_ip 224.0.0.19", 0, &[]),
    ("mcast_dst_ip x", 5, &["(A) malformed mcast dest address x. Skipping..."]),
    ("track_src_ip", 0, &[]),
    (
        "virtual_router_id 0",
        5,
        &["number '0' outside range [1, 255]", "(A): VRID '0' not valid - must be between 1 & 255"],
    ),
    (
        "virtual_router_id 256",
        5,
        &["number '256' outside range [1, 255]", "(A): VRID '256' not valid - must be between 1 & 255"],
    ),
    ("virtual_router_id x", 5, &["invalid number 'x'", "(A): VRID 'x' not valid - must be between 1 & 255"]),
    (
        "virtual_router_id",
        2,
        &[
            "*** Configuration line starting `virtual_router_id` is missing a parameter after keyword `virtual_router_id` at word position 2",
        ],
    ),
    (
        "unicast_ttl 300",
        5,
        &["number '300' outside range [0, 255]", "(A): TTL '300' not valid - must be between 0 & 255"],
    ),
    ("unicast_ttl 5", 5, &["(A): Cannot use unicast_ttl without unicast peers - resetting"]),
    ("version 4", 5, &["number '4' outside range [2, 3]", "(A): Version must be either 2 or 3"]),
    ("version 3", 0, &[]),
    ("version x", 5, &["invalid number 'x'", "(A): Version must be either 2 or 3"]),
    (
        "priority 0",
        5,
        &[
            "number '0' outside range [1, 255]",
            "(A) Priority not valid! must be between 1 & 255. Using default 100",
        ],
    ),
    ("priority 255", 0, &[]),
    (
        "priority 5x",
        5,
        &["invalid number '5x'", "(A) Priority not valid! must be between 1 & 255. Using default 100"],
    ),
    (
        "priority",
        2,
        &[
            "*** Configuration line starting `priority` is missing a parameter after keyword `priority` at word position 2",
        ],
    ),
    (
        "advert_int 0",
        5,
        &[
            "number '0' outside range [0.010000, 255.000000]",
            "(A) Advert interval (0) not valid! Must be > 0 - ignoring",
        ],
    ),
    (
        "advert_int 300",
        5,
        &[
            "number '300' outside range [0.010000, 255.000000]",
            "(A) Advert interval (300) not valid! Must be > 0 - ignoring",
        ],
    ),
    ("advert_int 1.5", 5, &["(A) VRRPv2 advertisement interval 1.500000s must be an integer. rounding"]),
    ("advert_int 0.1", 5, &["(A) VRRPv2 advertisement interval 0.100000s must be an integer. rounding"]),
    (
        "advert_int 1s",
        5,
        &["invalid number '1s'", "(A) Advert interval (1s) not valid! Must be > 0 - ignoring"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11/33 }",
        5,
        &[
            "number '33' outside range [0, 32]",
            "Invalid address prefix len 33 for address 192.0.2.11/33 - using 32",
        ],
    ),
    ("virtual_ipaddress { foo }", 5, &["VRRP parsed invalid IP foo. skipping IP..."]),
    (
        "virtual_ipaddress { 192.0.2.11/x }",
        5,
        &["invalid number 'x'", "Invalid address prefix len x for address 192.0.2.11/x - using 32"],
    ),
    (
        "virtual_ipaddress { fe80::1 }",
        5,
        &["(A): address family must match VRRP instance [fe80::1] - ignoring"],
    ),
    ("virtual_ipaddress { 192.0.2.11 dev }", 5, &["No dev parameter specified for 192.0.2.11"]),
    (
        "virtual_ipaddress { 192.0.2.11 dev nonex }",
        5,
        &[
            "WARNING - interface nonex for ip address 192.0.2.11 doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 dev eth0 dev eth1 }",
        5,
        &["Cannot specify ipaddress device more than once for 192.0.2.11"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 scope foo }",
        5,
        &["Invalid scope 'foo' specified for 192.0.2.11 - ignoring"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 scope 300 }",
        5,
        &["Invalid scope '300' specified for 192.0.2.11 - ignoring"],
    ),
    ("virtual_ipaddress { 192.0.2.11 scope link }", 0, &[]),
    ("virtual_ipaddress { 192.0.2.11 scope }", 5, &["No scope parameter specified for 192.0.2.11"]),
    (
        "virtual_ipaddress { 192.0.2.11 brd foo }",
        5,
        &["VRRP is trying to assign invalid broadcast foo. skipping VIP..."],
    ),
    ("virtual_ipaddress { 192.0.2.11 brd + }", 5, &["Address prefix length 32 too long for broadcast"]),
    (
        "virtual_ipaddress { 192.0.2.11 brd + peer 192.0.2.12/32 }",
        5,
        &[
            "Address prefix length 32 too long for broadcast",
            "Invalid peer address 192.0.2.12/32",
            "VRRP parsed invalid IP 192.0.2.12/32. skipping IP...",
        ],
    ),
    (
        "unicast_peer { 192.0.2.9 min_ttl 65 max_ttl 64 }",
        5,
        &["(A) min_ttl 65 > max_ttl 64 - all packets will be discarded"],
    ),
    ("virtual_ipaddress { 192.0.2.11/24 brd + }", 0, &[]),
    (
        "virtual_ipaddress { 192.0.2.11/24 brd fe80::1 }",
        5,
        &["VRRP is trying to assign invalid broadcast fe80::1. skipping VIP..."],
    ),
    (
        "virtual_ipaddress { 192.0.2.11/24 label abcdefghijklmnopq }",
        5,
        &["Address label abcdefghijklmnopq is longer than maximum length 15 - removing address"],
    ),
    ("virtual_ipaddress { 192.0.2.11/24 label }", 5, &["No label parameter specified for 192.0.2.11/24"]),
    (
        "virtual_ipaddress { 192.0.2.11/24 peer 192.0.2.12 }",
        5,
        &["Cannot specify address prefix when specifying peer address - ignoring"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 peer 192.0.2.12/24 }",
        5,
        &["VRRP parsed invalid IP 192.0.2.12/24. skipping IP...", "Invalid peer address 192.0.2.12/24"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 peer 192.0.2.12 brd + }",
        5,
        &["Cannot specify broadcast and peer addresses - ignoring broadcast address"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 brd 192.0.2.255 peer 192.0.2.12 }",
        5,
        &["Cannot specify broadcast and peer addresses - ignoring broadcast address"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 peer fe80::1 }",
        5,
        &["Peer address fe80::1 does not match address family"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 peer foo }",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "Invalid peer address foo"],
    ),
    ("virtual_ipaddress { 192.0.2.11 home }", 0, &[]),
    ("virtual_ipaddress { 192.0.2.11 -nodad mngtmpaddr }", 0, &[]),
    ("virtual_ipaddress { 192.0.2.11 preferred_lft 5 }", 0, &[]),
    (
        "virtual_ipaddress { 192.0.2.11 preferred_lft foo }",
        5,
        &["invalid number 'foo'", "preferred_lft foo is invalid"],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 preferred_lft }",
        5,
        &["No preferred_lft parameter specified for 192.0.2.11"],
    ),
    ("virtual_ipaddress { 192.0.2.11 no_track use_vmac }", 0, &[]),
    (
        "virtual_ipaddress { 192.0.2.11 foo bar }",
        5,
        &[
            "Unknown configuration entry 'foo' for ip address - ignoring",
            "Unknown configuration entry 'bar' for ip address - ignoring",
        ],
    ),
    (
        "virtual_ipaddress { 192.0.2.11 track_group G }",
        5,
        &[
            "Unknown configuration entry 'track_group' for ip address - ignoring",
            "Unknown configuration entry 'G' for ip address - ignoring",
        ],
    ),
    ("virtual_ipaddress_excluded { 192.0.2.20 }", 0, &[]),
    (
        "virtual_ipaddress_excluded { fe80::1/64 label x }",
        5,
        &["Cannot specify label for IPv6 addresses (fe80::1/64) - ignoring label"],
    ),
    (
        "virtual_ipaddress_excluded { 2001:db8::1/64 scope host }",
        5,
        &["Cannot specify scope for IPv6 addresses (2001:db8::1/64) - ignoring scope"],
    ),
    (
        "virtual_ipaddress_excluded { 2001:db8::1/64 brd + }",
        5,
        &[
            "VRRP is trying to assign a broadcast brd to the IPv6 address 2001:db8::1/64 !!?? WTF... skipping VIP...",
        ],
    ),
    ("virtual_ipaddress_excluded { 2001:db8::1 home -nodad }", 0, &[]),
    (
        "virtual_ipaddress_excluded { dev eth0 192.0.2.20 }",
        5,
        &["VRRP parsed invalid IP dev. skipping IP..."],
    ),
    ("virtual_ipaddress_excluded { 192.0.2.20/24|192.0.2.20/25 dev eth1 }", 0, &[]),
    (
        "linkbeat_use_polling",
        5,
        &["(A) 'linkbeat_use_polling' in vrrp instance deprecated - use linkbeat_interfaces block"],
    ),
    ("accept", 0, &[]),
    ("no_accept", 0, &[]),
    ("skip_check_adv_addr foo", 5, &["(A) invalid skip_check_adv_addr foo specified"]),
    ("skip_check_adv_addr", 0, &[]),
    ("strict_mode foo", 5, &["(A) invalid strict_mode foo specified"]),
    ("strict_mode", 0, &[]),
    (
        "strict_mode on|no_accept|nopreempt|preempt_delay 5|down_timer_adverts 5|garp_lower_prio_repeat 3|garp_lower_prio_delay 3|lower_prio_no_advert off|higher_prio_send_advert|vmac_xmit_base|accept|state MASTER|priority 100",
        5,
        &[
            "(A) State MASTER must match being address owner",
            "(A) preempt_delay is incompatible with strict mode - resetting",
            "(A) preempt_delay is incompatible with nopreempt mode - resetting",
            "(A) down_timer_adverts is incompatible with strict mode - resetting",
            "(A) warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
            "(A) Strict mode requires no repeat garps. resetting",
            "(A) Strict mode requires no repeat garp delay. resetting",
            "(A) Strict mode requires no lower priority advert. resetting",
            "(A) strict mode requires higher_prio_send_advert to be clear. resetting",
            "(A) vmac_xmit_base is only valid with a vmac",
        ],
    ),
    ("strict_mode on|priority 255|state BACKUP", 5, &["(A) State MASTER must match being address owner"]),
    (
        "strict_mode|authentication { auth_type PASS|auth_pass abc|}",
        5,
        &["(A) Strict mode does not support authentication. Ignoring."],
    ),
    ("strict_mode|version 3|accept", 0, &[]),
    (
        "state MASTER|priority 150|nopreempt",
        5,
        &["(A) Warning - nopreempt will not work with initial state MASTER - clearing"],
    ),
    (
        "state MASTER|preempt_delay 5",
        5,
        &["(A) Warning - preempt delay will not work with initial state MASTER - clearing"],
    ),
    ("state MASTER|state BACKUP", 5, &["(A) state previously set as MASTER - ignoring BACKUP"]),
    ("priority 255|nopreempt", 5, &["(A) nopreempt is incompatible with priority 255. resetting nopreempt"]),
    ("nopreempt|preempt_delay 5", 5, &["(A) preempt_delay is incompatible with nopreempt mode - resetting"]),
    (
        "nopreempt|state MASTER|preempt_delay 5",
        5,
        &[
            "(A) nopreempt is incompatible with priority 255. resetting nopreempt",
            "(A) Warning - preempt delay will not work with initial state MASTER - clearing",
        ],
    ),
    (
        "preempt_delay 1001",
        5,
        &[
            "number '1001' outside range [0.000000, 1000.000000]",
            "(A) Preempt_delay not valid! must be between 0-1000",
        ],
    ),
    ("preempt_delay x", 5, &["invalid number 'x'"]),
    (
        "preempt_delay -5x",
        5,
        &["negative number '-5x'", "(A) Preempt_delay not valid! must be between 0-1000"],
    ),
    ("preempt_delay 1.2.3", 5, &["invalid number '1.2.3'"]),
    ("preempt_delay 1e4", 5, &["invalid number '1e4'"]),
    ("preempt_delay 1.1234567", 5, &["number '1.1234567' has too many decimal places"]),
    (
        "debug 5",
        5,
        &["number '5' outside range [0, 4]", "(A) Debug value '5' not valid; must be between 0-4"],
    ),
    (
        "debug",
        2,
        &[
            "*** Configuration line starting `debug` is missing a parameter after keyword `debug` at word position 2",
        ],
    ),
    (
        "notify_backup",
        2,
        &[
            "*** Configuration line starting `notify_backup` is missing a parameter after keyword `notify_backup` at word position 2",
        ],
    ),
    ("notify_backup /nonexist", 0, &[]),
    ("notify_backup /bin/true nouser", 0, &[]),
    ("notify_backup /bin/true root nogrp", 0, &[]),
    (
        "notify_backup /bin/true|notify_backup /bin/false",
        5,
        &["(A) notify_backup script already specified - ignoring /bin/false"],
    ),
    ("notify_deleted", 0, &[]),
    (
        "notify_deleted /bin/true|notify_deleted /bin/true",
        5,
        &["(A) notify_deleted already specified - ignoring /bin/true"],
    ),
    ("smtp_alert foo", 5, &["Invalid vrrp_instance smtp_alert parameter foo"]),
    ("smtp_alert", 0, &[]),
    (
        "lvs_sync_daemon_interface eth0",
        5,
        &[
            "(A) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.",
            "Please use global lvs_sync_daemon",
        ],
    ),
    (
        "garp_master_delay 5000",
        5,
        &["number '5000' outside range [0, 4294]", "(A): garp_master_delay '5000' invalid - ignoring"],
    ),
    ("garp_master_delay x", 5, &["invalid number 'x'", "(A): garp_master_delay 'x' invalid - ignoring"]),
    ("garp_master_refresh x", 5, &["invalid number 'x'", "(A): Invalid garp_master_refresh 'x' - ignoring"]),
    (
        "garp_master_refresh -1",
        5,
        &["negative number '-1'", "(A): Invalid garp_master_refresh '-1' - ignoring"],
    ),
    ("garp_master_repeat 0", 5, &["(A): garp_master_repeat must be greater than 0, setting to 1"]),
    ("garp_master_repeat x", 5, &["invalid number 'x'", "(A): garp_master_repeat 'x' invalid - ignoring"]),
    (
        "garp_master_refresh_repeat 0",
        5,
        &["(A): garp_master_refresh_repeat must be greater than 0, setting to 1"],
    ),
    (
        "garp_lower_prio_delay x",
        5,
        &["invalid number 'x'", "(A): garp_lower_prio_delay 'x' invalid - ignoring"],
    ),
    ("garp_lower_prio_repeat x", 5, &["invalid number 'x'", "(A): Invalid garp_lower_prio_repeat 'x'"]),
    (
        "down_timer_adverts 0",
        5,
        &["number '0' outside range [1, 100]", "(A): Invalid down_timer_adverts [1:100] '0'"],
    ),
    (
        "down_timer_adverts 101",
        5,
        &["number '101' outside range [1, 100]", "(A): Invalid down_timer_adverts [1:100] '101'"],
    ),
    ("garp_extra_if all", 5, &["(A): garp_extra_if specified without time - ignoring"]),
    ("garp_extra_if 0", 0, &[]),
    ("garp_extra_if all 10", 0, &[]),
    ("garp_extra_if x", 5, &["invalid number 'x'", "(A): garp_extra_if 'x' invalid - ignoring"]),
    (
        "garp_extra_if 90000",
        5,
        &["number '90000' outside range [0, 86400]", "(A): garp_extra_if '90000' invalid - ignoring"],
    ),
    ("garp_extra_if", 5, &["(A): garp_extra_if specified without time - ignoring"]),
    ("vmac_garp_intvl 10", 5, &["Keyword \"vmac_garp_intvl\" is deprecated - please use \"garp_extra_if\""]),
    ("lower_prio_no_advert foo", 5, &["(A) invalid lower_prio_no_advert foo specified"]),
    ("higher_prio_send_advert foo", 5, &["(A) invalid higher_prio_send_advert foo specified"]),
    ("notify_priority_changes foo", 5, &["(A) Invalid value 'foo' for notify_priority_changes specified"]),
    ("kernel_rx_buf_size x", 5, &["invalid number 'x'", "(A) invalid kernel_rx_buf_size specified"]),
    ("kernel_rx_buf_size", 5, &["(A) invalid kernel_rx_buf_size specified"]),
    ("kernel_rx_buf_size 5 6", 5, &["(A) invalid kernel_rx_buf_size specified"]),
    ("kernel_rx_buf_size 5", 0, &[]),
    ("authentication { }", 0, &[]),
    ("authentication { auth_type foo }", 5, &["(A) unknown authentication type 'foo'"]),
    (
        "authentication { auth_type PASS }",
        5,
        &["(A) Authentication specified but no password given. Ignoring"],
    ),
    ("authentication { auth_pass abcdefghijk }", 5, &["Truncating auth_pass to 8 characters"]),
    ("authentication { auth_type AH|auth_pass ab }", 0, &[]),
    ("state MASTER|priority 255|authentication { auth_type AH|auth_pass ab }", 0, &[]),
    (
        "state MASTER|priority 100|authentication { auth_type AH|auth_pass ab }",
        5,
        &["(A) Initial state master is incompatible with AH authentication - clearing"],
    ),
    (
        "state MASTER|priority 100|nopreempt|preempt_delay 5|authentication { auth_type AH|auth_pass ab }",
        5,
        &[
            "(A) Initial state master is incompatible with AH authentication - clearing",
            "(A) preempt_delay is incompatible with nopreempt mode - resetting",
        ],
    ),
    (
        "state MASTER|priority 100|nopreempt|authentication { auth_type AH }",
        5,
        &[
            "(A) Authentication specified but no password given. Ignoring",
            "(A) Warning - nopreempt will not work with initial state MASTER - clearing",
        ],
    ),
    (
        "state MASTER|priority 100|strict_mode on|authentication { auth_type AH|auth_pass ab }",
        5,
        &[
            "(A) State MASTER must match being address owner",
            "(A) Strict mode does not support authentication. Ignoring.",
        ],
    ),
    (
        "authentication { auth_type }",
        2,
        &[
            "*** Configuration line starting `auth_type` is missing a parameter after keyword `auth_type` at word position 2",
        ],
    ),
    (
        "authentication { auth_type PASS|auth_pass abc|}|version 3",
        5,
        &["(A) VRRP version 3 does not support authentication. Ignoring."],
    ),
    ("authentication { auth_pass abc|auth_type PASS|}", 0, &[]),
    ("promote_secondaries", 0, &[]),
    (
        "use_vmac|promote_secondaries",
        5,
        &["(A) promote_secondaries is automatically set for vmacs - ignoring"],
    ),
    ("vmac_xmit_base", 5, &["(A) vmac_xmit_base is only valid with a vmac"]),
    (
        "use_vmac|vmac_xmit_base|strict_mode",
        5,
        &["(A) xmit_base is incompatible with strict mode - resetting"],
    ),
    (
        "use_vmac x 00:11:22:33:44:55|strict_mode|use_ipvlan",
        5,
        &[
            "(A): cannot specify MAC address with strict mode - clearing",
            "(A) IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state",
        ],
    ),
    ("use_vmac_addr", 0, &[]),
    ("interface eth1", 0, &[]),
    ("virtual_router_id 52", 0, &[]),
    (
        "track_interface { eth1 weight 300 }",
        5,
        &[
            "number '300' outside range [-254, 254]",
            "(A) weight 300 for eth1 must be between [-253..253] inclusive. Ignoring...",
        ],
    ),
    (
        "track_interface { eth1 weight }",
        5,
        &["(A) weight without value specified for track_interface eth1 - ignoring"],
    ),
    ("track_interface { eth1 foo }", 5, &["(A) unknown track_interface eth1 option foo - ignoring"]),
    (
        "track_interface { eth1 weight 10 foo }",
        5,
        &["(A) unknown track_interace eth1 weight option foo - ignoring"],
    ),
    (
        "track_interface { eth1 weight -254 reverse }",
        5,
        &["(A) weight for eth1 cannot be +/-254. Setting to +/-253"],
    ),
    ("track_script { nope }", 5, &["(A) track script nope not found, ignoring..."]),
    ("track_file { nope }", 5, &["(A) track file nope not found, ignoring..."]),
    ("track_process { nope }", 5, &["(A) track process nope not found, ignoring..."]),
    ("track_bfd { nope }", 5, &["(A) track bfd nope not found, ignoring..."]),
    ("lvs_id x", 5, &["Unknown keyword 'lvs_id'"]),
    ("notify_primary x", 5, &["Unknown keyword 'notify_primary'"]),
    (
        "virtual_routes { 192.0.2.0/24 dev nonex4 }",
        5,
        &[
            "WARNING - interface nonex4 for VROUTE nexthop doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    (
        "virtual_rules { from 192.0.2.0/24 iif nonex5 table 1 }",
        5,
        &[
            "WARNING - interface nonex5 for rule doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    ("virtual_routes { 0.0.0.0/0 via 192.0.2.254 dev eth0 table 5 metric 3 }", 0, &[]),
    ("virtual_routes { src 192.0.2.10 to 10.0.0.0/8 via 192.0.2.254 dev eth0 }", 0, &[]),
    (
        "virtual_routes { 10.0.0.0/8 gateway 192.0.2.254 }",
        5,
        &["VRRP parsed invalid IP gateway. skipping IP...", "unknown route keyword gateway"],
    ),
];

/// Lines of `global_defs`.
const GLOBAL: &[Case] = &[
    (
        "process_name abcdefghijklmnopqrs",
        5,
        &["Process name abcdefghijklmnopqrs more than 15 characters, truncating"],
    ),
    (
        "process_name",
        2,
        &[
            "*** Configuration line starting `process_name` is missing a parameter after keyword `process_name` at word position 2",
        ],
    ),
    (
        "vrrp_process_name",
        2,
        &[
            "*** Configuration line starting `vrrp_process_name` is missing a parameter after keyword `vrrp_process_name` at word position 2",
        ],
    ),
    ("lvs_process_name x", 0, &[]),
    ("router_id", 5, &["routerid name missing - ignoring"]),
    ("notification_email_from", 5, &["emailfrom missing - ignoring"]),
    (
        "smtp_server",
        2,
        &[
            "*** Configuration line starting `smtp_server` is missing a parameter after keyword `smtp_server` at word position 2",
        ],
    ),
    ("smtp_server foo bar", 5, &["invalid number 'bar'", "Invalid smtp server foo bar"]),
    (
        "smtp_server 192.0.2.1 99999",
        5,
        &["number '99999' outside range [1, 65535]", "Invalid smtp server 192.0.2.1 99999"],
    ),
    ("smtp_helo_name", 0, &[]),
    ("smtp_connect_timeout 0", 5, &["smtp_conect_timeout must be greater than 0, setting to 1"]),
    (
        "smtp_connect_timeout x",
        5,
        &["invalid number 'x'", "smtp_connect_timeout 'x' must be in [0, 4294] - ignoring"],
    ),
    (
        "smtp_connect_timeout 5000",
        5,
        &[
            "number '5000' outside range [0, 4294]",
            "smtp_connect_timeout '5000' must be in [0, 4294] - ignoring",
        ],
    ),
    (
        "smtp_connect_timeout",
        2,
        &[
            "*** Configuration line starting `smtp_connect_timeout` is missing a parameter after keyword `smtp_connect_timeout` at word position 2",
        ],
    ),
    ("notification_email { }", 5, &["Warning - empty notification_email block"]),
    ("notification_email { a@b c@d }", 0, &[]),
    ("smtp_alert x", 5, &["Invalid value 'x' for global smtp_alert specified"]),
    ("startup_script", 5, &["startup script missing"]),
    ("startup_script /nonexist", 0, &[]),
    (
        "startup_script /bin/true|startup_script /bin/true",
        6,
        &[
            "startup script already specified",
            "SECURITY VIOLATION - start/shutdown scripts are being executed but script_security not enabled.",
        ],
    ),
    ("startup_script_timeout", 5, &["startup_script_timeout requires value"]),
    (
        "startup_script_timeout 0",
        5,
        &["number '0' outside range [1, 1000]", "startup_script_timeout '0' must be in [1, 1000] - ignoring"],
    ),
    (
        "shutdown_script_timeout x",
        5,
        &["invalid number 'x'", "shutdown_script_timeout 'x' must be in [1, 1000] - ignoring"],
    ),
    (
        "max_auto_priority 100",
        5,
        &[
            "number '100' outside range [-1, 99]",
            "max_auto_priority '100' must be in [0, 99] (or -1 to disable) - ignoring",
        ],
    ),
    (
        "max_auto_priority x",
        5,
        &["invalid number 'x'", "max_auto_priority 'x' must be in [0, 99] (or -1 to disable) - ignoring"],
    ),
    (
        "max_auto_priority -2",
        5,
        &[
            "number '-2' outside range [-1, 99]",
            "max_auto_priority '-2' must be in [0, 99] (or -1 to disable) - ignoring",
        ],
    ),
    ("max_auto_priority -1", 0, &[]),
    ("max_auto_priority", 0, &[]),
    (
        "min_auto_priority_delay 0",
        5,
        &[
            "number '0' outside range [1, 10000000]",
            "min_auto_priority_delay '0' must be in [1, 10000000] - ignoring",
        ],
    ),
    ("min_auto_priority_delay", 5, &["min_auto_priority_delay requires delay time"]),
    ("checker_log_all_failures x", 5, &["Invalid value for checker_log_all_failures specified"]),
    ("dynamic_interfaces foo", 5, &["Unknown dynamic_interfaces option 'foo'"]),
    ("default_interface", 5, &["default_interface requires interface name"]),
    ("default_interface nonex", 0, &[]),
    ("lvs_timeouts", 5, &["lvs_timeouts requires at least one option"]),
    ("lvs_timeouts tcp", 5, &["lvs_timeouts requires at least one option"]),
    ("lvs_timeouts tcp x", 5, &["invalid number 'x'", "Invalid lvs_timeout tcp (x) - ignoring"]),
    (
        "lvs_timeouts foo 5",
        5,
        &["Unknown option foo specified for lvs_timeouts", "Unknown option 5 specified for lvs_timeouts"],
    ),
    (
        "lvs_timeouts tcp 3000000",
        5,
        &["number '3000000' outside range [0, 2678400]", "Invalid lvs_timeout tcp (3000000) - ignoring"],
    ),
    ("lvs_flush junk", 0, &[]),
    ("lvs_flush_on_stop foo", 5, &["Unknown lvs_flush_on_stop type foo"]),
    ("lvs_flush_on_stop VS", 0, &[]),
    ("lvs_sync_daemon", 5, &["lvs_sync_daemon requires interface"]),
    ("lvs_sync_daemon eth0", 0, &[]),
    (
        "lvs_sync_daemon eth0 inst A id 300",
        5,
        &["number '300' outside range [0, 255]", "Invalid syncid (300) - defaulting to vrid"],
    ),
    ("lvs_sync_daemon eth0 A 5", 5, &["Please use keyword \"id\" before lvs_sync_daemon SYNCID"]),
    (
        "lvs_sync_daemon eth0 A maxlen 0 port 0 ttl 0 group 1.2.3.4",
        5,
        &[
            "number '0' outside range [1, 65507]",
            "Invalid lvs_sync_daemon maxlen (0) - ignoring",
            "number '0' outside range [1, 65535]",
            "Invalid lvs_sync_daemon port (0) - ignoring",
            "number '0' outside range [1, 255]",
            "Invalid lvs_sync_daemon ttl (0) - ignoring",
            "lvs_sync_daemon group address 1.2.3.4 is not multicast - ignoring",
        ],
    ),
    (
        "lvs_sync_daemon eth0 A foo 1",
        5,
        &[
            "invalid number 'foo'",
            "Invalid syncid (foo) - defaulting to vrid",
            "Unknown option 1 specified for lvs_sync_daemon",
        ],
    ),
    ("vrrp_mcast_group4 10.0.0.1", 5, &["vrrp_mcast_group4 [10.0.0.1] is not multicast. Skipping"]),
    ("vrrp_mcast_group4 x", 5, &["Can't parse vrrp_mcast_group4 [x]. Skipping"]),
    ("vrrp_mcast_group6 fe80::1", 5, &["vrrp_mcast_group6 [fe80::1] is not multicast. Skipping"]),
    ("vrrp_mcast_group6 ff05::12", 5, &["vrrp_mcast_group6 [ff05::12] should be link-local multicast."]),
    (
        "vrrp_mcast_group6",
        2,
        &[
            "*** Configuration line starting `vrrp_mcast_group6` is missing a parameter after keyword `vrrp_mcast_group6` at word position 2",
        ],
    ),
    ("vrrp_garp_master_delay x", 5, &["invalid number 'x'", "vrrp_garp_master_delay 'x' invalid - ignoring"]),
    (
        "vrrp_garp_master_delay 5000",
        5,
        &["number '5000' outside range [0, 4294]", "vrrp_garp_master_delay '5000' invalid - ignoring"],
    ),
    ("vrrp_garp_master_repeat 0", 5, &["vrrp_garp_master_repeat must be greater than 0, setting to 1"]),
    (
        "vrrp_garp_master_repeat x",
        5,
        &["invalid number 'x'", "vrrp_garp_master_repeat 'x' invalid - ignoring"],
    ),
    (
        "vrrp_garp_master_refresh x",
        5,
        &["invalid number 'x'", "Invalid vrrp_garp_master_refresh 'x' - ignoring"],
    ),
    (
        "vrrp_garp_master_refresh_repeat 0",
        5,
        &["vrrp_garp_master_refresh_repeat must be greater than 0, setting to 1"],
    ),
    (
        "vrrp_garp_master_refresh_repeat x",
        5,
        &["invalid number 'x'", "vrrp_garp_master_refresh_repeat 'x' invalid - ignoring"],
    ),
    (
        "vrrp_garp_lower_prio_delay x",
        5,
        &["invalid number 'x'", "vrrp_garp_lower_prio_delay 'x' invalid - ignoring"],
    ),
    ("vrrp_garp_lower_prio_repeat x", 5, &["invalid number 'x'", "Invalid vrrp_garp_lower_prio_repeat 'x'"]),
    (
        "vrrp_down_timer_adverts 0",
        5,
        &["number '0' outside range [1, 100]", "Invalid vrrp_down_timer_adverts [1:100] '0'"],
    ),
    ("vrrp_garp_interval x", 5, &["invalid number 'x'", "vrrp_garp_interval 'x' is invalid"]),
    (
        "vrrp_garp_interval 0",
        5,
        &["number '0' outside range [0.000001, 4294.967295]", "vrrp_garp_interval '0' is invalid"],
    ),
    ("vrrp_garp_interval 2", 0, &[]),
    ("vrrp_gna_interval x", 5, &["invalid number 'x'", "vrrp_gna_interval 'x' is invalid"]),
    ("vrrp_min_garp foo", 5, &["Invalid value for vrrp_min_garp specified"]),
    ("vrrp_min_garp", 0, &[]),
    ("vrrp_garp_extra_if", 5, &["vrrp_garp_extra_if specified without time - ignoring"]),
    (
        "vrrp_garp_extra_if 0",
        5,
        &["number '0' outside range [1, 86400]", "vrrp_garp_extra_if '0' invalid - ignoring"],
    ),
    ("vrrp_garp_extra_if all", 5, &["vrrp_garp_extra_if specified without time - ignoring"]),
    (
        "vrrp_vmac_garp_intvl 10",
        5,
        &["Keyword \"vrrp_vmac_garp_intvl\" is deprecated - please use \"vrrp_garp_extra_if\""],
    ),
    ("vrrp_lower_prio_no_advert x", 5, &["Invalid value for vrrp_lower_prio_no_advert specified"]),
    ("vrrp_higher_prio_send_advert x", 5, &["Invalid value for vrrp_higher_prio_send_advert specified"]),
    ("vrrp_version 4", 5, &["number '4' outside range [2, 3]", "VRRP Error: Version must be either 2 or 3"]),
    ("vrrp_version x", 5, &["invalid number 'x'", "VRRP Error: Version must be either 2 or 3"]),
    (
        "vrrp_iptables",
        5,
        &[
            "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' config option",
        ],
    ),
    (
        "vrrp_iptables a b",
        5,
        &[
            "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' config option",
        ],
    ),
    ("nftables abcdefghijklmnopqrstuvwxyzabcdefgh", 0, &[]),
    ("nftables a|nftables b", 5, &["nftables already specified - ignoring"]),
    ("nftables_priority x", 5, &["invalid number 'x'", "invalid nftables chain priority 'x'"]),
    ("nftables_ifindex", 0, &[]),
    ("vrrp_skip_check_adv_addr x", 0, &[]),
    ("vrrp_strict x", 0, &[]),
    (
        "vrrp_priority 20",
        5,
        &["number '20' outside range [-20, 19]", "Invalid vrrp process priority specified"],
    ),
    ("vrrp_priority", 5, &["No vrrp process priority specified"]),
    (
        "checker_priority 20",
        5,
        &["number '20' outside range [-20, 19]", "Invalid checker process priority specified"],
    ),
    (
        "vrrp_rt_priority 100",
        5,
        &["vrrp process real-time priority 100 greater than maximum 99 - setting to maximum"],
    ),
    ("bfd_rt_priority x", 5, &["invalid number 'x'", "bfd process real-time priority 'x' invalid"]),
    (
        "vrrp_rt_priority 0",
        5,
        &["vrrp process real-time priority 0 less than minimum 1 - setting to minimum"],
    ),
    ("vrrp_cpu_affinity", 5, &["No vrrp cpu_id set specified"]),
    ("vrrp_cpu_affinity x", 5, &["invalid number 'x'", "Invalid cpu_id:0 specified for vrrp process"]),
    ("vrrp_cpu_affinity 0 0", 0, &[]),
    (
        "vrrp_rlimit_rttime 0",
        5,
        &["number '0' outside range [1, 4294967295]", "Invalid vrrp real-time limit - 0"],
    ),
    ("vrrp_rlimit_rttime x", 5, &["invalid number 'x'", "Invalid vrrp real-time limit - x"]),
    ("vrrp_rlimit_rtime 5", 0, &[]),
    ("bfd_rlimit_rttime x", 5, &["invalid number 'x'", "Invalid bfd real-time limit - x"]),
    ("checker_rlimit_rttime x", 5, &["invalid number 'x'", "Invalid checker real-time limit - x"]),
    ("checker_cpu_affinity", 5, &["No checker cpu_id set specified"]),
    ("bfd_cpu_affinity", 5, &["No bfd cpu_id set specified"]),
    ("checker_rt_priority", 5, &["No checker process real-time priority specified"]),
    ("nftables_ipvs|nftables_ipvs x", 5, &["ipvs nftables already specified - ignoring"]),
    ("nftables_ipvs_priority x", 5, &["invalid number 'x'", "invalid ipvs nftables chain priority 'x'"]),
    (
        "nftables_ipvs_start_fwmark 0",
        5,
        &["number '0' outside range [1, 4294967295]", "invalid ipvs nftables start_fwmark priority '0'"],
    ),
    (
        "nftables_ipvs_start_fwmark x",
        5,
        &["invalid number 'x'", "invalid ipvs nftables start_fwmark priority 'x'"],
    ),
    ("notify_fifo", 5, &["No notify_fifo name specified"]),
    ("notify_fifo /tmp/f nouser", 0, &[]),
    ("notify_fifo /tmp/f root nogrp", 0, &[]),
    ("notify_fifo /tmp/f|notify_fifo /tmp/f", 5, &["notify_fifo already specified - ignoring /tmp/f"]),
    ("notify_fifo_script", 5, &["No notify_fifo_script specified"]),
    ("notify_fifo_script /nonexist", 0, &[]),
    (
        "notify_fifo_script /bin/true|notify_fifo_script /bin/true",
        5,
        &["notify_fifo_script already specified - ignoring /bin/true"],
    ),
    ("notify_fifo /tmp/f|vrrp_notify_fifo /tmp/f", 0, &[]),
    (
        "vrrp_notify_fifo /tmp/f|lvs_notify_fifo /tmp/f|vrrp_notify_fifo_script /bin/true|lvs_notify_fifo_script /bin/true",
        0,
        &[],
    ),
    (
        "vrrp_notify_priority_changes x",
        5,
        &["Invalid value 'x' for global vrrp_notify_priority_changes specified"],
    ),
    ("snmp_socket", 5, &["SNMP error : snmp socket name missing"]),
    ("snmp_socket a b", 5, &["Too many parameters specified for snmp_socket - ignoring"]),
    ("snmp_socket a|snmp_socket b", 5, &["SNMP socket already set to a - ignoring"]),
    ("dbus_service_name", 5, &["dbus_service_name missing - ignoring"]),
    ("dbus_service_name foo", 0, &[]),
    ("script_user", 5, &["No script username specified"]),
    ("script_user nouser", 5, &["Error setting global script uid/gid"]),
    ("script_user root nogrp", 5, &["Error setting global script uid/gid"]),
    ("script_user root", 0, &[]),
    ("vrrp_netlink_cmd_rcv_bufs", 5, &["vrrp_netlink_cmd_rcv_bufs size missing"]),
    ("vrrp_netlink_cmd_rcv_bufs x", 5, &["invalid number 'x'", "vrrp_netlink_cmd_rcv_bufs size (x) invalid"]),
    ("vrrp_netlink_cmd_rcv_bufs 0", 0, &[]),
    (
        "vrrp_netlink_cmd_rcv_bufs_force x",
        5,
        &["Invalid value 'x' for global vrrp_netlink_cmd_rcv_bufs_force specified"],
    ),
    ("process_monitor_rcv_bufs x", 5, &["invalid number 'x'", "process_monitor_rcv_bufs size (x) invalid"]),
    ("lvs_netlink_monitor_rcv_bufs", 5, &["lvs_netlink_monitor_rcv_bufs size missing"]),
    ("rs_init_notifies x", 5, &["Invalid value 'x' for global rs_init_notifies specified"]),
    ("no_checker_emails x", 5, &["Invalid value 'x' for global no_checker_emails specified"]),
    ("vrrp_rx_bufs_policy", 5, &["vrrp_rx_bufs_policy missing"]),
    ("vrrp_rx_bufs_policy foo", 5, &["invalid number 'foo'", "Invalid vrrp_rx_bufs_policy foo"]),
    (
        "vrrp_rx_bufs_policy mtu advert",
        5,
        &["Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT"],
    ),
    ("vrrp_rx_bufs_policy 100 mtu", 5, &["Cannot set vrrp_rx_bufs_policy size and policy, ignoring policy"]),
    (
        "vrrp_rx_bufs_policy advert mtu",
        5,
        &["Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT"],
    ),
    ("vrrp_rx_bufs_policy 0", 0, &[]),
    ("vrrp_rx_bufs_policy 5x", 5, &["invalid number '5x'", "Invalid vrrp_rx_bufs_policy 5x"]),
    ("vrrp_rx_bufs_multiplier", 5, &["Invalid vrrp_rx_bufs_multiplier"]),
    (
        "vrrp_rx_bufs_multiplier 0",
        5,
        &["number '0' outside range [1, 4294967295]", "Invalid vrrp_rx_bufs_multiplier 0"],
    ),
    ("vrrp_rx_bufs_multiplier 3 4", 5, &["Invalid vrrp_rx_bufs_multiplier"]),
    ("vrrp_rx_bufs_multiplier x", 5, &["invalid number 'x'", "Invalid vrrp_rx_bufs_multiplier x"]),
    (
        "vrrp_startup_delay 0",
        5,
        &["number '0' outside range [0.001000, 4294.967295]", "vrrp_startup_delay '0' is invalid"],
    ),
    ("vrrp_startup_delay x", 5, &["invalid number 'x'", "vrrp_startup_delay 'x' is invalid"]),
    ("vmac_prefix abcdefghijklmnop", 0, &[]),
    (
        "vmac_prefix",
        2,
        &[
            "*** Configuration line starting `vmac_prefix` is missing a parameter after keyword `vmac_prefix` at word position 2",
        ],
    ),
    ("vmac_prefix a|vmac_prefix b", 5, &["vmac prefix has already been specified - ignoring b"]),
    ("umask 01000", 5, &["invalid umask value 01000"]),
    ("umask x", 5, &["Unknown umask bit x"]),
    ("umask 022", 0, &[]),
    (
        "umask",
        2,
        &[
            "*** Configuration line starting `umask` is missing a parameter after keyword `umask` at word position 2",
        ],
    ),
    ("random_seed x", 5, &["invalid number 'x'", "random_seed x invalid"]),
    ("reload_check_config", 0, &[]),
    ("reload_time_file", 5, &["reload_time_file invalid"]),
    ("reload_time_file a b", 5, &["reload_time_file invalid"]),
    ("reload_file", 0, &[]),
    ("include_check", 0, &[]),
    ("include_check readable", 5, &["Unknown include_check type 'readable' - ignoring"]),
    ("include_check foo", 5, &["Unknown include_check type 'foo' - ignoring"]),
    (
        "config_save_dir",
        2,
        &[
            "*** Configuration line starting `config_save_dir` is missing a parameter after keyword `config_save_dir` at word position 2",
        ],
    ),
    ("tmp_config_directory", 5, &["tmp_config_directory missing directory name"]),
    (
        "tmp_config_directory /tmp|tmp_config_directory /tmp",
        5,
        &["tmp_config_directory already specified - ignoring"],
    ),
    ("data_use_instance x", 5, &["Invalid value 'x' for global date_use_instance specified"]),
    ("linkbeat_use_polling", 5, &["Unknown keyword 'linkbeat_use_polling'"]),
    ("enable_dbus", 0, &[]),
    ("enable_snmp_rfc", 0, &[]),
    ("vrrp_no_swap x", 0, &[]),
    ("no_email_faults x", 0, &[]),
    ("state_file_location x", 5, &["Unknown keyword 'state_file_location'"]),
    ("garp_master_delay 5", 5, &["Unknown keyword 'garp_master_delay'"]),
    ("lvs_sync_daemon_inteface eth0 A", 5, &["Unknown keyword 'lvs_sync_daemon_inteface'"]),
];

/// Lines of `static_routes`.
const ROUTES: &[Case] = &[
    ("192.0.2.0/24 dev eth0", 0, &[]),
    (
        "to 192.0.2.0/24 via 192.0.2.3",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
    (
        "192.0.2.0/33 dev eth0",
        5,
        &[
            "number '33' outside range [0, 32]",
            "Invalid address prefix len 33 for address 192.0.2.0/33 - using 32",
        ],
    ),
    ("foo dev eth0", 5, &["VRRP parsed invalid IP foo. skipping IP...", "unknown route keyword foo"]),
    (
        "192.0.2.0/24 via foo",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "invalid route via address foo"],
    ),
    ("192.0.2.0/24 via fe80::1 dev eth0", 5, &["Cannot mix IPv4 and IPv6 addresses for route"]),
    ("192.0.2.0/24 via inet6 fe80::1 dev eth0", 5, &["Cannot mix IPv4 and IPv6 addresses for route"]),
    (
        "192.0.2.0/24 gw 192.0.2.3",
        5,
        &[
            "\"gw\" for routes is deprecated. Please use \"via\"",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
        ],
    ),
    (
        "192.0.2.0/24 gw 192.0.2.3 or 192.0.2.4",
        5,
        &[
            "\"gw\" for routes is deprecated. Please use \"via\"",
            "\"or\" for routes is deprecated. Please use \"nexthop\"",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
        ],
    ),
    ("192.0.2.0/24 src fe80::1 dev eth0", 5, &["Cannot mix IPv4 and IPv6 addresses for route"]),
    (
        "192.0.2.0/24 src foo dev eth0",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "invalid route src address foo"],
    ),
    ("192.0.2.0/24 from 192.0.2.1 dev eth0", 5, &["route from address only supported with IPv6 (192.0.2.1)"]),
    ("2001:db8::/64 from 2001:db8:1::/64 dev eth0", 0, &[]),
    ("192.0.2.0/24 tos 300 dev eth0", 5, &["TOS value 300 is invalid"]),
    ("192.0.2.0/24 table foo dev eth0", 5, &["Routing table foo not found for route"]),
    ("192.0.2.0/24 table 0 dev eth0", 0, &[]),
    ("192.0.2.0/24 protocol 300 dev eth0", 5, &["Protocol 300 not found or invalid for route"]),
    (
        "192.0.2.0/24 protocol static dev eth0",
        5,
        &["Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol"],
    ),
    ("192.0.2.0/24 protocol static no_track dev eth0", 0, &[]),
    ("192.0.2.0/24 scope foo dev eth0", 5, &["Scope foo not found or invalid for route"]),
    ("192.0.2.0/24 metric x dev eth0", 5, &["invalid number 'x'", "Invalid metric x specified for route"]),
    ("192.0.2.0/24 metric 5 priority 6 dev eth0", 0, &[]),
    (
        "192.0.2.0/24 dev nonex",
        5,
        &[
            "WARNING - interface nonex for VROUTE nexthop doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    ("192.0.2.0/24 onlink dev eth0", 0, &[]),
    ("192.0.2.0/24 expires 5 dev eth0", 5, &["expires is only valid for IPv6"]),
    (
        "2001:db8::/64 expires x dev eth0",
        5,
        &["invalid number 'x'", "Invalid expires time x specified for route"],
    ),
    ("192.0.2.0/24 mtu x dev eth0", 5, &["invalid number 'x'", "Invalid MTU x specified for route"]),
    ("192.0.2.0/24 mtu lock 1400 dev eth0", 0, &[]),
    (
        "192.0.2.0/24 hoplimit 300 dev eth0",
        5,
        &["number '300' outside range [0, 255]", "Invalid hoplimit 300 specified for route"],
    ),
    ("192.0.2.0/24 rtt x dev eth0", 5, &["invalid number 'x'", "Invalid rtt x for route"]),
    ("192.0.2.0/24 rtt 5 dev eth0", 0, &[]),
    ("192.0.2.0/24 rtt 500s dev eth0", 0, &[]),
    ("192.0.2.0/24 rto_min lock 300ms dev eth0", 0, &[]),
    (
        "192.0.2.0/24 window x dev eth0",
        5,
        &["invalid number 'x'", "Invalid window value x specified for route"],
    ),
    ("192.0.2.0/24 realms foo dev eth0", 5, &["Invalid realms foo for route"]),
    ("192.0.2.0/24 realms 5/6 dev eth0", 0, &[]),
    ("2001:db8::/64 realms 5 dev eth0", 5, &["realms are only valid for IPv4"]),
    ("192.0.2.0/24 features foo dev eth0", 5, &["feature foo not supported"]),
    ("192.0.2.0/24 features ecn dev eth0", 0, &[]),
    (
        "192.0.2.0/24 quickack 2 dev eth0",
        5,
        &["number '2' outside range [0, 1]", "Invalid quickack value 2 specified for route"],
    ),
    ("192.0.2.0/24 congctl lock reno dev eth0", 0, &[]),
    ("192.0.2.0/24 pref foo dev eth0", 5, &["pref is only valid for IPv6"]),
    (
        "2001:db8::/64 pref foo dev eth0",
        5,
        &["invalid number 'foo'", "Invalid pref value foo specified for route"],
    ),
    ("2001:db8::/64 pref high dev eth0", 0, &[]),
    ("192.0.2.0/24 ttl-propagate foo dev eth0", 5, &["ttl-propagate value foo not recognised"]),
    ("192.0.2.0/24 ttl-propagate enabled dev eth0", 0, &[]),
    (
        "192.0.2.0/24 fastopen_no_cookie 2 dev eth0",
        5,
        &["number '2' outside range [0, 1]", "Invalid fastopen_no_cookie value 2 specified for route"],
    ),
    ("192.0.2.0/24 add append dev eth0", 0, &[]),
    ("192.0.2.0/24 as to 1.2.3.4 dev eth0", 5, &["\"as to\" for MPLS only - ignoring"]),
    ("192.0.2.0/24 vrf nonex dev eth0", 5, &["VRF nonex not found for route"]),
    ("192.0.2.0/24 track_group G dev eth0", 5, &["track_group G not found"]),
    (
        "192.0.2.0/24 nexthop via 192.0.2.3 weight 5 nexthop dev eth1 weight 300",
        5,
        &[
            "number '300' outside range [0, 256]",
            "Invalid weight 300 specified for route",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
        ],
    ),
    (
        "192.0.2.0/24 nexthop via 192.0.2.3 foo",
        5,
        &[
            "Route has trailing nonsense after nexthops - foo",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
        ],
    ),
    (
        "192.0.2.0/24 nexthop",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
    (
        "192.0.2.0/24 nexthop via fe80::1",
        5,
        &[
            "Address family mismatch for next hop",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
        ],
    ),
    (
        "192.0.2.0/24 nexthop weight 3 dev nonex",
        5,
        &[
            "WARNING - interface nonex for VROUTE nexthop doesn't exist",
            "Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking",
            "Non-existent interface specified in configuration",
        ],
    ),
    (
        "192.0.2.0/24 nexthop via 192.0.2.3 dev eth0",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
    (
        "192.0.2.0/24 via 192.0.2.3 nexthop via 192.0.2.3 dev eth0",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
    (
        "192.0.2.0/24 foo dev eth0",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "unknown route keyword foo"],
    ),
    ("dev eth0", 5, &["Route must have a destination"]),
    (
        "blackhole 192.0.2.0/24",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
    (
        "unreachable default",
        5,
        &["Warning - cannot track route default with no interface specified, not tracking"],
    ),
    ("default6 via fe80::1 dev eth0", 0, &[]),
    ("default via fe80::1 dev eth0", 0, &[]),
    ("192.0.2.0/24 192.0.3.0/24 dev eth0", 0, &[]),
    ("192.0.2.0/24 encap ip id 5 dst 1.2.3.4 dev eth0", 0, &[]),
    ("192.0.2.0/24 encap ip dev eth0", 5, &["address or id missing for ip encapsulation"]),
    ("192.0.2.0/24 encap ip6 id 5 dst fe80::1 hoplimit 3 tc 4 flags 1 dev eth0", 0, &[]),
    ("192.0.2.0/24 encap mpls 100/200 dev eth0", 0, &[]),
    ("192.0.2.0/24 encap mpls x dev eth0", 5, &["invalid mpls address x for encapsulation"]),
    ("192.0.2.0/24 encap ila 1:2:3:4 dev eth0", 0, &[]),
    ("192.0.2.0/24 encap ila x dev eth0", 5, &["invalid locator x for ila encapsulation"]),
    (
        "192.0.2.0/24",
        5,
        &["Warning - cannot track route 192.0.2.0/24 with no interface specified, not tracking"],
    ),
];

/// Lines of `static_rules`.
const RULES: &[Case] = &[
    (
        "from 192.0.2.0/24 table 5",
        5,
        &["Rule has no preference specified - setting to 16384. This is probably not what you want."],
    ),
    ("from 192.0.2.0/24 table 5 priority 100", 0, &[]),
    (
        "from foo table 5 priority 100",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "Invalid rule from address foo"],
    ),
    (
        "to foo table 5 priority 100",
        5,
        &["VRRP parsed invalid IP foo. skipping IP...", "Invalid rule to address foo"],
    ),
    ("from 192.0.2.0/24 to fe80::1 table 5 priority 100", 5, &["rule specification has mixed IPv4 and IPv6"]),
    ("from 192.0.2.0/24", 5, &["No action specified for rule - ignoring"]),
    ("table 5 priority 100", 0, &[]),
    ("table 0 priority 100", 5, &["Table 0 is not valid"]),
    ("table foo priority 100", 5, &["Routing table foo not found for rule"]),
    ("lookup main priority 100", 0, &[]),
    (
        "from 192.0.2.0/24 table 5 preference x",
        5,
        &["invalid number 'x'", "Invalid rule preference preference specified"],
    ),
    ("from 192.0.2.0/24 table 5 order 0x10", 0, &[]),
    ("not from 192.0.2.0/24 table 5 priority 1", 0, &[]),
    ("from 192.0.2.0/24 tos 300 table 5 priority 1", 5, &["TOS value 300 is invalid"]),
    ("from 192.0.2.0/24 fwmark x table 5 priority 1", 5, &["Invalid rule fwmark x specified"]),
    ("from 192.0.2.0/24 fwmark 1/x table 5 priority 1", 5, &["Invalid rule fwmark 1/x specified"]),
    ("from 192.0.2.0/24 fwmark 0x1/0xff table 5 priority 1", 0, &[]),
    ("from 192.0.2.0/24 realms foo table 5 priority 1", 5, &["invalid realms foo for rule"]),
    ("from fe80::1 realms 5 table 5 priority 1", 5, &["realms is only valid for IPv4"]),
    (
        "from 192.0.2.0/24 suppress_prefixlength x table 5 priority 1",
        5,
        &["invalid number 'x'", "Invalid suppress_prefixlength suppress_prefixlength specified"],
    ),
    (
        "from 192.0.2.0/24 suppress_prefixlength 5 blackhole priority 1",
        5,
        &["suppressor/realm specified for non table action - skipping"],
    ),
    ("from 192.0.2.0/24 suppress_ifgroup foo table 5 priority 1", 5, &["suppress_group foo is invalid"]),
    ("from 192.0.2.0/24 suppress_ifgroup 5 table 5 priority 1", 0, &[]),
    (
        "iif nonex table 5 priority 1",
        5,
        &[
            "WARNING - interface nonex for rule doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    ("iif eth0 table 5 priority 1", 0, &[]),
    (
        "oif nonex table 5 priority 1",
        5,
        &[
            "WARNING - interface nonex for rule doesn't exist",
            "Non-existent interface specified in configuration",
        ],
    ),
    ("tunnel-id x table 5 priority 1", 5, &["invalid number 'x'", "Invalid tunnel-id tunnel-id specified"]),
    ("tunnel-id 5 table 5 priority 1", 0, &[]),
    ("uidrange 5 table 5 priority 1", 5, &["Invalid uidrange uidrange specified"]),
    ("uidrange 5-6 table 5 priority 1", 0, &[]),
    ("l3mdev priority 1", 0, &[]),
    (
        "l3mdev table 5 priority 1",
        5,
        &["Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable for rule"],
    ),
    (
        "from 192.0.2.0/24 protocol 300 table 5 priority 1",
        5,
        &["number '300' outside range [0, 255]", "Invalid protocol 300"],
    ),
    (
        "from 192.0.2.0/24 protocol 5 table 5 priority 1",
        5,
        &["Rule cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol"],
    ),
    ("from 192.0.2.0/24 protocol 5 no_track table 5 priority 1", 0, &[]),
    ("ipproto foo table 5 priority 1", 5, &["Invalid ipproto foo"]),
    ("ipproto tcp table 5 priority 1", 0, &[]),
    ("ipproto 300 table 5 priority 1", 5, &["Invalid ipproto 300"]),
    ("sport 5-6 dport 7-8 table 5 priority 1", 0, &[]),
    ("type blackhole from 192.0.2.0/24 priority 1", 0, &[]),
    ("type foo from 192.0.2.0/24 priority 1", 5, &["Unknown rule option foo"]),
    ("goto 5 from 192.0.2.0/24 priority 1", 0, &[]),
    ("goto 5 from 192.0.2.0/24 priority 10", 5, &["Invalid rule - preference 10 >= goto target 5"]),
    ("goto 5 from 192.0.2.0/24", 5, &["Invalid rule - goto target 5 specified without preference"]),
    ("goto x priority 3", 5, &["invalid number 'x'", "Invalid target goto specified"]),
    ("nop from 192.0.2.0/24 priority 1", 0, &[]),
    (
        "prohibit blackhole priority 1",
        5,
        &["Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable/l3mdev for rule"],
    ),
    ("unreachable priority 1", 0, &[]),
    ("from 192.0.2.0/24 table 5 priority 1 track_group G", 5, &["track_group G not found"]),
    ("foo from 192.0.2.0/24 table 5 priority 1", 5, &["Unknown rule option foo"]),
    (
        "table 5",
        5,
        &["Rule has no preference specified - setting to 16384. This is probably not what you want."],
    ),
    ("from all table 5 priority 1", 0, &[]),
    ("from default table 5 priority 1", 0, &[]),
    (
        "from 192.0.2.0/24 blackhole table 5 priority 1",
        5,
        &["Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable for rule"],
    ),
    ("from 192.0.2.0/24 from 192.0.3.0/24 table 5 priority 1", 0, &[]),
    (
        "from 192.0.2.0/24 table 5 table 6 priority 1",
        5,
        &["Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable for rule"],
    ),
    ("realms 5 blackhole priority 1", 5, &["suppressor/realm specified for non table action - skipping"]),
];

/// Reads `text` on a machine like the one the cases were recorded on; gives the status and the sorted messages.
fn judge(text: &str) -> (u8, Vec<String>) {
    let host =
        FakeHost::new().with_file("/test.conf", text).with_script("/bin/true").with_script("/bin/false");
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &host);
    let plain = render::plain(&loaded.report, &loaded.sources);
    let mut messages: Vec<String> =
        plain.lines().filter(|line| !line.starts_with("note:")).map(without_place).collect();
    messages.sort();
    messages.dedup();
    (status::of_test(&loaded.report), messages)
}

/// The message without `(Line N) ` or `(FILE: Line N) `.
fn without_place(line: &str) -> String {
    let rest = line
        .strip_prefix('(')
        .and_then(|line| line.split_once(") "))
        .filter(|(place, _)| place.contains("Line "));
    rest.map_or(line, |(_, rest)| rest).trim().to_owned()
}

fn check(cases: &[Case], wrap: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (line, expected_status, expected) in cases {
        let (status, messages) = judge(&wrap(&line.replace('|', "\n")));
        let mut expected: Vec<String> = expected.iter().map(|message| (*message).to_owned()).collect();
        expected.sort();
        if status != *expected_status || messages != expected {
            wrong.push(format!(
                "{line}\n  expected {expected_status} {expected:?}\n  found    {status} {messages:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn lines_of_an_instance_are_reported_in_the_original_words() {
    check(INSTANCE, |line| {
        format!(
            "global_defs {{\nenable_script_security\nscript_user root\n}}\nvrrp_instance A {{\ninterface eth0\n\
             virtual_router_id 51\nvirtual_ipaddress {{ 192.0.2.10 }}\n{line}\n}}\n"
        )
    });
}

#[test]
fn lines_of_global_defs_are_reported_in_the_original_words() {
    check(GLOBAL, |line| format!("global_defs {{\n{line}\n}}\n"));
}

#[test]
fn routes_are_reported_in_the_original_words() {
    check(ROUTES, |line| format!("static_routes {{\n{line}\n}}\n"));
}

#[test]
fn rules_are_reported_in_the_original_words() {
    check(RULES, |line| format!("static_rules {{\n{line}\n}}\n"));
}

/// Whole files.
const SKIPPED: &[Case] = &[
    ("vrrp_instance {|foo bar|unknown {|x|}|blub|}", 5, &["vrrp_instance must have a name"]),
    ("vrrp_instance X Y {|foo|unknown {|x {|}|}|bar|}", 5, &["vrrp_instance must have a name"]),
    ("vrrp_sync_group {|foo|group {|A|}|}", 5, &["vrrp_sync_group must have a name - skipping"]),
    ("vrrp_sync_group X Y {|foo|group {|A|}|}", 5, &["vrrp_sync_group must have a name - skipping"]),
    ("track_group {|foo|}", 5, &["track_group must have a name - skipping"]),
    ("track_group X {|group { A }|}|track_group X {|foo|}", 5, &["track_group X already defined"]),
    (
        "vrrp_instance A {|interface eth0|foo|virtual_router_id 51|unknown {|}|}",
        5,
        &["vrrp instance A already defined"],
    ),
];

#[test]
fn nothing_is_said_about_the_lines_of_a_block_that_is_skipped() {
    check(SKIPPED, |text| {
        format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{ 192.0.2.10 }}\n}}\n\
             {text}\n"
        )
    });
}
