//! What blocks of virtual servers, checkers and BFD become: typed values with everything inherited filled in.

use keepalived_lvs::config::{
    ActiveCheck, AddressRange, Checker, Config, DnsType, Forwarding, Granularity, GroupEntry, HttpCheck,
    HttpVersion, Nibble, Probe, Protocol, RealServer, Scheduler, Service, Sni, Tunnel, TunnelChecksum,
    Verification, VirtualServer,
};
use keepalived_types::Family;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

mod lvs_support;

fn lvs(text: &str) -> Config {
    lvs_support::read(text).config.expect("there is a file").lvs
}

/// The only virtual server of a configuration.
fn server(text: &str) -> VirtualServer {
    let mut servers = lvs(text).virtual_servers;
    assert_eq!(servers.len(), 1, "{text}");
    servers.remove(0)
}

/// A virtual server whose only real server has these lines.
fn real_server(lines: &str) -> RealServer {
    let text = format!(
        "virtual_server 192.0.2.10 80 {{\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n delay_loop 7\n \
         real_server 192.0.2.20 8080 {{\n {lines}\n }}\n}}\n"
    );
    server(&text).real_servers.remove(0)
}

fn active(check: &Checker) -> &ActiveCheck {
    match check {
        Checker::Active(active) => active,
        other => panic!("not an active check: {other:?}"),
    }
}

fn http(lines: &str) -> HttpCheck {
    match &active(&real_server(lines).checkers[0]).probe {
        Probe::Http(check) | Probe::Ssl(check) => check.clone(),
        other => panic!("not an HTTP check: {other:?}"),
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("a literal address")
}

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("a literal address and port")
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_bare_virtual_server_has_the_documented_defaults() {
    let server = server("virtual_server 192.0.2.10 80 {\n real_server 192.0.2.20 80 {\n }\n}\n");
    assert_eq!(server.service, Service::Address(address("192.0.2.10"), 80));
    assert_eq!(server.family, Some(Family::V4));
    assert_eq!(server.protocol, Some(Protocol::Udp));
    assert_eq!(server.scheduler, Scheduler::WeightedLeastConnections);
    assert_eq!(server.forwarding, Forwarding::Nat);
    assert_eq!(server.defaults.delay_loop, 60 * SECOND);
    assert_eq!(server.defaults.connect_timeout, 5 * SECOND);
    assert_eq!(server.defaults.retry, None);
    assert_eq!((server.quorum.weight, server.quorum.hysteresis), (1, 0));
    assert_eq!(server.persistence, None);
    assert!(!server.presentation.smtp_alert, "virtual servers do not mail unless asked");
    assert!(server.real_servers[0].presentation.smtp_alert, "real servers do");
    assert_eq!(server.real_servers[0].weight.get(), 1);
}

#[test]
fn a_checker_takes_over_from_the_real_server_and_that_from_the_virtual_server() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method DR\n
        delay_loop 20\n connect_timeout 4\n retry 3\n warmup 2\n alpha\n weight 5\n inhibit_on_failure\n virtualhost vs\n
        real_server 192.0.2.20 80 {\n retry 4\n delay_before_retry 1.5\n TCP_CHECK {\n connect_timeout 0.25\n }\n }\n
        real_server 192.0.2.21 80 {\n alpha off\n weight 0\n inhibit_on_failure no\n virtualhost rs\n
        HTTP_GET {\n url {\n path /\n }\n retry 0\n }\n }\n}\n";
    let server = server(text);
    let first = &server.real_servers[0];
    assert_eq!((first.weight.get(), first.alpha, first.inhibit_on_failure), (5, true, true));
    assert_eq!(first.forwarding, Forwarding::DirectRouting);
    let check = active(&first.checkers[0]);
    assert_eq!(check.schedule.retry, 4);
    assert_eq!(check.schedule.delay_before_retry, Duration::from_millis(1500));
    assert_eq!(check.schedule.delay_loop, 20 * SECOND);
    assert_eq!(check.schedule.warmup, 2 * SECOND);
    assert!(check.schedule.alpha);
    let Probe::Tcp(connection) = &check.probe else { panic!("a TCP check") };
    assert_eq!(connection.timeout, Duration::from_millis(250));
    assert_eq!(connection.destination, socket("192.0.2.20:80"));

    let second = &server.real_servers[1];
    assert_eq!((second.weight.get(), second.alpha, second.inhibit_on_failure), (0, false, false));
    let check = active(&second.checkers[0]);
    assert_eq!((check.schedule.retry, check.schedule.alpha), (0, false));
    let Probe::Http(web) = &check.probe else { panic!("an HTTP check") };
    assert_eq!(web.virtualhost.as_deref(), Some("rs"));
    assert_eq!(web.connection.timeout, 4 * SECOND);
}

#[test]
fn each_kind_of_checker_has_defaults_of_its_own() {
    let checks = real_server(
        "TCP_CHECK {\n}\n HTTP_GET {\n url {\n path /\n }\n }\n DNS_CHECK {\n}\n PING_CHECK {\n}\n UDP_CHECK {\n}\n SMTP_CHECK {\n}",
    )
    .checkers;
    let numbers: Vec<(u32, Duration)> = checks
        .iter()
        .map(|check| (active(check).schedule.retry, active(check).schedule.delay_before_retry))
        .collect();
    let plain = (1, SECOND);
    assert_eq!(numbers, [plain, (1, 3 * SECOND), (3, 7 * SECOND), plain, plain, plain]);
    assert!(checks.iter().all(|check| active(check).schedule.warmup == 7 * SECOND));
    let Probe::Dns(dns) = &active(&checks[2]).probe else { panic!("a DNS check") };
    assert_eq!((dns.query, dns.name.as_str()), (DnsType::Soa, "."));
    let Probe::Smtp(smtp) = &active(&checks[5]).probe else { panic!("an SMTP check") };
    assert_eq!(smtp.connection.destination, socket("192.0.2.20:8080"), "the real server's port, not 25");
}

#[test]
fn a_script_check_times_out_after_the_virtual_servers_delay_loop() {
    let text = "global_defs {\n enable_script_security\n script_user root\n}\n
        virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n delay_loop 7\n
        real_server 192.0.2.20 80 {\n delay_loop 3\n MISC_CHECK {\n misc_path \"/bin/true a 'b c'\"\n misc_dynamic\n }\n }\n}\n";
    let server = server(text);
    let check = active(&server.real_servers[0].checkers[0]);
    assert_eq!((check.schedule.retry, check.schedule.delay_loop), (0, 3 * SECOND));
    let Probe::Misc(misc) = &check.probe else { panic!("a script check") };
    assert_eq!(misc.timeout, 7 * SECOND);
    assert!(misc.dynamic);
    assert_eq!(misc.command.argv, ["/bin/true", "a", "b c"]);
}

#[test]
fn connection_options_override_the_real_server() {
    let server = real_server(
        "TCP_CHECK {\n connect_ip 2001:db8::5\n connect_port 99\n bindto 2001:db8::1\n bind_port 4000\n bind_if eth1\n fwmark 9\n }",
    );
    let Probe::Tcp(connection) = &active(&server.checkers[0]).probe else { panic!("a TCP check") };
    assert_eq!(connection.destination, socket("[2001:db8::5]:99"));
    assert_eq!(connection.source, Some(socket("[2001:db8::1]:4000")));
    assert_eq!(connection.interface.as_ref().map(|name| name.as_str()), Some("eth1"));
    assert_eq!(connection.mark, 9);
}

#[test]
fn forwarding_methods_keep_their_tunnels() {
    let method = |words: &str| real_server(&format!("lvs_method {words}")).forwarding;
    assert_eq!(method("NAT"), Forwarding::Nat);
    let gue = Forwarding::Tunnel(Tunnel::Gue(6080), TunnelChecksum::Remote);
    // A tunnel without NAT gets the port of its service; only the method is looked at here.
    assert_eq!(method("TUN type gue port 6080 remcsum"), gue);
    assert_eq!(method("TUN"), Forwarding::Tunnel(Tunnel::Ipip, TunnelChecksum::None));
    assert_eq!(method("TUN type gre csum"), Forwarding::Tunnel(Tunnel::Gre, TunnelChecksum::Checksum));
    assert_eq!(
        method("TUN type gre\n lvs_method TUN type vxlan"),
        Forwarding::Tunnel(Tunnel::Gre, TunnelChecksum::None)
    );
}

#[test]
fn ranges_of_a_group_are_whole_addresses() {
    let text =
        "virtual_server_group g {\n 192.0.2.10 80\n 192.0.2.250-192.0.3.5\n 192.0.2.32/28 443\n 192.0.2.1-9\n
        2001:db8::8-1f\n fwmark 5 inet6\n}\n";
    let groups = lvs(text).groups;
    let range = |first: &str, last: &str| AddressRange::new(address(first), address(last)).expect("in order");
    let addresses = |first: &str, last: &str, port| GroupEntry::Addresses { range: range(first, last), port };
    assert_eq!(
        groups[0].entries,
        [
            addresses("192.0.2.10", "192.0.2.10", 80),
            addresses("192.0.2.250", "192.0.3.5", 0),
            addresses("192.0.2.32", "192.0.2.47", 443),
            addresses("192.0.2.1", "192.0.2.9", 0),
            addresses("2001:db8::8", "2001:db8::1f", 0),
            GroupEntry::Mark { mark: 5, family: Some(Family::V6) },
        ]
    );
}

#[test]
fn virtual_servers_of_a_group_are_numbered_in_the_order_of_the_file() {
    let block = "virtual_server group g {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n real_server 192.0.2.20 80 {\n }\n}\n";
    let unknown = block.replace("group g", "group nowhere");
    let servers = lvs(&format!("{block}{unknown}{block}virtual_server_group g {{\n 192.0.2.10 80\n}}\n"))
        .virtual_servers;
    let services: Vec<Service> = servers.into_iter().map(|server| server.service).collect();
    let group = |ordinal| Service::Group { name: "g".to_owned(), ordinal };
    assert_eq!(services, [group(0), group(1)]);
}

#[test]
fn flags_of_a_scheduler_hold_only_after_it() {
    let flags = |lines: &str| {
        server(&format!(
            "virtual_server 192.0.2.10 80 {{\n protocol UDP\n lvs_method NAT\n {lines}\n real_server 192.0.2.20 80 {{\n }}\n}}\n"
        ))
        .flags
    };
    assert!(flags("lvs_sched sh\n sh-port").flag_2);
    assert!(flags("lvs_sched mh\n mh-fallback").flag_1);
    assert!(!flags("sh-port\n lvs_sched sh").flag_2);
    assert!(!flags("lvs_sched sh\n mh-port").flag_2);
    assert!(flags("lvs_sched rr\n flag-3\n ops").flag_3);
    assert!(flags("lvs_sched rr\n ops").one_packet);
}

#[test]
fn persistence_comes_on_by_time_mask_or_missing_port() {
    let persistence = |header: &str, lines: &str| {
        server(&format!(
            "virtual_server {header} {{\n protocol TCP\n lvs_sched rr\n lvs_method DR\n {lines}\n real_server 192.0.2.20 {{\n }}\n}}\n"
        ))
        .persistence
    };
    assert_eq!(persistence("192.0.2.10 80", "persistence_engine sip"), None);
    let timed = persistence("192.0.2.10 80", "persistence_timeout 50").expect("it is on");
    assert_eq!(timed.timeout, 50 * SECOND);
    let masked = persistence("192.0.2.10 80", "persistence_granularity 255.255.255.0").expect("it is on");
    assert_eq!(masked.timeout, 360 * SECOND);
    assert_eq!(masked.granularity, Some(Granularity::V4("255.255.255.0".parse().expect("a mask"))));
    assert_eq!(persistence("192.0.2.10 0", "").expect("it is on").timeout, 360 * SECOND);
}

#[test]
fn ports_follow_the_service_except_with_nat() {
    let ports = |header: &str, method: &str| -> Vec<u16> {
        let text = format!(
            "virtual_server {header} {{\n protocol TCP\n lvs_sched rr\n lvs_method {method}\n
             real_server 192.0.2.20 {{\n TCP_CHECK {{\n }}\n }}\n real_server 192.0.2.21 8080 {{\n }}\n}}\n"
        );
        server(&text).real_servers.iter().map(|server| server.port).collect()
    };
    assert_eq!(ports("192.0.2.10 80", "NAT"), [80, 8080]);
    assert_eq!(ports("192.0.2.10 80", "DR"), [80, 80]);
    assert_eq!(ports("fwmark 7", "DR"), [0, 0]);
    assert_eq!(ports("fwmark 7", "NAT"), [0, 8080]);
}

#[test]
fn servers_that_a_corrected_port_makes_the_same_are_one() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method DR\n
        real_server 192.0.2.20 81 {\n }\n real_server 192.0.2.20 80 {\n TCP_CHECK {\n }\n }\n real_server 192.0.2.21 {\n }\n}\n";
    let server = server(text);
    assert_eq!(server.real_servers.len(), 2);
    assert!(server.real_servers[0].checkers.is_empty(), "the first one stays");
}

#[test]
fn a_server_takes_the_method_that_stands_before_it() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n sorry_server 192.0.2.30 99\n
        real_server 192.0.2.20 81 {\n }\n lvs_method DR\n real_server 192.0.2.21 {\n }\n}\n";
    let server = server(text);
    let methods: Vec<Forwarding> = server.real_servers.iter().map(|server| server.forwarding).collect();
    assert_eq!(methods, [Forwarding::Nat, Forwarding::DirectRouting]);
    assert_eq!(server.sorry_server.expect("there is one").forwarding, Forwarding::Nat);
}

#[test]
fn a_check_goes_to_the_servers_final_port_when_none_was_written() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n
        real_server 192.0.2.20 {\n TCP_CHECK {\n }\n }\n}\n";
    let server = server(text);
    let Probe::Tcp(connection) = &active(&server.real_servers[0].checkers[0]).probe else {
        panic!("a TCP check")
    };
    assert_eq!(connection.destination, socket("192.0.2.20:80"));
}

#[test]
fn a_mark_takes_the_family_of_its_servers() {
    let family = |lines: &str| {
        server(&format!("virtual_server fwmark 7 {{\n lvs_sched rr\n lvs_method TUN\n {lines}\n}}\n")).family
    };
    assert_eq!(family("real_server 2001:db8::20 {\n }"), Some(Family::V6));
    assert_eq!(family("real_server 192.0.2.20 {\n }\n real_server 2001:db8::20 {\n }"), Some(Family::V4));
    assert_eq!(family("ip_family inet6\n real_server 192.0.2.20 {\n }"), Some(Family::V6));
}

#[test]
fn hysteresis_stays_below_the_quorum_even_when_all_weights_are_zero() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n quorum 3\n hysteresis 2\n
        real_server 192.0.2.20 80 {\n weight 0\n }\n}\n";
    let quorum = server(text).quorum;
    assert_eq!((quorum.weight, quorum.hysteresis), (0, 0));
}

#[test]
fn global_settings_hold_wherever_they_stand() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n
        real_server 192.0.2.20 80 {\n TCP_CHECK {\n }\n }\n}\n
        global_defs {\n smtp_alert true\n smtp_alert_checker false\n checker_log_all_failures\n}\n";
    let server = server(text);
    assert!(!server.real_servers[0].presentation.smtp_alert);
    assert!(active(&server.real_servers[0].checkers[0]).schedule.log_all_failures);
}

#[test]
fn a_sorry_server_that_is_a_real_server_is_inhibited_like_it() {
    let text =
        "virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n inhibit_on_failure\n
        sorry_server 192.0.2.20 80\n sorry_server_lvs_method DR\n real_server 192.0.2.20 80 {\n }\n}\n";
    let sorry = server(text).sorry_server.expect("there is one");
    assert!(sorry.is_real_server && sorry.inhibit);
    assert_eq!(sorry.forwarding, Forwarding::DirectRouting);
}

#[test]
fn old_host_blocks_become_checkers() {
    let targets = |lines: &str| -> Vec<SocketAddr> {
        let server = real_server(&format!("SMTP_CHECK {{\n {lines}\n }}"));
        server
            .checkers
            .iter()
            .map(|check| match &active(check).probe {
                Probe::Smtp(smtp) => smtp.connection.destination,
                other => panic!("not an SMTP check: {other:?}"),
            })
            .collect()
    };
    let hosts = "host {\n connect_ip 192.0.2.30\n }\n host {\n connect_port 26\n }";
    assert_eq!(targets(hosts), [socket("192.0.2.30:8080"), socket("192.0.2.20:26")]);
    let with_own = format!("connect_port 25\n {hosts}");
    assert_eq!(targets(&with_own).len(), 3);
}

#[test]
fn a_url_keeps_what_is_expected_of_its_page() {
    let check = http(
        "HTTP_GET {\n http_protocol 1.0c\n sni_name tls.example.org\n fast_recovery\n url {\n path /a\n
         digest 000102030405060708090A0b0c0d0e0f\n status_code 200 300-302\n status_code 404\n virtualhost x\n
         regex \"all (is )?well\"\n regex_options caseless nonsense\n regex_max_offset 9\n }\n url {\n path /b\n }\n }",
    );
    assert_eq!(check.version, HttpVersion::Http10Close);
    assert_eq!(check.sni, Sni::Name("tls.example.org".to_owned()));
    assert!(check.fast_recovery);
    let url = &check.urls[0];
    assert_eq!(url.digest, Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
    assert_eq!(url.status_codes.ranges(), [(200, 200), (300, 302), (404, 404)]);
    let regex = url.regex.as_ref().expect("there is one");
    assert_eq!(regex.pattern, "all (is )?well");
    assert_eq!(regex.options.iter().map(|option| option.name()).collect::<Vec<_>>(), ["caseless"]);
    assert_eq!((regex.min_offset, regex.max_offset), (0, Some(9)));
    assert!(check.urls[1].status_codes.contain(204) && !check.urls[1].status_codes.contain(300));
}

#[test]
fn a_url_may_end_tls_otherwise_than_its_checker() {
    let check =
        http("SSL_GET {\n url {\n path /\n }\n url {\n path /x\n tls_compliant off\n }\n tls_compliant\n }");
    assert_eq!(check.urls.iter().map(|url| url.tls_compliant).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn certificates_are_verified_only_on_request() {
    let of = |lines| http(&format!("SSL_GET {{\n url {{\n path /\n }}\n {lines}\n }}")).verification;
    let file = || Verification::CaFile("/etc/ssl/ca.pem".into());
    assert_eq!(of(""), Verification::Off);
    assert_eq!(of("tls_verify"), Verification::System);
    assert_eq!(of("tls_ca_file /etc/ssl/ca.pem"), file());
    assert_eq!(of("tls_ca_file /etc/ssl/ca.pem\n tls_verify on"), file());
    assert_eq!(of("tls_ca_file /etc/ssl/ca.pem\n tls_verify off"), Verification::Off);
}

#[test]
fn options_of_a_regex_that_cannot_be_honoured_are_named() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n real_server 192.0.2.20 80 {\n HTTP_GET {\n url {\n \
                path /\n regex a\n regex_options caseless dollar_endonly\n }\n }\n }\n}\n";
    let report = lvs_support::read(text).report;
    let notes: Vec<_> = report.diagnostics().iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert!(
        notes.iter().any(|note| note.contains("regex_options dollar_endonly has no effect")),
        "{notes:?}"
    );
    assert!(!notes.iter().any(|note| note.contains("caseless")), "{notes:?}");
}

#[test]
fn a_udp_reply_may_have_holes() {
    let server = real_server("UDP_CHECK {\n payload 0102 f\n require_reply 0x\n min_reply_length 1\n }");
    let Probe::Udp(udp) = &active(&server.checkers[0]).probe else { panic!("a UDP check") };
    assert_eq!(udp.payload.as_deref(), Some(&[1, 2, 15][..]));
    assert_eq!(udp.reply.as_ref().expect("one is needed").nibbles, [Nibble::Exactly(0), Nibble::Any]);
    assert_eq!((udp.min_reply_length, udp.max_reply_length), (1, 255));
}

#[test]
fn a_file_check_takes_the_weight_of_its_file() {
    let text = "track_file a {\n file /run/a\n weight 3 reverse\n}\ntrack_file b {\n file /run/b\n}\n
        virtual_server 192.0.2.10 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n real_server 192.0.2.20 80 {\n
        FILE_CHECK {\n track_file a\n }\n FILE_CHECK {\n track_file a\n weight -2000000\n }\n }\n}\n";
    let config = lvs(text);
    let weights: Vec<(i32, bool)> = config.virtual_servers[0].real_servers[0]
        .checkers
        .iter()
        .map(|check| match check {
            Checker::File(file) => (file.weight, file.reverse),
            other => panic!("not a file check: {other:?}"),
        })
        .collect();
    assert_eq!(weights, [(3, true), (-2_000_000, false)]);
    assert_eq!(config.files.len(), 1, "only the files that are followed");
    assert_eq!(config.files[0].path.to_str(), Some("/run/a"));
}

#[test]
fn bfd_sessions_keep_their_intervals_and_listeners() {
    let text = "bfd_instance a {\n neighbor_ip 192.0.2.2\n source_ip 192.0.2.1\n min_rx 12.345\n min_tx 50\n idle_tx 2000\n
        multiplier 3\n passive\n max_hops 5\n multihop\n vrrp\n}\nbfd_instance b {\n neighbour_ip 2001:db8::2\n max_hops -1\n}\n";
    let sessions = lvs_support::read(text).config.expect("there is a file").bfd.sessions;
    let first = &sessions[0];
    assert_eq!(first.min_rx, Duration::from_micros(12_345));
    assert_eq!((first.min_tx, first.idle_tx), (Duration::from_millis(50), 2 * SECOND));
    assert_eq!((first.multiplier, first.passive, first.multihop, first.ttl), (3, true, true, 255));
    assert_eq!(first.max_hops, Some(5));
    assert!(first.listeners.vrrp && !first.listeners.checker);
    let second = &sessions[1];
    assert_eq!((second.ttl, second.max_hops), (64, None));
    assert!(second.listeners.vrrp && second.listeners.checker);
    assert_eq!((second.min_rx, second.multiplier), (Duration::from_millis(10), 5));
}

#[test]
fn ten_thousand_servers_are_read_in_linear_time() {
    let real_servers = |count: u32| -> String {
        (0..count)
            .map(|n| {
                format!(
                    " real_server 10.{}.{}.{} 80 {{\n TCP_CHECK {{\n }}\n }}\n",
                    n >> 16,
                    n >> 8 & 255,
                    n & 255
                )
            })
            .collect()
    };
    let wide = format!(
        "virtual_server 192.0.2.10 80 {{\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n{}}}\n",
        real_servers(10_000)
    );
    let long: String = (0..10_000_u32)
        .map(|n| {
            format!(
                "virtual_server 10.1.{}.{} 80 {{\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n{}}}\n",
                n >> 8,
                n & 255,
                real_servers(1)
            )
        })
        .collect();
    let start = Instant::now();
    assert_eq!(lvs(&wide).virtual_servers[0].real_servers.len(), 10_000);
    assert_eq!(lvs(&long).virtual_servers.len(), 10_000);
    let taken = start.elapsed();
    // A quadratic search takes minutes; this bound leaves room for a slow and busy machine.
    assert!(taken < 20 * SECOND, "it took {taken:?}");
}

#[test]
fn what_follows_the_address_of_connect_ip_is_cut_off_as_in_other_addresses() {
    for text in ["192.0.2.77", "192.0.2.77/24", "192.0.2.77-80"] {
        let server = real_server(&format!("TCP_CHECK {{\n connect_ip {text}\n }}"));
        let Probe::Tcp(connection) = &active(&server.checkers[0]).probe else { panic!("{server:?}") };
        assert_eq!(connection.destination, socket("192.0.2.77:8080"), "{text}");
    }
}

#[test]
fn a_script_whose_quote_is_not_closed_costs_the_script_only() {
    let text = "virtual_server 192.0.2.10 80 {\n protocol TCP\n quorum_up \"/bin/true\n
        real_server 192.0.2.20 80 {\n notify_up \"/bin/true\n notify_down /bin/false\n }\n}\n";
    let loaded = lvs_support::read(text);
    assert_eq!(keepalived_config::status::of_start(&loaded.report), None, "the daemon starts");
    let server = server(text);
    assert_eq!(server.quorum.up, None);
    assert_eq!(server.real_servers[0].notify_up, None);
    assert!(server.real_servers[0].notify_down.is_some());
}
