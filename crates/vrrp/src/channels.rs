//! Which sockets exist and which instances listen on them.
//!
//! A received advert finds its instance by channel and VRID: one look-up, however many instances there are.

use crate::effect::{Channel, ChannelId, Effect, InstanceId};
use keepalived_types::Vrid;
use std::collections::HashMap;

/// A channel that somebody uses.
#[derive(Debug)]
struct Open {
    channel: Channel,
    users: usize,
    /// The driver reads it in batches.
    in_batches: bool,
}

/// All channels, counted by their users.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    last: u32,
    by_place: HashMap<Channel, ChannelId>,
    by_id: HashMap<ChannelId, Open>,
    listeners: HashMap<(ChannelId, Vrid), Listeners>,
}

/// Who listens for a VRID on a channel.
#[derive(Debug)]
enum Listeners {
    /// Nearly always, thousands of times.
    One(InstanceId),
    /// At least two.
    Several(Box<[InstanceId]>),
}

impl Listeners {
    fn as_slice(&self) -> &[InstanceId] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Several(all) => all,
        }
    }

    /// With one more, the last.
    fn and(&self, instance: InstanceId) -> Self {
        Self::Several([self.as_slice(), &[instance]].concat().into())
    }

    /// Without this one; `None` when nobody is left.
    fn without(&self, instance: InstanceId) -> Option<Self> {
        let left: Vec<_> = self.as_slice().iter().copied().filter(|listener| *listener != instance).collect();
        match left.as_slice() {
            [] => None,
            [only] => Some(Self::One(*only)),
            _ => Some(Self::Several(left.into())),
        }
    }
}

impl Channels {
    /// Joins a channel, and opens it when nobody has done so before. Returns its number.
    pub(crate) fn join(
        &mut self,
        channel: Channel,
        vrid: Vrid,
        instance: InstanceId,
        effects: &mut impl Extend<Effect>,
    ) -> ChannelId {
        let id = if let Some(id) = self.by_place.get(&channel) {
            *id
        } else {
            self.last += 1;
            let id = ChannelId(self.last);
            effects.extend([Effect::OpenChannel { id, channel: channel.clone() }]);
            self.by_place.insert(channel.clone(), id);
            self.by_id.insert(id, Open { channel, users: 0, in_batches: false });
            id
        };
        if let Some(open) = self.by_id.get_mut(&id) {
            open.users += 1;
        }
        let listeners = self.listeners.entry((id, vrid));
        listeners.and_modify(|all| *all = all.and(instance)).or_insert(Listeners::One(instance));
        id
    }

    /// Leaves a channel, and closes it when nobody is left.
    pub(crate) fn leave(
        &mut self,
        id: ChannelId,
        vrid: Vrid,
        instance: InstanceId,
        effects: &mut impl Extend<Effect>,
    ) {
        if let Some(listeners) = self.listeners.get_mut(&(id, vrid)) {
            match listeners.without(instance) {
                Some(left) => *listeners = left,
                None => drop(self.listeners.remove(&(id, vrid))),
            }
        }
        let Some(open) = self.by_id.get_mut(&id) else {
            return;
        };
        debug_assert!(open.users > 0, "who leaves has joined");
        open.users = open.users.saturating_sub(1);
        if open.users == 0 {
            self.by_place.remove(&open.channel);
            self.by_id.remove(&id);
            effects.extend([Effect::CloseChannel(id)]);
        }
    }

    /// The driver could not open a channel, or lost it: forgets it and tells who used it.
    pub(crate) fn fail(&mut self, id: ChannelId) -> Vec<InstanceId> {
        if let Some(open) = self.by_id.remove(&id) {
            self.by_place.remove(&open.channel);
        }
        let vrids = (1..=u8::MAX).filter_map(Vrid::new);
        let listeners = vrids.filter_map(|vrid| self.listeners.remove(&(id, vrid)));
        listeners.flat_map(|all| all.as_slice().to_vec()).collect()
    }

    /// Who listens for this VRID. More than one only for unicast instances with different peers.
    pub(crate) fn listeners(&self, id: ChannelId, vrid: Vrid) -> &[InstanceId] {
        self.listeners.get(&(id, vrid)).map_or(&[], Listeners::as_slice)
    }

    /// Where a channel is.
    pub(crate) fn get(&self, id: ChannelId) -> Option<&Channel> {
        self.by_id.get(&id).map(|open| &open.channel)
    }

    /// How many instances speak there.
    pub(crate) fn users(&self, id: ChannelId) -> usize {
        self.by_id.get(&id).map_or(0, |open| open.users)
    }

    /// Notes how the driver reads the channel; returns how it did so before.
    pub(crate) fn set_in_batches(&mut self, id: ChannelId, in_batches: bool) -> bool {
        self.by_id.get_mut(&id).is_some_and(|open| std::mem::replace(&mut open.in_batches, in_batches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::ChannelAddress;
    use keepalived_types::Family;

    #[test]
    fn a_channel_is_opened_for_its_first_user_and_closed_after_its_last() {
        let group = ChannelAddress::Group("224.0.0.18".parse().expect("a literal address"));
        let channel = Channel { family: Family::V4, interface: None, vrf: None, address: group };
        let (one, two) = (Vrid::new(1).expect("not 0"), Vrid::new(2).expect("not 0"));
        let mut channels = Channels::default();
        let mut effects = Vec::new();
        let id = channels.join(channel.clone(), one, InstanceId(7), &mut effects);
        assert_eq!(channels.join(channel.clone(), two, InstanceId(8), &mut effects), id);
        assert_eq!(channels.listeners(id, two), [InstanceId(8)]);
        channels.leave(id, one, InstanceId(7), &mut effects);
        assert_eq!(effects.len(), 1, "opened, and still open");
        channels.leave(id, two, InstanceId(8), &mut effects);
        assert_eq!(effects.last(), Some(&Effect::CloseChannel(id)));
        assert_ne!(
            channels.join(channel, one, InstanceId(7), &mut effects),
            id,
            "numbers are never used again"
        );
    }

    #[test]
    fn several_may_listen_for_a_vrid_in_the_order_in_which_they_joined() {
        let address = ChannelAddress::Local("192.0.2.1".parse().expect("a literal address"));
        let channel = Channel { family: Family::V4, interface: None, vrf: None, address };
        let vrid = Vrid::new(1).expect("not 0");
        let mut channels = Channels::default();
        let mut effects = Vec::new();
        let mut id = ChannelId(0);
        for instance in [7, 8, 9].map(InstanceId) {
            id = channels.join(channel.clone(), vrid, instance, &mut effects);
        }
        assert_eq!(channels.listeners(id, vrid), [7, 8, 9].map(InstanceId));
        channels.leave(id, vrid, InstanceId(7), &mut effects);
        assert_eq!(channels.listeners(id, vrid), [8, 9].map(InstanceId));
        channels.leave(id, vrid, InstanceId(9), &mut effects);
        assert_eq!(channels.listeners(id, vrid), [InstanceId(8)]);
        channels.leave(id, vrid, InstanceId(8), &mut effects);
        assert_eq!(channels.listeners(id, vrid), []);
    }

    #[test]
    fn a_failed_channel_names_its_users_and_is_gone() {
        let group = ChannelAddress::Group("224.0.0.18".parse().expect("a literal address"));
        let channel = Channel { family: Family::V4, interface: None, vrf: None, address: group };
        let vrid = Vrid::new(1).expect("not 0");
        let mut channels = Channels::default();
        let mut effects = Vec::new();
        let id = channels.join(channel, vrid, InstanceId(7), &mut effects);
        assert_eq!(channels.fail(id), [InstanceId(7)]);
        assert!(channels.listeners(id, vrid).is_empty());
        assert_eq!(channels.fail(id), []);
    }
}
