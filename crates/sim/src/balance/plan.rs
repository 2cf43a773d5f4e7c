//! A keepalived.conf full of virtual servers, made up and changed at random. It is text that the real reader reads.

use crate::random::Random;
use std::fmt::Write as _;

/// Real servers that there are, each at two ports.
const SERVERS: u64 = 6;
/// A sorry server that is no real server.
const STAND_IN: u64 = 9;
/// Followed files.
pub(super) const FILES: [&str; 2] = ["first", "second"];
/// Scripts that there are, told apart by their argument.
pub(super) const SCRIPTS: u64 = 4;
/// Pages that there are on each web server.
pub(super) const PAGES: u64 = 3;
/// Addresses and firewall marks that virtual servers answer on.
const SERVICES: u64 = 9;

/// Everything that is configured.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    virtual_servers: Vec<Virtual>,
}

#[derive(Clone, Debug)]
struct Virtual {
    service: Service,
    scheduler: &'static str,
    method: &'static str,
    persistent: bool,
    delay: u64,
    alpha: bool,
    inhibit: bool,
    ha_suspend: bool,
    quorum: u64,
    hysteresis: u64,
    sorry: Option<Sorry>,
    servers: Vec<Real>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Service {
    /// 10.0.0.N:80.
    Address(u64),
    /// fwmark N.
    Mark(u64),
    /// A group of the same number; its entries are addresses 10.0.N.M and perhaps a mark.
    Group(u64, Vec<u64>),
}

#[derive(Clone, Debug)]
struct Sorry {
    server: u64,
    port: u64,
    inhibit: bool,
}

#[derive(Clone, Debug)]
struct Real {
    server: u64,
    port: u64,
    weight: u64,
    inhibit: bool,
    method: Option<&'static str>,
    checks: Vec<Check>,
}

#[derive(Clone, Debug)]
enum Check {
    Tcp { retry: u64 },
    Web { retry: u64, pages: Vec<u64>, fast: bool },
    Script { number: u64, dynamic: bool, retry: u64 },
    File { number: usize, weight: i64, reverse: bool },
}

impl Plan {
    /// A configuration with something in it.
    pub(super) fn new(random: &mut Random) -> Self {
        let mut plan = Self { virtual_servers: Vec::new() };
        for _ in 0..=random.below(5) {
            plan.add(random);
        }
        plan
    }

    /// A change as an operator makes it; often a small one.
    pub(super) fn change(&mut self, random: &mut Random) {
        let number = random.index(self.virtual_servers.len());
        match random.below(10) {
            0 => self.add(random),
            1 if self.virtual_servers.len() > 1 => drop(self.virtual_servers.remove(number)),
            2 => random.shuffle(&mut self.virtual_servers),
            _ => {
                let Some(server) = self.virtual_servers.get_mut(number) else { return };
                server.change(random);
            }
        }
    }

    fn add(&mut self, random: &mut Random) {
        let service = Service::new(random);
        let is_taken = |other: &Virtual| other.service.number() == service.number();
        if !self.virtual_servers.iter().any(is_taken) {
            self.virtual_servers.push(Virtual::new(service, random));
        }
    }

    /// As keepalived.conf.
    pub(super) fn text(&self) -> String {
        let mut text = "global_defs {\nscript_user root\n}\n".to_owned();
        for file in FILES {
            line(&mut text, &format!("track_file {file} {{\nfile /run/{file}\n}}"));
        }
        for server in &self.virtual_servers {
            server.write(&mut text);
        }
        text
    }
}

impl Virtual {
    fn new(service: Service, random: &mut Random) -> Self {
        let mut server = Self {
            service,
            scheduler: pick(random, &["rr", "wrr", "wlc", "sh"]),
            method: pick(random, &["NAT", "NAT", "DR"]),
            persistent: random.permille(200),
            delay: 1 + random.below(3),
            alpha: random.permille(200),
            inhibit: random.permille(200),
            ha_suspend: random.permille(150),
            quorum: 1 + random.below(4),
            hysteresis: 0,
            sorry: None,
            servers: Vec::new(),
        };
        for _ in 0..=random.below(4) {
            server.add(random);
        }
        server.settle_hysteresis(random);
        server.sorry = random.permille(500).then(|| Sorry::new(&server.servers, random));
        server
    }

    /// Not at another port of an address that is there already: where only NAT changes the port, both would be one.
    fn add(&mut self, random: &mut Random) {
        let real = Real::new(random);
        let sorry = self.sorry.as_ref().map(|sorry| sorry.server);
        if !self.servers.iter().map(|other| other.server).chain(sorry).any(|other| other == real.server) {
            self.servers.push(real);
        }
    }

    /// Less than the quorum.
    fn settle_hysteresis(&mut self, random: &mut Random) {
        self.hysteresis = if random.permille(300) { random.below(self.quorum) } else { 0 };
    }

    fn change(&mut self, random: &mut Random) {
        let number = random.index(self.servers.len());
        match random.below(16) {
            0 => self.scheduler = pick(random, &["rr", "wrr", "wlc", "sh"]),
            1 => self.method = pick(random, &["NAT", "DR"]),
            2 => self.persistent ^= true,
            3 => self.delay = 1 + random.below(3),
            4 => self.alpha ^= true,
            5 => self.inhibit ^= true,
            6 => self.ha_suspend ^= true,
            7 => {
                self.quorum = 1 + random.below(4);
                self.settle_hysteresis(random);
            }
            8 => self.sorry = random.permille(700).then(|| Sorry::new(&self.servers, random)),
            9 => self.service.change(random),
            10 => self.add(random),
            11 if self.servers.len() > 1 => drop(self.servers.remove(number)),
            12 => random.shuffle(&mut self.servers),
            _ => {
                let Some(real) = self.servers.get_mut(number) else { return };
                real.change(random);
            }
        }
    }

    fn write(&self, text: &mut String) {
        self.service.write(text);
        let protocol = if matches!(self.service, Service::Mark(_)) { "" } else { "protocol TCP\n" };
        line(
            text,
            &format!(
                "lvs_sched {}\nlvs_method {}\n{protocol}delay_loop {}\nwarmup 1\ndelay_before_retry 0.5\nquorum {}\n\
                 hysteresis {}",
                self.scheduler, self.method, self.delay, self.quorum, self.hysteresis
            ),
        );
        for (word, set) in [
            ("persistence_timeout 50", self.persistent),
            ("alpha", self.alpha),
            ("inhibit_on_failure", self.inhibit),
            ("ha_suspend", self.ha_suspend),
        ] {
            if set {
                line(text, word);
            }
        }
        // One that is a real server, too, and inhibited, would be two wishes for one place.
        let is_inhibited =
            |sorry: &&Sorry| self.servers.iter().any(|real| real.server == sorry.server && real.inhibit);
        let is_clear = |sorry: &&Sorry| {
            sorry.server == STAND_IN || !(self.inhibit || sorry.inhibit || is_inhibited(sorry))
        };
        if let Some(sorry) = self.sorry.as_ref().filter(is_clear) {
            line(text, &format!("sorry_server 10.1.0.{} {}", sorry.server, sorry.port));
            if sorry.inhibit {
                line(text, "sorry_server_inhibit");
            }
        }
        for real in &self.servers {
            real.write(text);
        }
        line(text, "}");
    }
}

impl Service {
    fn new(random: &mut Random) -> Self {
        let number = 1 + random.below(SERVICES);
        match number {
            1..=4 => Self::Address(number),
            5..=6 => Self::Mark(number),
            _ => {
                let mut group = Self::Group(number, Vec::new());
                group.change(random);
                group
            }
        }
    }

    const fn number(&self) -> u64 {
        match self {
            Self::Address(number) | Self::Mark(number) | Self::Group(number, _) => *number,
        }
    }

    /// Entries of a group come and go.
    fn change(&mut self, random: &mut Random) {
        let Self::Group(_, entries) = self else { return };
        entries.retain(|_| random.permille(600));
        let more = 1 + random.below(5);
        if !entries.contains(&more) {
            entries.push(more);
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Address(number) => line(text, &format!("virtual_server 10.0.0.{number} 80 {{")),
            Self::Mark(number) => line(text, &format!("virtual_server fwmark {number} {{")),
            Self::Group(number, entries) => {
                line(text, &format!("virtual_server_group g{number} {{"));
                for entry in entries {
                    match entry {
                        // One that stands for several services,
                        5 => line(text, &format!("10.0.{number}.50-52 80")),
                        // and one by mark.
                        4 => line(text, &format!("fwmark {}", 100 + number)),
                        _ => line(text, &format!("10.0.{number}.{entry} 80")),
                    }
                }
                line(text, &format!("}}\nvirtual_server group g{number} {{"));
            }
        }
    }
}

impl Sorry {
    /// Rarely one of the real servers, too; then it does not stay with weight 0, which would be two wishes for one place.
    fn new(servers: &[Real], random: &mut Random) -> Self {
        let number = random.index(servers.len());
        let real = servers.get(number).filter(|_| random.permille(100));
        let (server, port) = real.map_or((STAND_IN, 80), |real| (real.server, real.port));
        Self { server, port, inhibit: real.is_none() && random.permille(300) }
    }
}

impl Real {
    fn new(random: &mut Random) -> Self {
        let mut real = Self {
            server: 1 + random.below(SERVERS),
            port: 80 + random.below(2),
            weight: random.below(5),
            inhibit: random.permille(200),
            method: random.permille(100).then_some("DR"),
            checks: Vec::new(),
        };
        for _ in 0..random.below(3) {
            real.checks.push(Check::new(random));
        }
        real
    }

    fn change(&mut self, random: &mut Random) {
        let number = random.index(self.checks.len());
        match random.below(6) {
            0 => self.weight = random.below(5),
            1 => self.inhibit ^= true,
            2 => self.method = random.permille(300).then_some("DR"),
            3 if !self.checks.is_empty() => drop(self.checks.remove(number)),
            4 => {
                let check = Check::new(random);
                if let Some(old) = self.checks.get_mut(number) {
                    *old = check;
                }
            }
            _ => self.checks.push(Check::new(random)),
        }
    }

    fn write(&self, text: &mut String) {
        line(text, &format!("real_server 10.1.0.{} {} {{\nweight {}", self.server, self.port, self.weight));
        if self.inhibit {
            line(text, "inhibit_on_failure");
        }
        if let Some(method) = self.method {
            line(text, &format!("lvs_method {method}"));
        }
        for check in &self.checks {
            check.write(text);
        }
        line(text, "}");
    }
}

impl Check {
    fn new(random: &mut Random) -> Self {
        let retry = random.below(3);
        match random.below(10) {
            0..=4 => Self::Tcp { retry },
            5..=6 => {
                let pages = (0..=random.below(2)).map(|_| random.below(PAGES)).collect();
                Self::Web { retry, pages, fast: random.permille(300) }
            }
            7..=8 => Self::Script { number: random.below(SCRIPTS), dynamic: random.permille(600), retry },
            _ => {
                let weight = i64::try_from(random.below(5)).unwrap_or(0) - 2;
                Self::File { number: random.index(FILES.len()), weight, reverse: random.permille(300) }
            }
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Tcp { retry } => line(text, &format!("TCP_CHECK {{\nconnect_timeout 1\nretry {retry}\n}}")),
            Self::Web { retry, pages, fast } => {
                line(text, &format!("HTTP_GET {{\nconnect_timeout 1\nretry {retry}"));
                if *fast {
                    line(text, "fast_recovery");
                }
                for page in pages {
                    line(text, &format!("url {{\npath /{page}\n}}"));
                }
                line(text, "}");
            }
            Self::Script { number, dynamic, retry } => {
                line(
                    text,
                    &format!(
                        "MISC_CHECK {{\nmisc_path \"/bin/check {number}\"\nmisc_timeout 1\nretry {retry}"
                    ),
                );
                if *dynamic {
                    line(text, "misc_dynamic");
                }
                line(text, "}");
            }
            Self::File { number, weight, reverse } => {
                let reverse = if *reverse { " reverse" } else { "" };
                let file = FILES.get(*number).copied().unwrap_or_default();
                line(text, &format!("FILE_CHECK {{\ntrack_file {file}\nweight {weight}{reverse}\n}}"));
            }
        }
    }
}

fn pick(random: &mut Random, words: &[&'static str]) -> &'static str {
    random.pick(words).unwrap_or_default()
}

fn line(text: &mut String, words: &str) {
    // Writing to a String cannot fail.
    let _ok = writeln!(text, "{words}");
}
