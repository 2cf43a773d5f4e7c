//! What the blocks say, one draft per block, before references and inheritance are resolved.
//!
//! The tables fill these while the file is read; `complete` turns them into a [`Config`](crate::model::Config) when
//! everything is known.

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::line::Word;
use crate::model::{Global, InstanceDefaults};
use crate::script::ScriptProblem;
use crate::span::Span;
use crate::tables::bfd::BfdDraft;
use crate::tables::item::absent;
use crate::tables::lvs::LvsDraft;
use keepalived_types::{InterfaceName, Prefix, Version, Vrid};
use keepalived_vrrp::config::{
    AddressConfig, AntiReplay, ChecksumCompat, EngineSettings, ExtraInterfaceAnnouncements, FileTracker,
    GarpGroup, HmacKey, HmacMode, InterfaceDelay, IpvlanConfig, Linkbeat, NotifyScripts, ProcessTracker,
    RouteConfig, RuleConfig, ScriptTracker, StartState, UnicastPeer, VmacConfig,
};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

/// The whole file.
#[derive(Default)]
pub struct ConfigDraft {
    /// `global_defs` and the settings of the top level.
    pub global: GlobalDraft,
    /// Everything about VRRP.
    pub vrrp: VrrpDraft,
    /// Everything about load balancing.
    pub lvs: LvsDraft,
    /// `bfd_instance`.
    pub bfd: BfdDraft,
}

/// `global_defs` and the settings of the top level.
#[derive(Default)]
pub struct GlobalDraft {
    /// What is known by now.
    pub settings: Global,
    /// What the VRRP engine itself obeys.
    pub engine: EngineSettings,
    /// `vrrp_garp_lower_prio_delay`: without it the general delay holds.
    pub lower_priority_delay: Option<Duration>,
    /// `vrrp_garp_lower_prio_repeat`: without it the general number holds.
    pub lower_priority_repeat: Option<u32>,
    /// The readers of the FIFOs, which may be named before their FIFO.
    pub fifo_scripts: FifoScripts,
    /// `nftables_ipvs_priority` and `nftables_ipvs_start_fwmark`, which may stand without `nftables_ipvs`.
    pub nftables_ipvs: (Option<i32>, Option<u32>),
    /// Where keywords stand that a later check may complain about.
    pub lines: Lines,
}

/// The readers of the FIFOs.
#[derive(Default)]
pub struct FifoScripts {
    /// `notify_fifo_script`.
    pub all: Option<keepalived_types::Command>,
    /// `vrrp_notify_fifo_script`.
    pub vrrp: Option<keepalived_types::Command>,
    /// `lvs_notify_fifo_script`.
    pub lvs: Option<keepalived_types::Command>,
}

/// Everything about VRRP.
#[derive(Default)]
pub struct VrrpDraft {
    /// `vrrp_instance`.
    pub instances: Vec<InstanceDraft>,
    /// `vrrp_sync_group`.
    pub groups: Vec<GroupDraft>,
    /// `vrrp_script` with the place of each.
    pub scripts: Vec<(ScriptTracker, Span)>,
    /// Names of `vrrp_script` blocks whose script cannot be run, why, and the place of the command.
    pub unusable_scripts: Vec<(String, ScriptProblem, Span)>,
    /// `track_file` with the place of each.
    pub files: Vec<(FileTracker, Span)>,
    /// `vrrp_track_process` with the place of each.
    pub processes: Vec<(ProcessTracker, Span)>,
    /// `static_ipaddress`.
    pub static_addresses: Vec<AddressConfig>,
    /// `static_routes`.
    pub static_routes: Vec<RouteConfig>,
    /// `static_rules`.
    pub static_rules: Vec<RuleConfig>,
    /// `track_group`.
    pub track_groups: Vec<TrackGroupDraft>,
    /// `garp_group`.
    pub garp_groups: Vec<GarpGroup>,
    /// Interfaces that a `garp_group` names already.
    pub garp_interfaces: HashSet<InterfaceName>,
    /// `interface_up_down_delays`.
    pub delays: Vec<InterfaceDelay>,
    /// `linkbeat_interfaces`.
    pub linkbeat: Vec<(InterfaceName, Linkbeat)>,
    /// Interfaces named anywhere.
    pub interfaces: Interfaces,
    /// Preferences given to rules without one, counting down from 16384; one series per family.
    pub next_preference: Preferences,
}

/// Preferences given to rules without one.
#[derive(Clone, Copy, Debug)]
pub struct Preferences {
    /// The next one for IPv4.
    pub v4: u32,
    /// The next one for IPv6.
    pub v6: u32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { v4: 16384, v6: 16384 }
    }
}

/// Where keywords of a block stand, for checks that come later.
#[derive(Clone, Debug, Default)]
pub struct Lines(Vec<(&'static str, Span)>);

impl Lines {
    /// Remembers where `keyword` stands.
    pub fn mark(&mut self, keyword: &'static str, span: Span) {
        self.0.push((keyword, span));
    }

    /// Where `keyword` stood last.
    #[must_use]
    pub fn of(&self, keyword: &str) -> Option<Span> {
        self.0.iter().rev().find(|(name, _)| *name == keyword).map(|(_, span)| *span)
    }
}

/// Interfaces that a configuration names: are they there, and may they be missing?
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    /// `dynamic_interfaces`.
    pub dynamic: bool,
    /// Those that are missing although they must not be.
    pub missing: Vec<(String, Span)>,
}

impl Interfaces {
    /// Takes an interface name. `complaint` is what the original says when the interface is not there; with
    /// `dynamic_interfaces` it says nothing. `None` when the name cannot be used.
    pub fn take(
        &mut self,
        word: Word<'_>,
        context: &mut Context<'_>,
        complaint: impl FnOnce(&str) -> String,
    ) -> Option<InterfaceName> {
        let Ok(name) = InterfaceName::new(word.text) else {
            let message = match word.text.len() {
                16.. => format!("Interface name '{}' too long - ignoring", word.text),
                _ => format!("Interface name '{}' is not valid - ignoring", word.text),
            };
            context.report(Class::GeneralError, word.span, message);
            return None;
        };
        if self.dynamic || context.host.interface(word.text).is_some() {
            return Some(name);
        }
        self.missing.push((word.text.to_owned(), word.span));
        let complaint = Diagnostic::at(Class::GeneralError, word.span, complaint(word.text)).stopping(2);
        context.push(absent::explain(complaint, word.text, context));
        None
    }

    /// Takes over what another draft found.
    pub fn absorb(&mut self, other: Self) {
        self.missing.extend(other.missing);
    }
}

/// `track_group`.
pub struct TrackGroupDraft {
    /// Its name.
    pub name: String,
    /// Where the block begins.
    pub span: Span,
    /// The members as named, each with its place.
    pub members: Vec<(String, Span)>,
    /// A member list was seen.
    pub listed: bool,
}

/// `vrrp_sync_group`.
pub struct GroupDraft {
    /// Its name.
    pub name: String,
    /// Where the block begins.
    pub span: Span,
    /// The members as named, each with its place.
    pub members: Vec<(String, Span)>,
    /// A member list was seen.
    pub listed: bool,
    /// The trackers of the group.
    pub tracks: TracksDraft,
    /// `sync_group_tracking_weight`.
    pub tracking_weight: bool,
    /// The scripts.
    pub notify: NotifyScripts,
    /// `smtp_alert`.
    pub smtp_alert: Option<bool>,
    /// `notify_priority_changes`.
    pub priority_notices: Option<bool>,
    /// Interfaces named in the block.
    pub interfaces: Interfaces,
}

/// One line of a `track_*` list.
#[derive(Clone, Debug)]
pub struct TrackDraft {
    /// What is tracked.
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// `weight`; without one the object's own holds.
    pub weight: Option<i16>,
    /// `reverse`, `noreverse`; without one the object's own holds.
    pub reverse: Option<bool>,
}

/// The `track_*` lists of an instance or a sync group.
#[derive(Clone, Debug, Default)]
pub struct TracksDraft {
    /// `track_interface`.
    pub interfaces: Vec<TrackDraft>,
    /// `track_script`.
    pub scripts: Vec<TrackDraft>,
    /// `track_file`.
    pub files: Vec<TrackDraft>,
    /// `track_process`.
    pub processes: Vec<TrackDraft>,
    /// `track_bfd`.
    pub bfd: Vec<TrackDraft>,
}

/// `vrrp_instance`.
pub struct InstanceDraft {
    /// Its name.
    pub name: String,
    /// Where the block begins.
    pub span: Span,
    /// What `global_defs` says.
    pub defaults: InstanceDefaults,
    /// `interface`.
    pub interface: Option<InterfaceName>,
    /// `vrf`.
    pub vrf: Option<InterfaceName>,
    /// `virtual_router_id`.
    pub vrid: Option<Vrid>,
    /// The family, once an address has shown it.
    pub family: Option<keepalived_types::Family>,
    /// `version`.
    pub version: Option<Version>,
    /// `advert_int`.
    pub advert_interval: Option<Duration>,
    /// The addresses, routes and rules of the master.
    pub network: NetworkDraft,
    /// How adverts travel.
    pub transport: TransportDraft,
    /// Who becomes master.
    pub election: ElectionDraft,
    /// `authentication` and `auth_hmac`.
    pub security: SecurityDraft,
    /// `garp_*`.
    pub garp: GarpDraft,
    /// Interfaces of the instance's own.
    pub links: LinksDraft,
    /// The trackers.
    pub tracks: TracksDraft,
    /// Who is told.
    pub notices: NoticesDraft,
    /// Interfaces named in the block.
    pub interfaces: Interfaces,
    /// Preferences for rules without one.
    pub next_preference: Preferences,
    /// Where keywords stand.
    pub lines: Lines,
}

impl InstanceDraft {
    /// Where `keyword` stands, or else the block.
    #[must_use]
    pub fn span_of(&self, keyword: &str) -> Span {
        self.lines.of(keyword).unwrap_or(self.span)
    }
}

/// The first line of an address.
#[derive(Clone, Copy, Debug)]
pub struct AddressLine {
    /// Its place.
    pub span: Span,
    /// Its index among the virtual addresses, if it is one of them.
    pub position: Option<usize>,
}

/// The addresses, routes and rules of the master.
#[derive(Default)]
pub struct NetworkDraft {
    /// `virtual_ipaddress`, each with its place.
    pub virtual_addresses: Vec<(AddressConfig, Span)>,
    /// `virtual_ipaddress_excluded`, each with its place.
    pub excluded_addresses: Vec<(AddressConfig, Span)>,
    /// All of them, to find duplicates.
    pub seen: HashMap<(Prefix, Option<InterfaceName>), AddressLine>,
    /// `virtual_routes`.
    pub routes: Vec<RouteConfig>,
    /// `virtual_rules`.
    pub rules: Vec<RuleConfig>,
    /// `no_virtual_ipaddress`.
    pub none_wanted: bool,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// `accept`, `no_accept`.
    pub accept: Option<bool>,
}

/// How adverts travel.
#[derive(Default)]
pub struct TransportDraft {
    /// `mcast_src_ip`, `unicast_src_ip`.
    pub source: Option<IpAddr>,
    /// `mcast_dst_ip`.
    pub group: Option<IpAddr>,
    /// Some keyword asked for unicast.
    pub unicast: bool,
    /// `unicast_peer`.
    pub peers: Vec<UnicastPeer>,
    /// `unicast_fault_no_peer`.
    pub fault_without_peer: bool,
    /// `check_unicast_src`.
    pub check_source: bool,
    /// `unicast_ttl`.
    pub ttl: Option<u8>,
    /// `old_unicast_checksum`.
    pub checksum: Option<ChecksumCompat>,
    /// `v3_checksum_as_v2`.
    pub v3_checksum_as_v2: Option<bool>,
    /// `kernel_rx_buf_size`.
    pub receive_buffer: Option<u32>,
    /// `track_src_ip`.
    pub track_source: bool,
}

/// Who becomes master.
#[derive(Default)]
pub struct ElectionDraft {
    /// `state`.
    pub state: Option<StartState>,
    /// `priority`.
    pub priority: Option<u8>,
    /// `nopreempt`.
    pub no_preempt: bool,
    /// `preempt_delay`.
    pub preempt_delay: Option<Duration>,
    /// `strict_mode`.
    pub strict: Option<bool>,
    /// `down_timer_adverts`.
    pub down_timer_adverts: Option<u8>,
    /// `timer_expired_backup`.
    pub timer_expired_backup: Option<u8>,
    /// `lower_prio_no_advert`.
    pub lower_priority_no_advert: Option<bool>,
    /// `higher_prio_send_advert`.
    pub higher_priority_send_advert: Option<bool>,
    /// `owner_ignore_adverts`.
    pub owner_ignores_adverts: Option<bool>,
    /// `skip_check_adv_addr`.
    pub skip_check_advert_addresses: Option<bool>,
    /// `dont_track_primary`.
    pub dont_track_primary: bool,
    /// `debug`.
    pub debug: u8,
}

/// `authentication` and `auth_hmac`.
#[derive(Default)]
pub struct SecurityDraft {
    /// `authentication`.
    pub authentication: Option<AuthenticationDraft>,
    /// `auth_hmac`.
    pub hmac: Option<HmacDraft>,
}

/// `authentication`.
#[derive(Clone, Debug, Default)]
pub struct AuthenticationDraft {
    /// The instance, for reports.
    pub instance: String,
    /// `auth_type`.
    pub kind: Option<AuthenticationKind>,
    /// `auth_pass`, zero padded.
    pub password: Option<[u8; 8]>,
}

/// `auth_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationKind {
    /// `PASS`.
    Password,
    /// `AH`.
    Header,
}

/// `auth_hmac`.
#[derive(Clone, Debug, Default)]
pub struct HmacDraft {
    /// `key`.
    pub keys: Vec<HmacKey>,
    /// `active_key`.
    pub active_key: Option<u8>,
    /// `time_window`.
    pub time_window: Option<Duration>,
    /// `anti_replay`.
    pub anti_replay: Option<AntiReplay>,
    /// `mode`.
    pub mode: Option<HmacMode>,
}

/// `garp_*` of an instance.
#[derive(Default)]
pub struct GarpDraft {
    /// `garp_master_delay`.
    pub delay: Option<Duration>,
    /// `garp_master_repeat`.
    pub repeat: Option<u32>,
    /// `garp_master_refresh`.
    pub refresh: Option<Duration>,
    /// `garp_master_refresh_repeat`.
    pub refresh_repeat: Option<u32>,
    /// `garp_lower_prio_delay`.
    pub lower_priority_delay: Option<Duration>,
    /// `garp_lower_prio_repeat`.
    pub lower_priority_repeat: Option<u32>,
    /// `garp_extra_if`; the inner `None` switches it off.
    pub extra: Option<Option<ExtraInterfaceAnnouncements>>,
}

/// Interfaces of the instance's own.
#[derive(Default)]
pub struct LinksDraft {
    /// `use_vmac`.
    pub vmac: Option<VmacConfig>,
    /// `vmac_xmit_base`.
    pub transmit_on_base: bool,
    /// `use_vmac_addr`.
    pub vmac_for_addresses: bool,
    /// `use_ipvlan`.
    pub ipvlan: Option<IpvlanConfig>,
    /// `linkbeat_use_polling`.
    pub linkbeat: bool,
}

/// Who is told about changes.
#[derive(Default)]
pub struct NoticesDraft {
    /// The scripts.
    pub scripts: NotifyScripts,
    /// Scripts that were named but cannot be run, each with its place.
    pub dropped: Vec<(&'static str, Span)>,
    /// `notify_deleted`.
    pub deleted: bool,
    /// `smtp_alert`.
    pub smtp_alert: Option<bool>,
    /// `notify_priority_changes`.
    pub priority_notices: Option<bool>,
    /// `lvs_sync_daemon_interface`.
    pub sync_interface: Option<InterfaceName>,
}
