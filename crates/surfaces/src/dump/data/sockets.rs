//! The `VRRP Sockpool` section: socket pairs and who uses them.

use super::VrrpData;
use crate::dump::text::Text;
use keepalived_vrrp::config::Authentication;
use keepalived_vrrp::{Channel, ChannelAddress, ChannelId, SurveyedInstance};
use std::collections::HashMap;

/// A socket pair of the VRRP process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpedSockets {
    /// The descriptor that receives.
    pub fd_in: i32,
    /// The descriptor that sends.
    pub fd_out: i32,
    /// The receive buffer that was asked for, in bytes; 0 for the system's default.
    pub room: usize,
}

pub(super) fn sockpool(text: &mut Text, data: &VrrpData<'_>) {
    let Some(running) = data.running else { return };
    let mut order: Vec<(ChannelId, &Channel)> = Vec::new();
    let mut users: HashMap<ChannelId, Vec<&SurveyedInstance>> = HashMap::new();
    for live in data.instances.iter().filter_map(|instance| instance.live) {
        if let Some((id, channel)) = &live.channel {
            let users = users.entry(*id).or_default();
            if users.is_empty() {
                order.push((*id, channel));
            }
            users.push(live);
        }
    }
    if !order.is_empty() {
        text.banner(0, "VRRP Sockpool");
    }
    for (id, channel) in order {
        if let Some(sockets) = running.sockets.get(&id) {
            let users = users.get(&id).into_iter().flatten();
            let is_header =
                |user: &&SurveyedInstance| matches!(user.config.authentication, Authentication::Header(_));
            let protocol = if users.copied().any(|user| is_header(&user)) { "AH" } else { "VRRP" };
            pair(text, channel, protocol, *sockets);
        }
        text.line(3, format_args!("VRRP instances"));
        for user in users.get(&id).into_iter().flatten() {
            text.line(5, format_args!("{} vrid {}", user.config.name, user.config.vrid));
        }
    }
}

fn pair(text: &mut Text, channel: &Channel, protocol: &str, sockets: DumpedSockets) {
    text.line(1, format_args!("fd_in {} fd_out = {}", sockets.fd_in, sockets.fd_out));
    if let Some((_, interface)) = &channel.interface {
        text.line(3, format_args!("Interface = {interface}"));
    }
    if let Some(vrf) = &channel.vrf {
        text.line(3, format_args!("VRF = {vrf}"));
    }
    text.line(3, format_args!("Family = {}", channel.family));
    text.line(3, format_args!("Protocol = {protocol}"));
    match channel.address {
        ChannelAddress::Group(_) => text.line(3, format_args!("Type = Multicast")),
        ChannelAddress::Local(source) => {
            text.line(3, format_args!("Type = Unicast"));
            text.line(3, format_args!("Address = {source}"));
        }
    }
    text.line(3, format_args!("Rx buf size = {}", sockets.room));
}
