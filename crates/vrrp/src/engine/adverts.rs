//! An advert on its way from a channel to the state of its instance.

use super::{Engine, Phase};
use crate::acceptance::{self, Candidate, remark};
use crate::effect::{ChannelId, InstanceId};
use crate::event::{EventKind, Rejection, Subject};
use crate::input::Received;
use crate::instance::Instance;
use crate::state::{Role, Step, backup, master};
use crate::world::World;
use keepalived_types::{Instant, Vrid};
use keepalived_wire::vrrp::HeaderView;
use keepalived_wire::vrrp::v3::ChecksumStyle;
use std::net::IpAddr;

/// Bytes of an IP authentication header (RFC 2338 §10.2).
const AUTHENTICATION_HEADER_LEN: usize = 24;

impl Engine {
    /// A datagram arrived that claims to be VRRP, and did so at `now`, which may be some time ago where the channel is
    /// read in batches. Nothing in it is believed before `acceptance.rs` has looked at it.
    pub fn handle_advertisement(&mut self, channel: ChannelId, received: &Received<'_>, now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        let start = if received.has_authentication_header { AUTHENTICATION_HEADER_LEN } else { 0 };
        let payload = received.payload.get(start..).unwrap_or_default();
        let vrid = HeaderView::new_checked(payload).ok().and_then(|header| header.vrid());
        let Some(id) = vrid.and_then(|vrid| self.listener(channel, vrid, received.source)) else {
            self.unclaimed_adverts += 1;
            vrid.into_iter().for_each(|vrid| self.on_unknown_vrid(channel, vrid));
            return;
        };
        let step = self.hear(id, &Received { payload, ..*received }, now);
        self.follow(id, step, now);
    }

    /// The instance a datagram is for. Unicast instances may share a VRID when their peers differ.
    fn listener(&self, channel: ChannelId, vrid: Vrid, source: IpAddr) -> Option<InstanceId> {
        let listeners = self.world.channels.listeners(channel, vrid);
        let knows =
            |id: &&InstanceId| self.instances.get(**id).is_some_and(|one| one.config.has_peer(source));
        match listeners {
            [] => None,
            [only] => Some(*only),
            several => several.iter().find(knows).or(several.first()).copied(),
        }
    }

    fn on_unknown_vrid(&mut self, channel: ChannelId, vrid: Vrid) {
        if self.config.engine.log_unknown_vrids && self.unknown_vrids.insert((channel, vrid.get())) {
            let place = self.world.channels.get(channel).and_then(|channel| channel.interface.as_ref());
            let interface = place.map(|(_, name)| name.to_string());
            self.world.report(Subject::Process, EventKind::UnknownVrid { vrid: vrid.get(), interface });
        }
    }

    /// Judges an advert and hands it to the state.
    fn hear(&mut self, id: InstanceId, received: &Received<'_>, now: Instant) -> Step {
        let world = &mut self.world;
        let Some(instance) = self.instances.get_mut(id) else {
            return Step::Stay;
        };
        let is_backup = matches!(instance.role, Role::Backup(_));
        if world.is_start_delayed || !(is_backup || instance.is_master()) {
            instance.counters.not_listening += 1;
            return Step::Stay;
        }
        let from_known_master = instance.heard.master.is_some_and(|(master, _)| master == received.source);
        let candidate = Candidate {
            config: &instance.config,
            advertised: instance.place.advertised,
            skips_address_check: is_backup
                && instance.config.skip_check_advert_addresses
                && from_known_master,
            received,
        };
        let advert = match acceptance::judge(&candidate) {
            Ok(advert) => advert,
            Err(rejection) => {
                reject(instance, received.source, rejection, world);
                return Step::Stay;
            }
        };
        instance.traffic.adverts_received += 1;
        instance.heard.checksum = advert.checksum.map(Into::into);
        if advert.priority.is_release() {
            instance.counters.releases_received += 1;
        }
        let step = if is_backup {
            backup::on_advertisement(instance, &advert, world, now)
        } else {
            master::on_advertisement(instance, &advert, world, now)
        };
        // Afterwards, because a new master lets everything be said anew.
        comment(instance, &advert, world);
        step
    }
}

/// Counts an advert that is not used, and says so the first time.
fn reject(instance: &mut Instance, from: IpAddr, reason: Rejection, world: &mut World) {
    acceptance::count(&mut instance.counters, &reason);
    if instance.heard.is_first(acceptance::kind(&reason)) {
        instance.report(world, EventKind::Rejected { from, reason });
    }
}

/// Says what is odd about an advert that is used all the same.
fn comment(instance: &mut Instance, advert: &acceptance::Advert, world: &mut World) {
    let from = advert.from;
    if let Some(received) = advert.other_addresses {
        instance.counters.address_list_errors += 1;
        let expected = instance.place.advertised;
        if instance.heard.is_first(remark::ADDRESSES) {
            instance.report(world, EventKind::AddressListDiffers { from, expected, received });
        }
    }
    let ours = instance.own_interval();
    if let Some(received) = advert.interval.filter(|interval| *interval != ours)
        && instance.heard.is_first(remark::INTERVAL)
    {
        instance.report(world, EventKind::IntervalDiffers { from, ours, received });
    }
    remember_checksum(instance, advert);
}

/// A unicast peer that sums like old releases is answered in kind; another one is not (vrrp reference D9).
fn remember_checksum(instance: &mut Instance, advert: &acceptance::Advert) {
    if !instance.config.has_peer(advert.from) {
        return; // Nothing is sent there, and strangers may be many.
    }
    let peers = &mut instance.output.old_checksum_peers;
    let changed = match advert.checksum {
        Some(ChecksumStyle::GroupPseudoHeader) => peers.insert(advert.from),
        Some(ChecksumStyle::PseudoHeader) => peers.remove(&advert.from),
        Some(ChecksumStyle::PduOnly) | None => false,
    };
    if changed {
        instance.output.advert = None;
    }
}
