//! Writing netlink messages (RFC 3549; linux/netlink.h).

/// NLMSG_NOOP: a message that does nothing.
pub(crate) const NOOP: u16 = 1;
/// NLM_F_REQUEST: every message to the kernel carries it.
pub(crate) const REQUEST: u16 = 0x1;
/// NLM_F_ACK: answer even when it went well.
pub(crate) const ACK: u16 = 0x4;
/// NLM_F_REPLACE: change what exists.
pub(crate) const REPLACE: u16 = 0x100;
/// NLM_F_EXCL: fail when it exists.
pub(crate) const EXCLUSIVE: u16 = 0x200;
/// NLM_F_CREATE: make it when it does not exist.
pub(crate) const CREATE: u16 = 0x400;
/// NLM_F_APPEND: behind what exists.
pub(crate) const APPEND: u16 = 0x800;
/// NLM_F_DUMP: list everything.
pub(crate) const DUMP: u16 = 0x300;

/// struct nlmsghdr.
const HEADER: usize = 16;

/// Where an attribute with attributes inside begins.
#[derive(Debug)]
#[must_use]
pub(crate) struct Nest(usize);

/// Messages one behind the other, ready for one send.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    /// Where the message being written began.
    start: usize,
}

impl Encoder {
    /// Forgets what was written and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Begins a message with its family's fixed header; the one before is complete.
    pub(crate) fn begin(&mut self, kind: u16, flags: u16, sequence: u32, body: &[u8]) {
        self.start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&(flags | REQUEST).to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]); // port 0: the kernel fills in ours
        self.bytes.extend_from_slice(body);
        self.settle();
    }

    /// Appends an attribute. One that cannot be expressed (64 KiB and more) is left out: its callers validate.
    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let Ok(length) = u16::try_from(value.len() + 4) else {
            return;
        };
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.settle();
    }

    /// Begins an attribute whose value is attributes; give the mark to [`Encoder::end_nest`].
    pub(crate) fn begin_nest(&mut self, kind: u16) -> Nest {
        let nest = Nest(self.bytes.len());
        self.attribute(kind, &[]);
        nest
    }

    /// Begins a record whose first two bytes will be its length, as an attribute's are; give the mark to
    /// [`Encoder::end_nest`].
    pub(crate) fn begin_record(&mut self, head: &[u8]) -> Nest {
        let nest = Nest(self.bytes.len());
        self.bytes.extend_from_slice(head);
        self.settle();
        nest
    }

    /// Ends the attribute: what was appended since is inside. One of 64 KiB and more is cut to nothing.
    pub(crate) fn end_nest(&mut self, nest: Nest) {
        match u16::try_from(self.bytes.len() - nest.0) {
            Ok(length) => self.bytes[nest.0..nest.0 + 2].copy_from_slice(&length.to_ne_bytes()),
            Err(_) => self.bytes.truncate(nest.0 + 4),
        }
        self.settle();
    }

    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Pads to four bytes and brings the message's length up to date.
    fn settle(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let length = u32::try_from(self.bytes.len() - self.start).unwrap_or(u32::MAX);
        if let Some(field) = self.bytes.get_mut(self.start..self.start + 4) {
            field.copy_from_slice(&length.to_ne_bytes());
        }
        debug_assert!(self.bytes.len() >= self.start + HEADER);
    }
}
