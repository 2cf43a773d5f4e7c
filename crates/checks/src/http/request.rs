//! The request of `HTTP_GET` and `SSL_GET`, byte for byte the original's (lvs reference 5.6).

use keepalived_lvs::config::HttpVersion;
use std::net::SocketAddr;

/// The original's buffer: a longer request is cut.
const LONGEST: usize = 2047;

/// `GET path`, from `virtualhost`, or else from the address and port that are connected to.
#[must_use]
pub fn request(
    path: &str,
    version: HttpVersion,
    virtualhost: Option<&str>,
    destination: SocketAddr,
) -> Vec<u8> {
    let (number, connection) = match version {
        HttpVersion::Http10 => ("1.0", ""),
        HttpVersion::Http10Close => ("1.0", "Connection: close\r\n"),
        HttpVersion::Http11 => ("1.1", "Connection: close\r\n"),
    };
    let host = virtualhost.map_or_else(|| host(destination), str::to_owned);
    let text = format!(
        "GET {path} HTTP/{number}\r\nUser-Agent: KeepAliveClient\r\n{connection}Host: {host}\r\n\r\n"
    );
    let mut bytes = text.into_bytes();
    bytes.truncate(LONGEST);
    bytes
}

/// The address and port as a Host header has them. A zone (`%eth0`) is this machine's business.
fn host(destination: SocketAddr) -> String {
    match destination {
        SocketAddr::V4(address) => address.to_string(),
        SocketAddr::V6(address) => format!("[{}]:{}", address.ip(), address.port()),
    }
}
