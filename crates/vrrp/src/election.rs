//! Who is the better master: priorities first, then addresses (RFC 9568 §6.4.2, §6.4.3).

use keepalived_types::Priority;
use std::cmp::Ordering;
use std::net::IpAddr;

/// How an advert compares with what we would send ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rival {
    /// Priority 0: the sender gives up the role.
    Release,
    /// A higher priority.
    Higher,
    /// The same priority from a higher address.
    HigherAddress,
    /// The same priority from our own address: nobody can win this one.
    Same,
    /// A lower priority, or the same from a lower address.
    Lower,
}

/// Ranks a sender against us.
///
/// Addresses compare as unsigned numbers in network order. Without an address of our own every sender is higher.
pub(crate) fn rank(theirs: Priority, from: IpAddr, ours: Priority, source: Option<IpAddr>) -> Rival {
    if theirs.is_release() {
        return Rival::Release;
    }
    match theirs.cmp(&ours) {
        Ordering::Greater => Rival::Higher,
        Ordering::Less => Rival::Lower,
        Ordering::Equal => match source.map(|source| from.cmp(&source)) {
            None | Some(Ordering::Greater) => Rival::HigherAddress,
            Some(Ordering::Equal) => Rival::Same,
            Some(Ordering::Less) => Rival::Lower,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    #[test]
    fn priority_decides_and_the_address_breaks_a_tie() {
        let ours = Some(ip("192.0.2.130"));
        let rank = |theirs, from| rank(Priority(theirs), ip(from), Priority(100), ours);
        assert_eq!(rank(0, "192.0.2.200"), Rival::Release);
        assert_eq!(rank(101, "192.0.2.1"), Rival::Higher);
        assert_eq!(rank(99, "192.0.2.200"), Rival::Lower);
        assert_eq!(rank(100, "192.0.2.200"), Rival::HigherAddress);
        assert_eq!(rank(100, "192.0.2.2"), Rival::Lower, "compared as unsigned numbers");
        assert_eq!(rank(100, "192.0.2.130"), Rival::Same);
    }

    #[test]
    fn ipv6_addresses_compare_like_ipv4_ones() {
        let ours = Some(ip("fe80::a"));
        assert_eq!(rank(Priority(7), ip("fe80::b"), Priority(7), ours), Rival::HigherAddress);
        assert_eq!(rank(Priority(7), ip("fe80::9"), Priority(7), ours), Rival::Lower);
    }
}
