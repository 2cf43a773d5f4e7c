//! The checker blocks of a real server.

mod bfd;
mod common;
mod connect;
mod dns;
mod draft;
mod file;
mod http;
mod misc;
mod smtp;
mod udp;
mod url;

pub(super) use bfd::BFD_CHECK;
pub(super) use connect::{PING_CHECK, TCP_CHECK};
pub(super) use dns::DNS_CHECK;
pub(super) use draft::{ActiveDraft, CheckerDraft, ConnectionDraft, HttpDraft, ProbeDraft, ScheduleDraft};
pub(super) use file::FILE_CHECK;
pub(super) use http::{HTTP_GET, SSL_GET};
pub(super) use misc::MISC_CHECK;
pub(super) use smtp::SMTP_CHECK;
pub(super) use udp::UDP_CHECK;
