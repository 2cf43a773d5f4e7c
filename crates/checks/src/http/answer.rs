//! What a web server answered, and whether that is what the configuration asks for. No sockets and no clock.
//!
//! The reading is the original's and not HTTP's (lvs reference 5.6): no transfer encoding is decoded, and lines end with
//! CR LF only.

use crate::limits;
use keepalived_lvs::config::Url;
use keepalived_lvs::{HttpTest, Remark};
use md5::{Digest, Md5};

/// An answer as it comes in.
pub struct Answer {
    header: Vec<u8>,
    state: State,
    digest: Md5,
    /// Bytes of body that still go into the digest.
    to_digest: u64,
    announced: Option<u64>,
    received: u64,
    /// The body as far as a regular expression may look, when there is one.
    subject: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Body,
    /// No more can come of it, whatever follows.
    HeaderTooLong,
    BodyTooLong,
}

/// Why an answer will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing came, or no complete header within [`limits::HTTP_HEADER`].
    Empty,
    /// The status is not in the list; `None` when the status line has none.
    Status(Option<u16>),
    /// The MD5 of the body, which is not the one wanted.
    Digest([u8; 16]),
    /// The regular expression does not match, or does and should not.
    Regex,
    /// The body is longer than [`limits::HTTP_BODY`].
    TooLong,
}

impl Answer {
    /// Nothing has come yet. `with_subject`: the body will be looked at by a regular expression.
    #[must_use]
    pub fn new(with_subject: bool) -> Self {
        Self {
            header: Vec::new(),
            state: State::Header,
            digest: Md5::new(),
            to_digest: u64::MAX,
            announced: None,
            received: 0,
            subject: with_subject.then(Vec::new),
        }
    }

    /// The next bytes, however the network cut them.
    pub fn take(&mut self, piece: &[u8]) {
        match self.state {
            State::Header => self.take_header(piece),
            State::Body => self.take_body(piece),
            State::HeaderTooLong | State::BodyTooLong => {}
        }
    }

    /// Nothing that may still come could change the judgement.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::HeaderTooLong | State::BodyTooLong)
    }

    /// The header, its empty line included, once it is complete.
    #[must_use]
    pub fn header(&self) -> Option<&[u8]> {
        matches!(self.state, State::Body | State::BodyTooLong).then_some(&self.header)
    }

    fn take_header(&mut self, piece: &[u8]) {
        let before = self.header.len();
        let fits = piece.len().min(limits::HTTP_HEADER.saturating_sub(before));
        self.header.extend_from_slice(piece.get(..fits).unwrap_or_default());
        // The end may have begun in an earlier piece.
        let search_from = before.saturating_sub(3);
        let Some(end) = find(&self.header, b"\r\n\r\n", search_from).map(|start| start + 4) else {
            if self.header.len() >= limits::HTTP_HEADER {
                self.state = State::HeaderTooLong;
            }
            return;
        };
        self.header.truncate(end);
        self.state = State::Body;
        self.announced = content_length(&self.header);
        self.to_digest = self.announced.unwrap_or(u64::MAX);
        self.take_body(piece.get(end - before..).unwrap_or_default());
    }

    fn take_body(&mut self, piece: &[u8]) {
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(length);
        if self.received > limits::HTTP_BODY {
            self.state = State::BodyTooLong;
            return;
        }
        let counted = usize::try_from(self.to_digest.min(length)).unwrap_or(piece.len());
        self.digest.update(piece.get(..counted).unwrap_or_default());
        self.to_digest = self.to_digest.saturating_sub(length);
        if let Some(subject) = &mut self.subject {
            let seen = piece.len().min(limits::REGEX_SUBJECT.saturating_sub(subject.len()));
            subject.extend_from_slice(piece.get(..seen).unwrap_or_default());
        }
    }

    /// Three digits and a space after the first space of the status line. The version is not looked at.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let line = self.header.split(|byte| *byte == b'\r').next()?;
        let space = line.iter().position(|byte| *byte == b' ')?;
        match line.get(space + 1..space + 5)? {
            [digits @ .., b' '] if digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).ok()?.parse().ok()
            }
            _ => None,
        }
    }

    /// Whether the header announced another length than came.
    #[must_use]
    pub fn remark(&self, path: &str) -> Option<Remark> {
        let announced = self.announced.filter(|announced| *announced != self.received)?;
        let received = self.received;
        self.header().is_some().then(|| Remark::ContentLength { path: path.to_owned(), announced, received })
    }

    /// The MD5 of the body as far as `Content-Length` goes: what `wget -O - URL | md5sum` prints.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        self.digest.clone().finalize().into()
    }

    /// Everything but the regular expression: was there an answer, is its status in the list, is its body the one
    /// wanted? In the end the last test that was made.
    ///
    /// # Errors
    /// The first test that failed.
    pub fn judge(&self, url: &Url) -> Result<HttpTest, Wrong> {
        if self.header().is_none() {
            return Err(Wrong::Empty);
        }
        let status = self.status();
        if !status.is_some_and(|status| url.status_codes.contain(status)) {
            return Err(Wrong::Status(status));
        }
        if self.state == State::BodyTooLong {
            return Err(Wrong::TooLong);
        }
        let Some(wanted) = url.digest else {
            return Ok(HttpTest::Status);
        };
        let digest = self.digest();
        if digest == wanted { Ok(HttpTest::Digest) } else { Err(Wrong::Digest(digest)) }
    }

    /// The body as far as a regular expression sees it.
    #[must_use]
    pub fn into_subject(self) -> Vec<u8> {
        self.subject.unwrap_or_default()
    }
}

/// The value of the first `Content-Length:` that stands at the beginning of a line, in exactly this case. A value with
/// anything but a line end behind it does not count.
fn content_length(header: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\r\nContent-Length:";
    let value = header.get(find(header, NAME, 0)? + NAME.len()..)?;
    let line = value.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line.trim_ascii_start()).ok()?.parse().ok()
}

/// Where `needle` begins in `bytes`, at or after `from`.
fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let position = bytes.get(from..)?.windows(needle.len()).position(|window| window == needle)?;
    Some(from + position)
}

#[cfg(test)]
mod tests;
