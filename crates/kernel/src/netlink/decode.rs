//! Reading netlink messages, leniently.
//!
//! The kernel adds attributes and changes their sizes from release to release. A daemon that drops a whole message
//! because of one odd attribute has lost a link-down, so: what is odd is ignored, what is cut off ends the walk.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// NLMSG_ERROR: an acknowledgement, when its code is 0.
pub(crate) const ERROR: u16 = 2;
/// NLMSG_DONE: the end of a dump.
pub(crate) const DONE: u16 = 3;
/// NLMSG_OVERRUN: data lost.
pub(crate) const OVERRUN: u16 = 4;
/// NLM_F_DUMP_INTR: what is being dumped changed meanwhile.
pub(crate) const DUMP_INTERRUPTED: u16 = 0x10;
/// NLM_F_CAPPED: the acknowledgement carries only the header of the request.
const CAPPED: u16 = 0x100;
/// NLM_F_ACK_TLVS: the acknowledgement carries extended attributes.
const ACK_ATTRIBUTES: u16 = 0x200;
/// NLMSGERR_ATTR_MSG: the reason as text.
const ERROR_TEXT: u16 = 1;

/// One message of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// RTM_NEWLINK, [`ERROR`], ...
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    /// The request's sequence number, 0 in a notification.
    pub(crate) sequence: u32,
    /// The port id of the socket whose request caused it, 0 for the kernel's own doing.
    pub(crate) port: u32,
    /// What follows the header.
    pub(crate) payload: &'a [u8],
}

/// The messages of a datagram; ends at the first one that is not whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let length = usize::try_from(u32_at(self.0, 0)?).ok()?;
        let message = Message {
            kind: u16_at(self.0, 4)?,
            flags: u16_at(self.0, 6)?,
            sequence: u32_at(self.0, 8)?,
            port: u32_at(self.0, 12)?,
            payload: self.0.get(16..length)?,
        };
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// What an [`ERROR`] message says: 0 for an acknowledgement, else the errno, and the kernel's words if it has any.
pub(crate) fn outcome_of(message: Message<'_>) -> Option<(i32, Option<String>)> {
    let code = i32_at(message.payload, 0)?;
    let text = extended_text(message).filter(|text| !text.is_empty());
    Some((code.checked_neg().unwrap_or(i32::MAX), text))
}

/// The text behind the code and the copy of the request, which is whole or just its header.
fn extended_text(message: Message<'_>) -> Option<String> {
    if message.flags & ACK_ATTRIBUTES == 0 {
        return None;
    }
    let request =
        if message.flags & CAPPED == 0 { usize::try_from(u32_at(message.payload, 4)?).ok()? } else { 16 };
    let attributes = message.payload.get(request.checked_next_multiple_of(4)?.checked_add(4)?..)?;
    Attributes(attributes).find(|attribute| attribute.kind == ERROR_TEXT)?.text()
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    /// Without the NLA_F_NESTED and NLA_F_NET_BYTEORDER bits.
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
}

impl<'a> Attribute<'a> {
    pub(crate) fn u8(&self) -> Option<u8> {
        self.value.first().copied()
    }

    pub(crate) fn u16(&self) -> Option<u16> {
        u16_at(self.value, 0)
    }

    pub(crate) fn u32(&self) -> Option<u32> {
        u32_at(self.value, 0)
    }

    pub(crate) fn u64(&self) -> Option<u64> {
        self.value.first_chunk().copied().map(u64::from_ne_bytes)
    }

    /// A text up to its NUL; bytes that are no UTF-8 become replacement characters.
    pub(crate) fn text(&self) -> Option<String> {
        let end = self.value.iter().position(|&byte| byte == 0).unwrap_or(self.value.len());
        Some(String::from_utf8_lossy(&self.value[..end]).into_owned())
    }

    /// An address: its length tells the family.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.value.len() {
            4 => <[u8; 4]>::try_from(self.value).ok().map(|octets| Ipv4Addr::from(octets).into()),
            16 => <[u8; 16]>::try_from(self.value).ok().map(|octets| Ipv6Addr::from(octets).into()),
            _ => None,
        }
    }

    /// The attributes inside.
    pub(crate) fn nested(&self) -> Attributes<'a> {
        Attributes(self.value)
    }
}

/// The attributes of a message; ends at the first one that is not whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let length = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & 0x3fff;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Attribute { kind, value })
    }
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..at + 4)?.try_into().ok().map(i32::from_ne_bytes)
}

#[cfg(test)]
mod tests;
