//! Real servers at which nobody listens, all of which are asked at one moment.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// One virtual server with these real servers. Their first checks are due together, a second after the start, and so are
/// the second ones, which decide.
#[must_use]
pub fn refusing_together(service: SocketAddr, servers: impl IntoIterator<Item = SocketAddr>) -> String {
    let (address, port) = (service.ip(), service.port());
    let mut text = format!(
        "virtual_server {address} {port} {{\n    delay_loop 60\n    warmup 0\n    lvs_sched rr\n    lvs_method NAT\n    \
         protocol TCP\n"
    );
    for server in servers {
        // Writing to a String cannot fail.
        let _ok = writeln!(
            text,
            "    real_server {} {} {{\n        TCP_CHECK {{\n        }}\n    }}",
            server.ip(),
            server.port()
        );
    }
    text + "}\n"
}
