//! Asking a driver whether there is a carrier, for interfaces whose netlink messages cannot be trusted.

use crate::error::{Doing, Result, check};
use keepalived_types::InterfaceName;
use socket2::{Domain, Socket, Type};
use std::io;
use std::os::fd::AsRawFd;

/// ETHTOOL_GLINK (linux/ethtool.h).
const ETHTOOL_GLINK: u32 = 0x0000_000a;
/// Basic mode status register (IEEE 802.3 clause 22, linux/mii.h).
const MII_BMSR: u16 = 1;
/// BMSR_LSTATUS.
const MII_LINK: u16 = 0x0004;

/// struct mii_ioctl_data (linux/mii.h), which lies in the union of a struct ifreq.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct MiiRegister {
    phy: u16,
    number: u16,
    value_in: u16,
    value_out: u16,
}

/// struct ethtool_value (linux/ethtool.h).
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// A datagram socket for questions about interfaces. A driver that talks to its transceiver over a slow bus may take
/// milliseconds to answer, so ask from a thread that may wait.
#[derive(Debug)]
pub struct Questions {
    socket: Socket,
}

impl Questions {
    /// # Errors
    /// When the process has no descriptor left.
    pub fn open() -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM.cloexec(), None);
        Ok(Self { socket: socket.doing("open a socket for link states")? })
    }

    /// The link bit of the transceiver's status register (SIOCGMIIPHY, SIOCGMIIREG).
    ///
    /// # Errors
    /// `EOPNOTSUPP` when the driver has no MII, ENODEV when there is no such interface.
    pub fn mii(&self, interface: &InterfaceName) -> Result<bool> {
        let mut request = request_for(interface);
        self.ask(libc::SIOCGMIIPHY, &mut request).doing("find the transceiver")?;
        // The link bit latches a failure until it is read: the second reading is the present.
        let mut status = 0;
        for _ in 0..2 {
            mii_register(&mut request).number = MII_BMSR;
            self.ask(libc::SIOCGMIIREG, &mut request).doing("read the status of the transceiver")?;
            status = mii_register(&mut request).value_out;
        }
        Ok(status & MII_LINK != 0)
    }

    /// ETHTOOL_GLINK: an interface that is down has no link.
    ///
    /// # Errors
    /// `EOPNOTSUPP` when the driver does not know, ENODEV when there is no such interface.
    pub fn ethtool(&self, interface: &InterfaceName) -> Result<bool> {
        let mut value = EthtoolValue { command: ETHTOOL_GLINK, data: 0 };
        let mut request = request_for(interface);
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        self.ask(libc::SIOCETHTOOL, &mut request).doing("ask for the link")?;
        Ok(value.data != 0)
    }

    /// `IFF_RUNNING` (SIOCGIFFLAGS).
    ///
    /// # Errors
    /// ENODEV when there is no such interface.
    pub fn flags(&self, interface: &InterfaceName) -> Result<bool> {
        let mut request = request_for(interface);
        self.ask(libc::SIOCGIFFLAGS, &mut request).doing("ask for the flags")?;
        // SAFETY: the call has filled this member of the union.
        let flags = unsafe { request.ifr_ifru.ifru_flags };
        Ok(i32::from(flags) & libc::IFF_RUNNING != 0)
    }

    fn ask(&self, question: libc::c_ulong, request: &mut libc::ifreq) -> io::Result<()> {
        // SAFETY: `request` is a whole ifreq with a terminated name; for SIOCETHTOOL its pointer leads to an
        // EthtoolValue that outlives the call, and the other questions write into the ifreq itself.
        check(unsafe { libc::ioctl(self.socket.as_raw_fd(), question, &raw mut *request) }).map(drop)
    }
}

/// The MII registers in the union of a request.
fn mii_register(request: &mut libc::ifreq) -> &mut MiiRegister {
    const { assert!(size_of::<MiiRegister>() <= size_of::<libc::__c_anonymous_ifr_ifru>()) };
    const { assert!(align_of::<MiiRegister>() <= align_of::<libc::__c_anonymous_ifr_ifru>()) };
    // SAFETY: it fits the union in size and alignment, as asserted, and any eight bytes are a valid one.
    unsafe { &mut *(&raw mut request.ifr_ifru).cast::<MiiRegister>() }
}

fn request_for(interface: &InterfaceName) -> libc::ifreq {
    // SAFETY: ifreq is integers and pointers; all zero is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // An interface name has at most 15 bytes, so that a zero stays at the end.
    for (to, from) in request.ifr_name.iter_mut().zip(interface.as_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{in_network_namespace, ip};

    fn name(text: &str) -> InterfaceName {
        InterfaceName::new(text).expect("a literal name")
    }

    #[test]
    fn a_cable_that_is_out_is_seen_by_those_who_can() {
        in_network_namespace(|| {
            ip("link add one type veth peer name two");
            ip("link set one up");
            let questions = Questions::open().expect("a descriptor");
            let one = name("one");
            assert!(!questions.ethtool(&one).expect("veth answers"));
            assert!(!questions.flags(&one).expect("every interface answers"));
            ip("link set two up");
            assert!(questions.ethtool(&one).expect("veth answers"));
            assert!(questions.flags(&one).expect("every interface answers"));
            let refused = questions.mii(&one).expect_err("veth has no transceiver");
            assert_eq!(refused.errno(), Some(libc::EOPNOTSUPP));
        });
    }

    #[test]
    fn an_interface_that_is_gone_is_an_error_for_everybody() {
        in_network_namespace(|| {
            let questions = Questions::open().expect("a descriptor");
            let gone = name("gone");
            for answer in [questions.mii(&gone), questions.ethtool(&gone), questions.flags(&gone)] {
                assert_eq!(answer.expect_err("there is none").errno(), Some(libc::ENODEV));
            }
        });
    }
}
