//! A server program of the distribution on a node: nginx, an SMTP server, a name server, `openssl s_server`.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::on_node;
use crate::log::Log;
use crate::{Error, Node, Result};

/// A program that loads its libraries in a guest on a busy host takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running program. Dropping it kills it, as a crash would: its connections are refused from then on.
#[derive(Debug)]
pub struct Served {
    child: Child,
    log: Log,
}

impl Served {
    /// Starts a program in the foreground, which must not fork, and waits until it takes connections on a TCP port of
    /// the node's loopback; port 0 waits for nothing. It sees the node's `/run`, `/tmp` and `/etc/keepalived`.
    ///
    /// # Errors
    /// When it does not start, ends, or does not listen in time; with what it printed.
    pub fn start(node: &Node, program: &str, arguments: &[&str], port: u16) -> Result<Self> {
        let mut command = on_node(node, program.as_ref(), arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io(format!("starting {program}")))?;
        let log = Log::default();
        if let Some(stdout) = child.stdout.take() {
            log.follow(stdout)?;
        }
        if let Some(stderr) = child.stderr.take() {
            log.follow(stderr)?;
        }
        let mut served = Self { child, log };
        if port != 0 {
            served.wait_for_port(node, program, port)?;
        }
        Ok(served)
    }

    /// Starts nginx with these `server` blocks, as one process. `name` tells several of one node apart.
    ///
    /// # Errors
    /// As [`Served::start`].
    pub fn nginx(node: &Node, name: &str, servers: &str, port: u16) -> Result<Self> {
        let text = format!(
            "daemon off;\nmaster_process off;\nuser root;\nworker_rlimit_nofile 65536;\npid /tmp/{name}.pid;\n\
             error_log stderr warn;\nevents {{ worker_connections 32768; }}\nhttp {{\n    access_log off;\n    \
             client_body_temp_path /tmp/{name}.body;\n    proxy_temp_path /tmp/{name}.proxy;\n    \
             fastcgi_temp_path /tmp/{name}.fastcgi;\n    uwsgi_temp_path /tmp/{name}.uwsgi;\n    \
             scgi_temp_path /tmp/{name}.scgi;\n{servers}}}\n"
        );
        node.write_file(&format!("/tmp/{name}.conf"), text)?;
        Self::start(node, "/usr/sbin/nginx", &["-e", "stderr", "-c", &format!("/tmp/{name}.conf")], port)
    }

    /// What it printed.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    fn wait_for_port(&mut self, node: &Node, program: &str, port: u16) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        loop {
            let connected = node.namespace().thread(move || TcpStream::connect(to).is_ok())?.join();
            if matches!(connected, Ok(Ok(true))) {
                return Ok(());
            }
            let ended = self.child.try_wait().map_err(Error::io(format!("waiting for {program}")))?;
            if ended.is_some() || Instant::now() > deadline {
                let waited_for = format!("{program} to listen on port {port}");
                return Err(Error::TimedOut { waited_for, after: PATIENCE, seen: self.log.text() });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
