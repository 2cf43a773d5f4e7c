//! Two nodes on one wire: the director, where what is measured runs, and a node that is every real server at once.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use keepalived_lab::second_kernel::is_guest;
use keepalived_lab::{Daemon, Lan, Node, OURS_VARIABLE, Program, Served, Signal};

use super::setting::{OTHER_WEB, TLS, WEB};
use crate::{Result, paths, step};

/// What is measured beside what, in the order of the columns.
pub(super) const PROGRAMS: [Program; 2] = [Program::Ours, Program::Debian];
/// For 10,000 servers to come and go, in a guest on a busy host.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// What answers for the kernel's load balancer where there is none; see its first lines.
const STAND_IN: &str = include_str!("stand_in.c");
/// Where the director finds it.
const LIBRARY: &str = "/tmp/stand_in.so";

/// The nodes, and what answers.
pub(super) struct Rig {
    pub(super) director: Node,
    pub(super) servers: Node,
    _web: Served,
    _lan: Lan,
}

impl Rig {
    /// All real servers are one nginx, which answers at every address of 10.50.0.0/16.
    pub(super) fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let director = lan.node("director", &["10.49.0.1/24"])?;
        let servers = lan.node("servers", &["10.49.0.2/24"])?;
        servers.ip(&["route", "add", "local", "10.50.0.0/16", "dev", "lo"])?;
        director.ip(&["route", "add", "10.50.0.0/16", "via", "10.49.0.2"])?;
        for (node, key, value) in [
            (&director, "ipv4/ip_local_port_range", "1024 65535"),
            (&servers, "core/somaxconn", "8192"),
            (&servers, "ipv4/tcp_max_syn_backlog", "8192"),
        ] {
            node.namespace().set_sysctl(key, value)?;
        }
        let web = start_web(&servers)?;
        if !is_guest() {
            compile_stand_in(&director)?;
        }
        Ok(Self { director, servers, _web: web, _lan: lan })
    }

    /// Starts a program with no more logging than it does by itself; returns when that was. Where the kernel has no
    /// IPVS, the stand-in answers.
    pub(super) fn start(&self, program: Program, configuration: &str) -> Result<(Daemon, SystemTime)> {
        let options = ["-n", "-l", "-G", "-C"];
        let path = match program {
            Program::Ours if std::env::var_os(OURS_VARIABLE).is_none() => {
                paths::target()?.join("release/keepalived")
            }
            other => other.path()?,
        };
        let node = &self.director;
        if is_guest() {
            let begin = SystemTime::now();
            return Ok((Daemon::start_binary(node, program, &path, configuration, &options)?, begin));
        }
        Ok(Daemon::start_preloading(node, program, &path, configuration, &options, LIBRARY)?)
    }

    /// Servers on [`OTHER_WEB`]; they die together when it is dropped.
    pub(super) fn other_web(&self) -> Result<Served> {
        let servers = format!("    server {{ listen {OTHER_WEB} backlog=8192; return 200 ok; }}\n");
        Ok(Served::nginx(&self.servers, "other", &servers, OTHER_WEB)?)
    }
}

/// Rust's own linker, which is a C compiler, makes it.
fn compile_stand_in(director: &Node) -> Result<()> {
    director.write_file("/tmp/stand_in.c", STAND_IN)?;
    let (source, library) = (director.host_path("/tmp/stand_in.c")?, director.host_path(LIBRARY)?);
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-shared", "-fPIC", "-o"]).args::<[&Path; 2], _>([&library, &source]);
    step::run(compiler.arg("-ldl"))
}

fn start_web(servers: &Node) -> Result<Served> {
    let made = servers.namespace().exec(&[
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=bench",
        "-keyout",
        &servers.host_path("/tmp/key.pem")?.to_string_lossy(),
        "-out",
        &servers.host_path("/tmp/certificate.pem")?.to_string_lossy(),
    ]);
    made?;
    let blocks = format!(
        "    server {{ listen {WEB} backlog=8192; return 200 ok; }}\n    server {{\n        \
         listen {TLS} ssl backlog=8192;\n        ssl_certificate /tmp/certificate.pem;\n        \
         ssl_certificate_key /tmp/key.pem;\n        ssl_session_cache shared:all:8m;\n        return 200 ok;\n    }}\n"
    );
    Ok(Served::nginx(servers, "web", &blocks, WEB)?)
}

/// Ends a daemon in order; one that does not end is killed when it is dropped.
pub(super) fn stop(mut daemon: Daemon) -> Result<()> {
    daemon.signal(Signal::Term)?;
    daemon.wait_exit(PATIENCE)?;
    if is_guest() {
        // The original's parent gives its checker process five seconds, and thousands of entries take longer here.
        daemon.node().namespace().exec(&["ipvsadm", "-C"])?;
    }
    Ok(())
}
