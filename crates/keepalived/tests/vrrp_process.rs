//! The VRRP process alone, started as the supervisor starts it, in a network namespace of its own.

use keepalived::dump_setup::DumpSetup;
use keepalived::ipc::{Adoption, CHANNEL_VARIABLE, Channel, FromVrrp, ToVrrp, VrrpSetup};
use keepalived::log::LogSettings;
use keepalived_config::model::{AutoPriority, NetlinkBuffers, ProcessSettings};
use keepalived_events::What;
use keepalived_kernel::process::{Pid, inherit, kill};
use keepalived_kernel::signals;
use keepalived_types::{Family, InterfaceName, Prefix, Priority, Vrid};
use keepalived_vrrp::config::{AddressConfig, Config, InstanceConfig};
use keepalived_vrrp::{EventKind, State, Subject};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A namespace with an interface `eth0` that can carry packets; removed with the value.
struct Namespace(String);

impl Namespace {
    fn new(name: &str) -> Self {
        let namespace = Self(format!("kaproc{}{name}", std::process::id()));
        run("ip", &["netns", "add", &namespace.0]);
        let inside: [&[&str]; 5] = [
            &["link", "add", "eth0", "type", "veth", "peer", "name", "peer0"],
            &["addr", "add", "192.0.2.1/24", "dev", "eth0"],
            &["link", "set", "lo", "up"],
            &["link", "set", "peer0", "up"],
            &["link", "set", "eth0", "up"],
        ];
        for arguments in inside {
            run("ip", &[&["-n", namespace.0.as_str()], arguments].concat());
        }
        namespace
    }

    fn addresses(&self) -> String {
        let output = Command::new("ip").args(["-n", &self.0, "-o", "addr", "show", "dev", "eth0"]).output();
        String::from_utf8_lossy(&output.expect("ip runs").stdout).into_owned()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(Command::new("ip").args(["netns", "del", &self.0]).status());
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().expect("iproute2 is installed");
    assert!(status.success(), "{program} {arguments:?}: {status} (these tests need root)");
}

/// A running VRRP process and our end of its channel.
struct Process {
    child: Child,
    channel: Channel,
}

impl Process {
    fn start(namespace: &Namespace, setup: VrrpSetup) -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        inherit(&theirs).expect("inheritable");
        let child = Command::new("ip")
            .args(["netns", "exec", &namespace.0, env!("CARGO_BIN_EXE_keepalived-vrrp")])
            .env(CHANNEL_VARIABLE, theirs.as_raw_fd().to_string())
            .spawn()
            .expect("it starts");
        drop(theirs);
        let mut channel = Channel::new(OwnedFd::from(ours)).expect("non-blocking");
        channel.send(&ToVrrp::Start(Box::new(setup))).expect("sent");
        Self { child, channel }
    }

    /// Reads messages until `wanted` likes one.
    fn wait_for<T>(&mut self, what: &str, mut wanted: impl FnMut(&FromVrrp) -> Option<T>) -> T {
        let until = Instant::now() + Duration::from_secs(15);
        while Instant::now() < until {
            let received = self.channel.receive::<FromVrrp>().expect("readable");
            for message in &received.messages {
                if let Some(found) = wanted(message) {
                    return found;
                }
            }
            assert!(!received.closed, "the process ended while waiting for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no {what} within 15 s");
    }

    fn wait_for_state(&mut self, wanted: State) {
        self.wait_for(&format!("{wanted:?}"), |message| {
            let FromVrrp::Event(event) = message else {
                return None;
            };
            let What::Vrrp(event) = &event.what else { panic!("of another process: {event:?}") };
            match &event.kind {
                EventKind::Entered { state, .. } if *state == wanted => Some(()),
                _ => None,
            }
        });
    }

    fn signal(&self, number: i32) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill(pid, number).expect("it runs");
    }

    fn stop(mut self) -> Option<i32> {
        self.signal(signals::TERM);
        self.child.wait().expect("our child").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn instance(name: &str, vrid: u8, address: &str) -> InstanceConfig {
    let eth0 = InterfaceName::new("eth0").expect("a short name");
    let mut instance = InstanceConfig::new(name, eth0, Vrid::new(vrid).expect("not zero"), Family::V4);
    instance.priority = Priority(200);
    let address = address.parse().expect("a literal address");
    instance.virtual_addresses =
        vec![AddressConfig::plain(Prefix::new(address, 24).expect("a literal length"))];
    instance
}

fn setup(instances: Vec<InstanceConfig>) -> VrrpSetup {
    VrrpSetup {
        vrrp: Config { instances, ..Config::default() },
        process: ProcessSettings::default(),
        netlink: NetlinkBuffers::default(),
        auto_priority: AutoPriority::default(),
        process_name: None,
        log: LogSettings::silent(),
        umask: 0o177,
        exec_helper: env!("CARGO_BIN_EXE_keepalived-exec").into(),
        dumps: DumpSetup::default(),
        keep_at_stop: false,
        address_monitoring: false,
        maintenance: false,
        given_way: Vec::new(),
        fifos: Vec::new(),
        fifo_states_on_reload: false,
        sync: None,
        mail: None,
        adopt: Vec::new(),
        local_igmp_before: None,
    }
}

#[test]
fn it_becomes_master_sets_the_address_and_takes_it_back_at_the_end() {
    let namespace = Namespace::new("a");
    let mut process = Process::start(&namespace, setup(vec![instance("VI_1", 51, "192.0.2.100")]));
    process.wait_for("start", |message| matches!(message, FromVrrp::Started).then_some(()));
    process.wait_for_state(State::Master);
    std::thread::sleep(Duration::from_millis(200));
    assert!(namespace.addresses().contains("192.0.2.100/24"), "{}", namespace.addresses());
    assert_eq!(process.stop(), Some(0));
    assert!(!namespace.addresses().contains("192.0.2.100"), "{}", namespace.addresses());
}

#[test]
fn a_killed_process_is_succeeded_by_one_that_leaves_the_address_alone() {
    let namespace = Namespace::new("b");
    let configured = vec![instance("VI_1", 51, "192.0.2.100")];
    let mut process = Process::start(&namespace, setup(configured.clone()));
    process.wait_for_state(State::Master);
    std::thread::sleep(Duration::from_millis(200));
    process.signal(signals::KILL);
    process.child.wait().expect("our child");
    assert!(namespace.addresses().contains("192.0.2.100/24"), "nobody has removed it yet");

    let mut monitor = Command::new("ip")
        .args(["-n", &namespace.0, "-o", "monitor", "address"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("ip runs");
    std::thread::sleep(Duration::from_millis(200));
    let mut successor = setup(configured);
    successor.adopt = vec![Adoption { instance: "VI_1".to_owned() }];
    let started = Instant::now();
    let mut process = Process::start(&namespace, successor);
    process.wait_for_state(State::Master);
    assert!(started.elapsed() < Duration::from_secs(2), "no election: {:?}", started.elapsed());
    std::thread::sleep(Duration::from_millis(300));
    monitor.kill().expect("our child");
    let seen = monitor.wait_with_output().expect("our child").stdout;
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(!seen.contains("192.0.2.100"), "the address was touched: {seen}");
    assert_eq!(process.stop(), Some(0));
}

#[test]
fn leftovers_of_a_crash_are_removed_at_the_next_start() {
    let namespace = Namespace::new("c");
    let mut process = Process::start(&namespace, setup(vec![instance("VI_1", 51, "192.0.2.100")]));
    process.wait_for_state(State::Master);
    std::thread::sleep(Duration::from_millis(200));
    process.signal(signals::KILL);
    process.child.wait().expect("our child");
    // Another configuration: only the mark tells that the address was ours.
    let mut process = Process::start(&namespace, setup(vec![instance("VI_2", 52, "192.0.2.200")]));
    process.wait_for("start", |message| matches!(message, FromVrrp::Started).then_some(()));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!namespace.addresses().contains("192.0.2.100"), "{}", namespace.addresses());
    assert_eq!(process.stop(), Some(0));
}

#[test]
fn a_reload_leaves_unchanged_instances_alone() {
    let namespace = Namespace::new("d");
    let first = instance("VI_1", 51, "192.0.2.100");
    let mut process = Process::start(&namespace, setup(vec![first.clone()]));
    process.wait_for_state(State::Master);
    let more = setup(vec![first, instance("VI_2", 52, "192.0.2.200")]);
    process.channel.send(&ToVrrp::Reload(Box::new(more))).expect("sent");
    let mut told = Vec::new();
    process.wait_for("VI_2 as master", |message| {
        let FromVrrp::Event(event) = message else {
            return None;
        };
        let What::Vrrp(event) = &event.what else { panic!("of another process: {event:?}") };
        let Subject::Instance(name) = &event.subject else {
            return None;
        };
        if let EventKind::Entered { state, .. } = &event.kind {
            told.push((name.clone(), *state));
        }
        told.contains(&("VI_2".to_owned(), State::Master)).then_some(())
    });
    assert!(told.iter().all(|(name, _)| name == "VI_2"), "{told:?}");
    std::thread::sleep(Duration::from_millis(200));
    assert!(namespace.addresses().contains("192.0.2.100/24"), "{}", namespace.addresses());
    assert!(namespace.addresses().contains("192.0.2.200/24"), "{}", namespace.addresses());
    assert_eq!(process.stop(), Some(0));
}
