//! The set of instances. A number is an index, so finding one costs nothing.

use crate::effect::InstanceId;
use crate::instance::Instance;

/// All instances by number.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    slots: Vec<Option<Box<Instance>>>,
    /// In the order of the configuration.
    order: Vec<InstanceId>,
}

impl Instances {
    /// The number of the next new instance: never used before.
    pub(crate) fn next_id(&self) -> InstanceId {
        InstanceId(
            u32::try_from(self.slots.len()).expect("fewer than 2^32 instances in the life of a process"),
        )
    }

    /// Takes a new instance in, under the number from [`Instances::next_id`].
    pub(crate) fn insert(&mut self, instance: Instance) {
        debug_assert_eq!(instance.id, self.next_id(), "a number is never used again");
        self.slots.push(Some(Box::new(instance)));
    }

    /// Takes an instance out for good.
    pub(crate) fn remove(&mut self, id: InstanceId) -> Option<Box<Instance>> {
        self.slots.get_mut(index(id))?.take()
    }

    /// Sets the order of the configuration.
    pub(crate) fn set_order(&mut self, order: Vec<InstanceId>) {
        self.order = order;
    }

    /// Their numbers in the order of the configuration.
    pub(crate) fn ids(&self) -> Vec<InstanceId> {
        self.order.clone()
    }

    /// One of them.
    pub(crate) fn get(&self, id: InstanceId) -> Option<&Instance> {
        self.slots.get(index(id))?.as_deref()
    }

    /// One of them, to be changed.
    pub(crate) fn get_mut(&mut self, id: InstanceId) -> Option<&mut Instance> {
        self.slots.get_mut(index(id))?.as_deref_mut()
    }

    /// All of them in the order of the configuration.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Instance> {
        self.order.iter().filter_map(|id| self.get(*id))
    }
}

fn index(id: InstanceId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}
