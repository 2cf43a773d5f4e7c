//! What a configuration means: typed, validated, every default filled in. The engines' parts are the engines' own
//! types; what is left belongs to the daemon around them.

use keepalived_types::{Command, Credentials, InterfaceName, Vrid};
use keepalived_vrrp::config::GarpConfig;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

/// A whole keepalived.conf.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// `global_defs` and the settings at the top level that no engine obeys.
    pub global: Global,
    /// What the VRRP engine is told.
    pub vrrp: keepalived_vrrp::config::Config,
    /// What the LVS engine is told.
    pub lvs: keepalived_lvs::config::Config,
    /// What the BFD engine is told.
    pub bfd: keepalived_bfd::config::Config,
}

/// Settings of the daemon as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Global {
    /// Names and namespaces that tell daemons on one machine apart.
    pub identity: Identity,
    /// What the processes are called.
    pub names: ProcessNames,
    /// How the VRRP process is scheduled.
    pub vrrp_process: ProcessSettings,
    /// How the checker process is scheduled.
    pub checker_process: ProcessSettings,
    /// How the BFD process is scheduled.
    pub bfd_process: ProcessSettings,
    /// Scheduling priority that rises when timers run late.
    pub auto_priority: AutoPriority,
    /// Alert mails.
    pub mail: Mail,
    /// Scripts in general, and those around start and stop.
    pub scripts: Scripts,
    /// Notification FIFOs.
    pub fifos: Fifos,
    /// SNMP.
    pub snmp: Snmp,
    /// D-Bus.
    pub dbus: Dbus,
    /// Files the daemon writes.
    pub files: Files,
    /// What a reload does besides reading.
    pub reload: Reload,
    /// IPVS as a whole.
    pub lvs: LvsGlobals,
    /// Packet filters for virtual addresses that must not be reachable.
    pub firewall: Firewall,
    /// Receive buffers of netlink sockets.
    pub netlink: NetlinkBuffers,
    /// What instances inherit.
    pub instance_defaults: InstanceDefaults,
    /// The rest of what concerns the VRRP process.
    pub vrrp: VrrpGlobals,
}

/// Names and namespaces that tell daemons on one machine apart. None of them can change at a reload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `instance`.
    pub instance: Option<String>,
    /// `net_namespace`.
    pub net_namespace: Option<String>,
    /// `net_namespace_ipvs`.
    pub ipvs_namespace: IpvsNamespace,
    /// `namespace_with_ipsets`.
    pub namespace_with_ipsets: bool,
    /// `use_pid_dir`, also implied by `instance` and `net_namespace`.
    pub use_pid_dir: bool,
    /// `child_wait_time`.
    pub child_wait_time: ChildWaitTime,
    /// `umask`; `None` means 0177 or the command line's.
    pub umask: Option<u16>,
}

/// `child_wait_time`: how long the parent waits for children when stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildWaitTime(pub Duration);

impl Default for ChildWaitTime {
    fn default() -> Self {
        Self(Duration::from_secs(5))
    }
}

/// `net_namespace_ipvs`: where the IPVS tables live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IpvsNamespace {
    /// Where the checker process runs.
    #[default]
    Same,
    /// The keyword without a name: the namespace the daemon was started in.
    Initial,
    /// A named namespace.
    Named(String),
}

/// What the processes are called (`comm`, at most 15 bytes each).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessNames {
    /// `process_names`: keepalived_vrrp and so on unless a name is given.
    pub distinct: bool,
    /// `process_name`.
    pub parent: Option<String>,
    /// `vrrp_process_name`.
    pub vrrp: Option<String>,
    /// `checker_process_name`.
    pub checker: Option<String>,
    /// `bfd_process_name`.
    pub bfd: Option<String>,
}

/// How one child process is scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSettings {
    /// `*_priority`: nice value, -20 to 19.
    pub nice: Option<i8>,
    /// `*_rt_priority`: SCHED_RR priority, 1 to 99.
    pub rt_priority: Option<u8>,
    /// `*_rlimit_rttime` in microseconds; `None` means 10000 where a real-time priority is set.
    pub rlimit_rttime_us: Option<u32>,
    /// `*_no_swap`: lock the process in memory.
    pub no_swap: bool,
    /// `*_cpu_affinity`; empty means all.
    pub cpu_affinity: Vec<u32>,
}

/// `max_auto_priority`, `min_auto_priority_delay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoPriority {
    /// The ceiling: 0 is off, -1 is off without saying so at start, 1 to 99 on.
    pub max: i8,
    /// Lateness that raises the priority.
    pub min_delay: Duration,
}

impl Default for AutoPriority {
    fn default() -> Self {
        Self { max: 0, min_delay: Duration::from_secs(1) }
    }
}

/// Alert mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// `router_id`; `None` means the host name.
    pub router_id: Option<String>,
    /// `notification_email_from`.
    pub from: Option<String>,
    /// `smtp_server`.
    pub server: Option<MailServer>,
    /// `smtp_helo_name`; `None` means the host name.
    pub helo_name: Option<String>,
    /// `smtp_connect_timeout`.
    pub connect_timeout: Duration,
    /// `notification_email`.
    pub recipients: Vec<String>,
    /// `smtp_alert`.
    pub alert: Option<bool>,
    /// `smtp_alert_vrrp`.
    pub alert_vrrp: Option<bool>,
    /// `smtp_alert_checker`.
    pub alert_checker: Option<bool>,
    /// `no_email_faults`.
    pub no_faults: bool,
    /// `no_checker_emails`.
    pub no_checker: bool,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            router_id: None,
            from: None,
            server: None,
            helo_name: None,
            connect_timeout: Duration::from_secs(30),
            recipients: Vec::new(),
            alert: None,
            alert_vrrp: None,
            alert_checker: None,
            no_faults: false,
            no_checker: false,
        }
    }
}

/// `smtp_server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    /// An address, or a host name that is resolved when a mail is sent.
    pub host: String,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// Scripts in general, and those around start and stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scripts {
    /// `script_user`.
    pub user: Option<Credentials>,
    /// `enable_script_security`.
    pub security: bool,
    /// `use_symlink_paths`.
    pub use_symlink_paths: bool,
    /// `set_supplementary_groups`.
    pub supplementary_groups: bool,
    /// `startup_script`.
    pub startup: Option<Command>,
    /// `startup_script_timeout`.
    pub startup_timeout: Duration,
    /// `shutdown_script`.
    pub shutdown: Option<Command>,
    /// `shutdown_script_timeout`.
    pub shutdown_timeout: Duration,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            user: None,
            security: false,
            use_symlink_paths: false,
            supplementary_groups: false,
            startup: None,
            startup_timeout: Duration::from_secs(10),
            shutdown: None,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

/// Notification FIFOs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifos {
    /// `notify_fifo`.
    pub all: Option<Fifo>,
    /// `vrrp_notify_fifo`.
    pub vrrp: Option<Fifo>,
    /// `lvs_notify_fifo`.
    pub lvs: Option<Fifo>,
    /// `fifo_write_vrrp_states_on_reload`.
    pub vrrp_states_on_reload: bool,
}

/// One FIFO and who reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifo {
    /// The file.
    pub path: PathBuf,
    /// Who owns it; `None` means the default script user.
    pub owner: Option<Credentials>,
    /// `*_fifo_script`: started with the path appended as last argument.
    pub script: Option<Command>,
}

/// SNMP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snmp {
    /// `snmp_socket`; `None` means unix:/var/agentx/master.
    pub socket: Option<String>,
    /// `enable_traps`.
    pub traps: bool,
    /// `enable_snmp_vrrp`.
    pub vrrp: bool,
    /// `enable_snmp_checker`.
    pub checker: bool,
    /// `enable_snmp_rfcv2`.
    pub rfc_v2: bool,
    /// `enable_snmp_rfcv3`.
    pub rfc_v3: bool,
    /// `snmp_vs_stats_update_interval`.
    pub virtual_server_interval: Duration,
    /// `snmp_rs_stats_update_interval`; `None` means that of the virtual servers.
    pub real_server_interval: Option<Duration>,
}

impl Default for Snmp {
    fn default() -> Self {
        Self {
            socket: None,
            traps: false,
            vrrp: false,
            checker: false,
            rfc_v2: false,
            rfc_v3: false,
            virtual_server_interval: Duration::from_secs(5),
            real_server_interval: None,
        }
    }
}

/// D-Bus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dbus {
    /// `enable_dbus`.
    pub enabled: bool,
    /// `dbus_service_name`; `None` means org.keepalived.Vrrp1.
    pub service_name: Option<String>,
    /// `dbus_no_interface_name`.
    pub no_interface_name: Option<String>,
}

/// Files the daemon writes or looks into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// `config_save_dir`.
    pub config_save_dir: Option<PathBuf>,
    /// `tmp_config_directory`; `None` means a memory file.
    pub tmp_config_directory: Option<PathBuf>,
    /// `data_use_instance`.
    pub data_use_instance: bool,
    /// `state_dump_file`; a path ending in `/` names a directory.
    pub state_dump: Option<String>,
    /// `stats_dump_file`.
    pub stats_dump: Option<String>,
    /// `json_dump_file`.
    pub json_dump: Option<String>,
    /// `json_version`.
    pub json_version: JsonVersion,
    /// `iproute_usr_dir`.
    pub iproute_usr_dir: Option<PathBuf>,
    /// `iproute_etc_dir`.
    pub iproute_etc_dir: Option<PathBuf>,
}

/// `json_version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonVersion {
    /// An array of instances.
    #[default]
    V1,
    /// An object with `vrrp` and the rest.
    V2,
}

/// What a reload does besides reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reload {
    /// `reload_check_config`: the log of the check; `None` means that a reload is not checked beforehand.
    pub check_log: Option<PathBuf>,
    /// `reload_time_file`.
    pub time_file: Option<PathBuf>,
    /// `reload_repeat`.
    pub repeat: bool,
    /// `reload_file`.
    pub marker: Option<ReloadMarker>,
    /// `random_seed`.
    pub random_seed: Option<u32>,
}

/// `reload_file`: present while the configuration is being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReloadMarker {
    /// keepalived.reload in the directory of the pid files.
    InPidDirectory,
    /// A path.
    Path(PathBuf),
}

/// IPVS as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LvsGlobals {
    /// `lvs_timeouts tcp`, in seconds.
    pub tcp_timeout_s: Option<u32>,
    /// `lvs_timeouts tcpfin`, in seconds.
    pub tcpfin_timeout_s: Option<u32>,
    /// `lvs_timeouts udp`, in seconds.
    pub udp_timeout_s: Option<u32>,
    /// `lvs_flush`.
    pub flush: bool,
    /// `lvs_flush_on_stop`.
    pub flush_on_stop: FlushOnStop,
    /// `lvs_sync_daemon`.
    pub sync_daemon: Option<SyncDaemon>,
    /// `nftables_ipvs`.
    pub nftables: Option<NftablesIpvs>,
    /// `checker_log_all_failures`.
    pub log_all_failures: bool,
    /// `rs_init_notifies`.
    pub rs_init_notifies: bool,
}

/// `lvs_flush_on_stop`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlushOnStop {
    /// Entries go one by one.
    #[default]
    Off,
    /// The whole table is emptied.
    All,
    /// `VS`: only the managed virtual servers go.
    VirtualServers,
}

/// `lvs_sync_daemon`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDaemon {
    /// Where connections are announced.
    pub interface: InterfaceName,
    /// Master and backup role follow this instance; without one both daemons run.
    pub instance: Option<String>,
    /// `id`; `None` means the instance's VRID.
    pub id: Option<u8>,
    /// `maxlen` in bytes.
    pub max_length: Option<u16>,
    /// `port`.
    pub port: Option<u16>,
    /// `ttl`.
    pub ttl: Option<u8>,
    /// `group`.
    pub group: Option<IpAddr>,
    /// The VRID of the instance, once known.
    pub vrid: Option<Vrid>,
}

/// `nftables_ipvs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NftablesIpvs {
    /// The table.
    pub table: String,
    /// `nftables_ipvs_priority`.
    pub priority: i32,
    /// `nftables_ipvs_start_fwmark`.
    pub start_fwmark: u32,
}

/// Packet filters for virtual addresses that must not be reachable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// `vrrp_iptables`: input and output chain.
    pub iptables: Option<(Option<String>, Option<String>)>,
    /// `vrrp_ipsets`: set names in the order of the keyword; empty means no sets; `None` not given.
    pub ipsets: Option<Vec<String>>,
    /// `nftables`: the table; `None` means the default.
    pub nftables_table: Option<String>,
    /// `nftables_priority`; `None` means -1.
    pub nftables_priority: Option<i32>,
    /// `nftables_ifindex`.
    pub nftables_ifindex: bool,
    /// `nftables_counters`.
    pub nftables_counters: bool,
}

/// A receive buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketBuffer {
    /// Bytes; `None` means the system's default.
    pub bytes: Option<u32>,
    /// May exceed net.core.rmem_max.
    pub force: bool,
}

/// Receive buffers of netlink sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetlinkBuffers {
    /// `vrrp_netlink_cmd_rcv_bufs`.
    pub vrrp_command: SocketBuffer,
    /// `vrrp_netlink_monitor_rcv_bufs`.
    pub vrrp_monitor: SocketBuffer,
    /// `process_monitor_rcv_bufs`.
    pub process_monitor: SocketBuffer,
    /// `lvs_netlink_cmd_rcv_bufs`.
    pub lvs_command: SocketBuffer,
    /// `lvs_netlink_monitor_rcv_bufs`.
    pub lvs_monitor: SocketBuffer,
}

/// What instances inherit from `global_defs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDefaults {
    /// `vrrp_mcast_group4`.
    pub group4: Ipv4Addr,
    /// `vrrp_mcast_group6`.
    pub group6: Ipv6Addr,
    /// `vrrp_version` of IPv4 instances: 2 or 3.
    pub version: u8,
    /// `vrrp_garp_*`.
    pub garp: GarpConfig,
    /// `vrrp_down_timer_adverts`.
    pub down_timer_adverts: u8,
    /// `vrrp_lower_prio_no_advert`.
    pub lower_priority_no_advert: bool,
    /// `vrrp_higher_prio_send_advert`.
    pub higher_priority_send_advert: bool,
    /// `vrrp_owner_ignore_adverts`.
    pub owner_ignores_adverts: bool,
    /// `vrrp_check_unicast_src`.
    pub check_unicast_source: bool,
    /// `vrrp_skip_check_adv_addr`.
    pub skip_check_advert_addresses: bool,
    /// `vrrp_strict`.
    pub strict: bool,
    /// `v3_checksum_as_v2`.
    pub v3_checksum_as_v2: bool,
    /// `vrrp_notify_priority_changes`.
    pub priority_notices: bool,
}

impl Default for InstanceDefaults {
    fn default() -> Self {
        Self {
            group4: Ipv4Addr::new(224, 0, 0, 18),
            group6: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12),
            version: 2,
            garp: GarpConfig::default(),
            down_timer_adverts: 3,
            lower_priority_no_advert: false,
            higher_priority_send_advert: false,
            owner_ignores_adverts: false,
            check_unicast_source: false,
            skip_check_advert_addresses: false,
            strict: false,
            v3_checksum_as_v2: false,
            priority_notices: false,
        }
    }
}

/// The rest of what concerns the VRRP process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrrpGlobals {
    /// `default_interface`: of static addresses without `dev`; `None` means eth0.
    pub default_interface: Option<InterfaceName>,
    /// `disable_local_igmp`.
    pub disable_local_igmp: bool,
    /// `vmac_prefix`; `None` means vrrp.
    pub vmac_prefix: Option<String>,
    /// `vmac_addr_prefix`; `None` means that of the VMACs.
    pub vmac_addr_prefix: Option<String>,
    /// `linkbeat_use_polling` at the top level.
    pub linkbeat_use_polling: bool,
    /// `vrrp_rx_bufs_policy`.
    pub receive_buffer_policy: BufferPolicy,
    /// `vrrp_rx_bufs_multiplier`; `None` means 3.
    pub receive_buffer_multiplier: Option<u32>,
}

/// `vrrp_rx_bufs_policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BufferPolicy {
    /// The system's default.
    #[default]
    System,
    /// A multiple of the interface's MTU.
    Mtu,
    /// A multiple of an advert.
    Advert,
    /// A number of bytes.
    Bytes(u32),
}
