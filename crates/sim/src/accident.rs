//! Kinds of accidents, and how often each has happened: a run that injects nothing proves nothing.

use std::fmt;
use std::ops::AddAssign;

/// What can happen to a LAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Accident {
    /// A node loses power.
    PowerOff,
    /// A node or its daemon is started.
    Start,
    /// The daemon is stopped in order.
    Stop,
    /// The VRRP process is killed.
    Kill,
    /// The process gets no processor for a while.
    Stall,
    /// The whole machine sleeps: its monotonic clock stands still, what is sent to it is lost.
    Sleep,
    /// The wall clock of a node jumps.
    ClockStep,
    /// A link loses its carrier.
    LinkDown,
    /// A link regains it.
    LinkUp,
    /// A segment is cut into parts.
    Partition,
    /// Somebody no longer hears somebody else, but is heard.
    OneWay,
    /// Packets are lost.
    Loss,
    /// Packets are late.
    Delay,
    /// Many packets arrive twice.
    Duplicates,
    /// An old packet is sent again.
    Replay,
    /// A stranger sends something that must not be believed.
    Forgery,
    /// Somebody removes a virtual address.
    VirtualAddressRemoved,
    /// Somebody removes a virtual address that is not tracked (`no_track`).
    UntrackedAddressRemoved,
    /// Somebody removes the addresses that adverts are sent from.
    SourceRemoved,
    /// They come back.
    SourceAdded,
    /// Somebody removes one address of an interface, where another one may take its place.
    OneAddressRemoved,
    /// It comes back.
    OneAddressAdded,
    /// Somebody removes the configured source of an instance with `track_src_ip`.
    TrackedSourceRemoved,
    /// It comes back.
    TrackedSourceAdded,
    /// A link loses its carrier that an instance does not track (`dont_track_primary`).
    UntrackedLinkDown,
    /// A link loses its carrier for less than its delay (`interface_up_down_delays`).
    ShortFlap,
    /// The same, for longer than that.
    LongFlap,
    /// An interface is deleted.
    InterfaceDeleted,
    /// It is made again.
    InterfaceMade,
    /// An interface gets another name.
    InterfaceRenamed,
    /// It gets its own back.
    InterfaceNamedBack,
    /// A script begins to fail, or to succeed.
    Script,
    /// A file gets another number.
    File,
    /// A process starts or ends.
    Process,
    /// A reload that changes nothing.
    ReloadUnchanged,
    /// A reload that changes an instance.
    ReloadChanged,
    /// A reload that takes an instance away.
    ReloadRemoved,
    /// A reload that adds an instance.
    ReloadAdded,
    /// A reload that changes what an instance tracks, or how.
    ReloadTrackers,
    /// A reload that changes whether and when lower priorities are pushed aside.
    ReloadPreemption,
    /// A reload that changes what links and addresses mean: `interface_up_down_delays`, `dont_track_primary`,
    /// `track_src_ip`, `no_track`.
    ReloadLinks,
    /// Any of them while somebody's `preempt_delay` runs.
    ReloadInPreemptDelay,
}

impl Accident {
    /// All of them.
    pub const ALL: [Self; 42] = [
        Self::PowerOff,
        Self::Start,
        Self::Stop,
        Self::Kill,
        Self::Stall,
        Self::Sleep,
        Self::ClockStep,
        Self::LinkDown,
        Self::LinkUp,
        Self::Partition,
        Self::OneWay,
        Self::Loss,
        Self::Delay,
        Self::Duplicates,
        Self::Replay,
        Self::Forgery,
        Self::VirtualAddressRemoved,
        Self::UntrackedAddressRemoved,
        Self::SourceRemoved,
        Self::SourceAdded,
        Self::OneAddressRemoved,
        Self::OneAddressAdded,
        Self::TrackedSourceRemoved,
        Self::TrackedSourceAdded,
        Self::UntrackedLinkDown,
        Self::ShortFlap,
        Self::LongFlap,
        Self::InterfaceDeleted,
        Self::InterfaceMade,
        Self::InterfaceRenamed,
        Self::InterfaceNamedBack,
        Self::Script,
        Self::File,
        Self::Process,
        Self::ReloadUnchanged,
        Self::ReloadChanged,
        Self::ReloadRemoved,
        Self::ReloadAdded,
        Self::ReloadTrackers,
        Self::ReloadPreemption,
        Self::ReloadLinks,
        Self::ReloadInPreemptDelay,
    ];
}

/// How often each kind has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accidents([u64; Accident::ALL.len()]);

impl Default for Accidents {
    fn default() -> Self {
        Self([0; Accident::ALL.len()])
    }
}

impl Accidents {
    /// One more of this kind.
    pub(crate) fn count(&mut self, accident: Accident) {
        if let Some(count) =
            Accident::ALL.iter().position(|one| *one == accident).and_then(|at| self.0.get_mut(at))
        {
            *count += 1;
        }
    }

    /// All kinds with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Accident, u64)> + '_ {
        Accident::ALL.into_iter().zip(self.0)
    }

    /// Kinds that have not happened at all.
    #[must_use]
    pub fn missing(&self) -> Vec<Accident> {
        self.iter().filter(|(_, count)| *count == 0).map(|(accident, _)| accident).collect()
    }

    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl AddAssign for Accidents {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum += count);
    }
}

impl fmt::Display for Accidents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> =
            self.iter().map(|(accident, count)| format!("{accident:?} {count}")).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_happened_is_named() {
        let mut accidents = Accidents::default();
        assert_eq!(accidents.missing().len(), Accident::ALL.len());
        for accident in Accident::ALL {
            accidents.count(accident);
        }
        accidents += accidents;
        assert!(accidents.missing().is_empty());
        assert_eq!(accidents.total(), 2 * 42);
        assert!(accidents.to_string().starts_with("PowerOff 2, Start 2"));
    }
}
