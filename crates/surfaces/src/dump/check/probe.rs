//! What each kind of check asks, and whom.

use crate::dump::quoted;
use crate::dump::text::{Text, yes_no};
use keepalived_lvs::CheckerSnapshot;
use keepalived_lvs::config::{
    Connection, DnsType, HttpCheck, HttpVersion, MiscCheck, Probe, Regex, Sni, StatusCodes, UdpCheck, Url,
};
use std::net::SocketAddr;

pub(super) fn lines(text: &mut Text, probe: &Probe, live: &CheckerSnapshot) {
    match probe {
        Probe::Tcp(to) => connection(text, to, "TCP_CHECK"),
        Probe::Ping(to) => connection(text, to, "PING_CHECK"),
        Probe::Udp(check) => {
            connection(text, &check.connection, "UDP_CHECK");
            udp(text, check);
        }
        Probe::Http(check) => web(text, check, "HTTP_GET"),
        Probe::Ssl(check) => web(text, check, "SSL_GET"),
        Probe::Smtp(check) => {
            connection(text, &check.connection, "SMTP_CHECK");
            text.line(3, format_args!("helo = {}", check.helo_name));
        }
        Probe::Dns(check) => {
            connection(text, &check.connection, "DNS_CHECK");
            let name =
                DnsType::ALL.iter().find(|(kind, _)| *kind == check.query).map_or("", |(_, name)| name);
            text.line(3, format_args!("Type = {name}"));
            text.line(3, format_args!("Name = {}", check.name));
        }
        Probe::Misc(check) => misc(text, check, live),
    }
}

fn connection(text: &mut Text, to: &Connection, method: &str) {
    text.line(3, format_args!("Connection"));
    text.line(5, format_args!("Dest = {}", endpoint(to.destination)));
    if let Some(source) = to.source {
        text.line(5, format_args!("Bind to = {}", endpoint(source)));
    }
    if let Some(interface) = &to.interface {
        text.line(5, format_args!("Bind i/f = {interface}"));
    }
    if to.mark != 0 {
        text.line(5, format_args!("Mark = {}", to.mark));
    }
    text.line(5, format_args!("Timeout = {:.6}", to.timeout.as_secs_f64()));
    text.line(3, format_args!("Keepalive method = {method}"));
}

/// Brackets around either family.
fn endpoint(address: SocketAddr) -> String {
    format!("[{}]:{}", address.ip(), address.port())
}

fn udp(text: &mut Text, check: &UdpCheck) {
    text.line(3, format_args!("Payload specified = {}", yes_no(check.payload.is_some())));
    if let Some(payload) = &check.payload {
        text.line(5, format_args!("Payload len = {}", payload.len()));
    }
    text.line(3, format_args!("Require reply = {}", yes_no(check.reply.is_some())));
    if let Some(reply) = &check.reply {
        text.line(5, format_args!("Min reply length = {}", check.min_reply_length));
        text.line(5, format_args!("Max reply length = {}", check.max_reply_length));
        text.line(5, format_args!("Reply data len = {}", reply.nibbles.len() / 2));
    }
}

fn misc(text: &mut Text, check: &MiscCheck, live: &CheckerSnapshot) {
    text.line(3, format_args!("Keepalive method = MISC_CHECK"));
    text.line(3, format_args!("script = {}", quoted(&check.command)));
    text.line(3, format_args!("timeout = {}", check.timeout.as_secs()));
    text.line(3, format_args!("dynamic = {}", if check.dynamic { "YES" } else { "NO" }));
    let user = &check.command.run_as;
    text.line(3, format_args!("uid:gid = {}:{}", user.uid, user.gid));
    text.line(3, format_args!("Last status = {}", live.status.unwrap_or(0)));
}

fn web(text: &mut Text, check: &HttpCheck, method: &str) {
    let version = match check.version {
        HttpVersion::Http10 => "1.0",
        HttpVersion::Http10Close => "1.0C",
        HttpVersion::Http11 => "1.1",
    };
    connection(text, &check.connection, &format!("{method}, http protocol {version}"));
    text.line(3, format_args!("Enable SNI {}", set(check.sni != Sni::Off)));
    text.line(3, format_args!("Fast recovery {}", set(check.fast_recovery)));
    check.urls.iter().for_each(|one| url(text, one));
}

const fn set(is: bool) -> &'static str {
    if is { "set" } else { "unset" }
}

fn url(text: &mut Text, url: &Url) {
    text.line(3, format_args!("Checked url = {}", url.path));
    if let Some(digest) = &url.digest {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        text.line(5, format_args!("digest = {hex}"));
    }
    text.line(5, format_args!("HTTP Status Code(s)"));
    for (first, last) in merged(&url.status_codes) {
        if first == last {
            text.line(7, format_args!("{first}"));
        } else {
            text.line(7, format_args!("{first}-{last}"));
        }
    }
    if let Some(host) = &url.virtualhost {
        text.line(5, format_args!("Virtual host = {host}"));
    }
    if let Some(pattern) = &url.regex {
        regex(text, pattern);
    }
}

/// Sorted, and neighbours made one.
pub(super) fn merged(codes: &StatusCodes) -> Vec<(u16, u16)> {
    let mut sorted = codes.ranges().to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::new();
    for (first, last) in sorted {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

fn regex(text: &mut Text, regex: &Regex) {
    text.line(5, format_args!("Regex = \"{}\"", regex.pattern));
    if regex.inverted {
        text.line(5, format_args!("Regex no match"));
    }
    if regex.min_offset > 0 || regex.max_offset.is_some() {
        let most = regex.max_offset.unwrap_or(0);
        text.line(5, format_args!("Regex min offset = {}, max_offset = {most}", regex.min_offset));
    }
    if !regex.options.is_empty() {
        let names: Vec<&str> = regex.options.iter().map(|option| option.name()).collect();
        text.line(5, format_args!("Regex options: {}", names.join(" ")));
    }
    text.line(5, format_args!("Regex ref count = 1"));
}
