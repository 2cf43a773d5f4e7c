//! Checks of servers that people run: nginx, Exim, dnsmasq, and `openssl s_server` with certificates that are wrong in
//! one way each. In the second kernel, for the daemon needs IPVS.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{Daemon, Error, Lan, Node, Program, Result, SecondKernel, Served};

/// A guest's processes start slowly, and its host may be busy.
const PATIENCE: Duration = Duration::from_secs(40);

/// A test of one program.
type ProgramTest = fn(Program) -> Result<()>;

const TESTS: [(&str, ProgramTest); 4] = [
    ("nginx_by_http_get", nginx_in_clear),
    ("nginx_by_ssl_get_with_sni_and_virtualhost", nginx_over_tls),
    ("exim_by_smtp_check", exim),
    ("dnsmasq_by_dns_check", dnsmasq),
];

fn main() -> ExitCode {
    let both = Program::BOTH.into_iter();
    let both = both.flat_map(|program| TESTS.iter().map(move |&(name, test)| (program, name, test)));
    let mut tests: Vec<GuestTest> = both
        .map(|(program, name, test)| GuestTest::new(format!("{name}_{program}"), move || test(program)))
        .collect();
    tests.push(GuestTest::new("certificates_are_judged_when_that_is_asked_for", certificates));
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(900)), &tests)
}

/// A director and a host with servers on it.
struct Stage {
    director: Node,
    host: Node,
    _lan: Lan,
}

impl Stage {
    fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let director = lan.node("director", &["10.77.0.1/24"])?;
        let host = lan.node("host", &["10.77.0.2/24"])?;
        Ok(Self { director, host, _lan: lan })
    }

    /// A daemon with one virtual server of this protocol, whose real servers are ports of the host and their checks.
    fn start(&self, program: Program, protocol: &str, servers: &[(u16, &str)]) -> Result<Daemon> {
        let servers: String = servers
            .iter()
            .map(|(port, check)| format!("    real_server 10.77.0.2 {port} {{\n        {check}\n    }}\n"))
            .collect();
        let configuration = format!(
            "virtual_server 10.9.0.1 80 {{\n    delay_loop 1\n    lvs_sched rr\n    lvs_method NAT\n    protocol {protocol}\n    \
             warmup 0\n    alpha\n{servers}}}\n"
        );
        Daemon::start(&self.director, program, &configuration)
    }

    /// The ports that are in the table.
    fn ports(&self) -> Result<Vec<u16>> {
        let table = self.director.namespace().exec(&["ipvsadm", "-S", "-n"])?;
        let port = |line: &str| line.split("-r 10.77.0.2:").nth(1)?.split(' ').next()?.parse().ok();
        let mut ports: Vec<u16> = table.lines().filter_map(port).collect();
        ports.sort_unstable();
        Ok(ports)
    }

    /// Waits until exactly these ports are in the table, with the daemon's log where they are not.
    fn wait_for_ports(&self, daemon: &Daemon, wanted: &[u16]) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ports = self.ports()?;
            if ports == wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                let seen = format!("{ports:?}\nlog:\n{}", daemon.log().text());
                return Err(Error::TimedOut { waited_for: format!("{wanted:?}"), after: PATIENCE, seen });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn write(&self, path: &str, text: &str) -> Result<PathBuf> {
        self.host.write_file(path, text)?;
        self.host.host_path(path)
    }
}

/// Runs openssl, which makes keys and certificates.
fn openssl(arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl").args(arguments).output();
    let output = output.map_err(|error| Error::Unexpected(format!("openssl: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let outcome = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Command { command: format!("openssl {}", arguments.join(" ")), outcome })
}

/// An authority, and certificates by it, in the host's /tmp.
struct Authority<'a>(&'a Stage);

impl<'a> Authority<'a> {
    fn new(stage: &'a Stage) -> Result<Self> {
        let authority = Self(stage);
        authority.self_signed("ca", "lab")?;
        Ok(authority)
    }

    fn path(&self, file: &str) -> Result<String> {
        Ok(self.0.host.host_path(&format!("/tmp/{file}"))?.to_string_lossy().into_owned())
    }

    fn self_signed(&self, file: &str, name: &str) -> Result<()> {
        let (key, certificate) = (self.path(&format!("{file}.key"))?, self.path(&format!("{file}.pem"))?);
        let (subject, names) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &subject,
            "-addext",
            &names,
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])
    }

    /// Signed by the authority; valid for so many days from now, or until so many ago.
    fn signed(&self, file: &str, name: &str, days: &str) -> Result<()> {
        let (key, certificate) = (self.path(&format!("{file}.key"))?, self.path(&format!("{file}.pem"))?);
        let request = self.path(&format!("{file}.csr"))?;
        let extensions =
            self.0.write(&format!("/tmp/{file}.ext"), &format!("subjectAltName=DNS:{name}\n"))?;
        let (ca, ca_key) = (self.path("ca.pem")?, self.path("ca.key")?);
        openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            &format!("/CN={name}"),
            "-keyout",
            &key,
            "-out",
            &request,
        ])?;
        openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            &extensions.to_string_lossy(),
            "-out",
            &certificate,
        ])
    }

    /// `openssl s_server` with a certificate, answering HTTP.
    fn serve(&self, file: &str, port: u16) -> Result<Served> {
        let (key, certificate) = (format!("/tmp/{file}.key"), format!("/tmp/{file}.pem"));
        let port_text = port.to_string();
        let arguments =
            ["s_server", "-quiet", "-www", "-accept", &port_text, "-cert", &certificate, "-key", &key];
        Served::start(&self.0.host, "/usr/bin/openssl", &arguments, port)
    }
}

/// The page's digest and status; a page that is missing, and a redirect.
fn nginx_in_clear(program: Program) -> Result<()> {
    let stage = Stage::new()?;
    let blocks = "    server {\n        listen 80;\n        location = / { return 200 \"hello\\n\"; }\n        \
        location = /moved { return 301 /; }\n    }\n    server { listen 81; return 503; }\n    \
        server { listen 82; return 200 \"other\\n\"; }\n    server { listen 83; return 301 /; }\n";
    let nginx = Served::nginx(&stage.host, "web", blocks, 83)?;
    // md5sum of "hello\n".
    let page = "HTTP_GET { url { path /\n digest b1946ac92492d2347c6235b4d2611184\n } retry 0\n }";
    let moved = "HTTP_GET { url { path /\n status_code 301\n } retry 0\n }";
    let daemon = stage.start(program, "TCP", &[(80, page), (81, page), (82, page), (83, moved)])?;
    stage.wait_for_ports(&daemon, &[80, 83])?;
    drop(nginx);
    stage.wait_for_ports(&daemon, &[])?;
    let _again = Served::nginx(&stage.host, "web", blocks, 83)?;
    stage.wait_for_ports(&daemon, &[80, 83])
}

/// nginx refuses whoever does not say the right name, in TLS and in HTTP; its certificate is signed by nobody.
fn nginx_over_tls(program: Program) -> Result<()> {
    let stage = Stage::new()?;
    let authority = Authority::new(&stage)?;
    authority.self_signed("web", "good.example")?;
    let listener = |port: u16| {
        format!(
            "    server {{ listen {port} ssl default_server; ssl_reject_handshake on; }}\n    server {{\n        \
             listen {port} ssl;\n        server_name good.example;\n        ssl_certificate /tmp/web.pem;\n        \
             ssl_certificate_key /tmp/web.key;\n        return 200 good;\n    }}\n"
        )
    };
    let blocks = [443, 444, 445].map(listener).concat() + "    server { listen 446; return 200 clear; }\n";
    let _nginx = Served::nginx(&stage.host, "web", &blocks, 446)?;
    let check = |lines: &str| {
        format!("SSL_GET {{\n url {{\n path /\n }}\n connect_timeout 3\n retry 0\n{lines}\n }}")
    };
    let named = check("enable_sni\n virtualhost good.example");
    let (wrong, silent) = (check("enable_sni\n virtualhost bad.example"), check("virtualhost good.example"));
    let servers = [(443, named.as_str()), (444, &wrong), (445, &silent), (446, &named)];
    let daemon = stage.start(program, "TCP", &servers)?;
    stage.wait_for_ports(&daemon, &[443])?;
    daemon.wait_for_log("Remote Web server [10.77.0.2]:tcp:443 succeed on service.", PATIENCE)?;
    // The others have had their first checks, too: an alpha server tells of the one that fails.
    std::thread::sleep(Duration::from_secs(2));
    stage.wait_for_ports(&daemon, &[443])
}

/// Exim greets in one line, as the check wants it; another one greets in two.
fn exim(program: Program) -> Result<()> {
    let stage = Stage::new()?;
    // Exim writes its log as a user of its own.
    let directory = stage.host.host_path("/tmp/")?;
    let open = std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o1777));
    open.map_err(|error| Error::Unexpected(format!("{}: {error}", directory.display())))?;
    let start = |port: u16, banner: &str| -> Result<Served> {
        let name = format!("/tmp/exim{port}.conf");
        stage.write(
            &name,
            &format!(
                "primary_hostname = mail.example\nspool_directory = /tmp/spool{port}\nlog_file_path = /tmp/exim{port}%s\n\
                 pid_file_path = /tmp/exim{port}.pid\ntls_advertise_hosts =\nsmtp_banner = {banner}\n\
                 never_users =\nlocal_interfaces = 0.0.0.0\ndaemon_smtp_ports = {port}\nacl_smtp_rcpt = accept\nbegin acl\nbegin routers\nbegin transports\n"
            ),
        )?;
        let arguments = ["-C", &name, "-bdf"];
        Served::start(&stage.host, "/usr/sbin/exim4", &arguments, port)
    };
    let first = start(25, "mail.example ESMTP")?;
    let _second = start(26, "mail.example ESMTP\\nwelcome")?;
    let check = "SMTP_CHECK { helo_name director.example\n retry 0\n connect_timeout 5\n }";
    let daemon = stage.start(program, "TCP", &[(25, check), (26, check)])?;
    stage.wait_for_ports(&daemon, &[25])?;
    daemon.wait_for_log("Bad greeting banner from server [10.77.0.2]:26", PATIENCE)?;
    drop(first);
    stage.wait_for_ports(&daemon, &[])
}

/// dnsmasq knows one name, and refuses to ask others about any other.
fn dnsmasq(program: Program) -> Result<()> {
    let stage = Stage::new()?;
    let arguments = [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        "--pid-file=/tmp/dnsmasq.pid",
        "--address=/good.example/192.0.2.1",
    ];
    let dnsmasq = Served::start(&stage.host, "/usr/sbin/dnsmasq", &arguments, 53)?;
    let _other = Served::start(
        &stage.host,
        "/usr/sbin/dnsmasq",
        &[
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--user=root",
            "--pid-file=/tmp/other.pid",
            "--port=54",
        ],
        54,
    )?;
    let check = "DNS_CHECK { type A\n name good.example\n retry 0\n connect_timeout 3\n }";
    let daemon = stage.start(program, "UDP", &[(53, check), (54, check)])?;
    stage.wait_for_ports(&daemon, &[53])?;
    daemon.wait_for_log("read error occurred. (rcode = 5)", PATIENCE)?;
    drop(dnsmasq);
    stage.wait_for_ports(&daemon, &[])
}

/// `tls_verify`: what is wrong with a certificate keeps its server out, and the log says what it is. Without it, every
/// certificate will do.
fn certificates() -> Result<()> {
    let stage = Stage::new()?;
    let authority = Authority::new(&stage)?;
    authority.signed("good", "good.example", "2")?;
    authority.signed("expired", "good.example", "-1")?;
    authority.signed("other", "other.example", "2")?;
    authority.self_signed("self", "good.example")?;
    let _servers = [
        authority.serve("good", 443)?,
        authority.serve("expired", 444)?,
        authority.serve("other", 445)?,
        authority.serve("self", 446)?,
    ];
    let ca = stage.host.read_file("/tmp/ca.pem")?;
    stage.director.write_file("/etc/keepalived/ca.pem", ca)?;
    let verifying = "SSL_GET {\n url {\n path /\n }\n enable_sni\n virtualhost good.example\n \
        tls_ca_file /etc/keepalived/ca.pem\n retry 0\n log_all_failures\n connect_timeout 5\n }";
    let careless = "SSL_GET {\n url {\n path /\n }\n retry 0\n connect_timeout 5\n }";
    let ports = [443, 444, 445, 446];
    let mut daemon = stage.start(Program::Ours, "TCP", &ports.map(|port| (port, verifying)))?;
    stage.wait_for_ports(&daemon, &[443])?;
    for reason in ["certificate has expired", "hostname mismatch", "self-signed certificate"] {
        daemon.wait_for_log(reason, PATIENCE)?;
    }
    daemon.stop()?;
    let daemon = stage.start(Program::Ours, "TCP", &ports.map(|port| (port, careless)))?;
    stage.wait_for_ports(&daemon, &ports)
}
