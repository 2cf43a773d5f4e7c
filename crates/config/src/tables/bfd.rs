//! `bfd_instance NAME { ... }`.

use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::line::Word;
use crate::span::Span;
use crate::tables::lvs::cut_address;
use crate::tables::row::{block, pending};
use crate::tables::scalar::{self, mistaken};
use crate::value;
use keepalived_bfd::config::{Config, Listeners, SessionConfig, default_ttl};
use keepalived_types::{Family, PriorityWeight};
use keepalived_vrrp::config::{Track, TrackedBfd};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 31;
/// Intervals above this are unusual, in milliseconds.
const LONGEST_SENSIBLE_MS: u64 = 10_000;
/// The longest interval, in milliseconds: 32 bits of microseconds.
const LONGEST_MS: u64 = 4_294_967;

/// The row at the top level.
pub(crate) const BFD_INSTANCE: Keyword<ConfigDraft> = block(
    Status::Pending,
    "bfd_instance",
    "<name, at most 31 bytes> { ... }",
    "A BFD session (RFC 5880) with one neighbour, for track_bfd and BFD_CHECK. It has to stand before those.",
    &SECTION,
);

/// The `bfd_instance` blocks as they were read.
#[derive(Default)]
pub struct BfdDraft {
    sessions: Vec<SessionConfig>,
    tracked: Vec<TrackedBfd>,
    /// The names in use, and whether the session tells the checkers.
    names: HashMap<String, bool>,
    /// Source and neighbour of each session.
    pairs: HashMap<IpAddr, HashSet<Option<IpAddr>>>,
}

impl BfdDraft {
    /// Is there, by now, a session of this name that tells the checkers?
    pub(crate) fn tells_checkers(&self, name: &str) -> bool {
        self.names.get(name).copied().unwrap_or(false)
    }

    /// What the BFD engine is told, and what VRRP may follow.
    pub(crate) fn complete(self) -> (Config, Vec<TrackedBfd>) {
        (Config { sessions: self.sessions }, self.tracked)
    }
}

/// One block.
struct SessionDraft {
    name: String,
    span: Span,
    /// An unusable address: the session is dropped without further complaint.
    dropped: bool,
    source: Option<IpAddr>,
    neighbor: Option<IpAddr>,
    min_rx: Option<Duration>,
    min_tx: Option<Duration>,
    idle_tx: Option<Duration>,
    multiplier: Option<u8>,
    passive: bool,
    ttl: Option<u8>,
    max_hops: i16,
    multihop: bool,
    track: Track,
    vrrp: bool,
    checker: bool,
}

static SECTION: Section<ConfigDraft, SessionDraft> = Section {
    keywords: &[
        pending(
            "source_ip",
            "<IP>",
            "the kernel's choice",
            "Our address; of the neighbour's family.",
            source_ip,
        ),
        pending(
            "neighbor_ip",
            "<IP>",
            "required",
            "The peer. Each pair of source and neighbour has one session.",
            neighbor_ip,
        ),
        pending("neighbour_ip", "<IP>", "required", "The same as neighbor_ip.", neighbor_ip),
        pending(
            "min_rx",
            "<ms 1..4294967, 3 decimals>",
            "10",
            "The shortest interval between received packets that we can stand.",
            |s, a, c| interval(s, a, c, 1, |s| &mut s.min_rx),
        ),
        pending(
            "min_tx",
            "<ms 1..4294967, 3 decimals>",
            "10",
            "The interval between our packets while the session is up, unless the peer wants fewer.",
            |s, a, c| interval(s, a, c, 1, |s| &mut s.min_tx),
        ),
        pending(
            "idle_tx",
            "<ms 1000..4294967, 3 decimals>",
            "1000",
            "The interval between our packets while the session is not up.",
            |s, a, c| interval(s, a, c, 1000, |s| &mut s.idle_tx),
        ),
        pending(
            "multiplier",
            "<int 1..255>",
            "5",
            "So many missed packets in a row mean that the peer is gone.",
            multiplier,
        ),
        pending("passive", "", "off", "Silent until the peer speaks.", |s, _, _| s.passive = true),
        pending("ttl", "<int 1..255>", "255 for IPv4, 64 for IPv6", "TTL or hop limit of our packets.", ttl),
        pending("hoplimit", "<int 1..255>", "as ttl", "The same as ttl.", ttl),
        pending(
            "max_hops",
            "<int -1..255>",
            "0",
            "By how much the TTL of a received packet may be smaller than ours; -1 or 255 for any.",
            max_hops,
        ),
        pending(
            "multihop",
            "[on|true|yes|off|false|no]",
            "off",
            "Port 4784 (RFC 5883) instead of 3784.",
            multihop,
        ),
        pending(
            "weight",
            "<int -253..253> [reverse]",
            "0",
            "What track_bfd adds to a priority; 0 makes a lost session a fault.",
            weight,
        ),
        pending(
            "vrrp",
            "",
            "both",
            "Tell VRRP, and the checkers only if `checker` is given, too.",
            |s, _, _| s.vrrp = true,
        ),
        pending(
            "checker",
            "",
            "both",
            "Tell the checkers, and VRRP only if `vrrp` is given, too.",
            |s, _, _| s.checker = true,
        ),
    ],
    open,
    close,
};

fn open(draft: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<SessionDraft> {
    let span = args.span();
    let word = args.required(context)?;
    let name = word.text;
    if name.len() > LONGEST_NAME {
        mistaken(word, context, format!("BFD name {name} too long"));
        let message = format!(
            "Configuration error: BFD instance {name} name too long (maximum length is 31 characters) - ignoring"
        );
        mistaken(word, context, message);
        return None;
    }
    if draft.bfd.names.contains_key(name) {
        mistaken(word, context, format!("BFD {name} already specified"));
        let message = format!("Configuration error: BFD instance {name} already configured - ignoring");
        mistaken(word, context, message);
        return None;
    }
    Some(SessionDraft {
        name: name.to_owned(),
        span,
        dropped: false,
        source: None,
        neighbor: None,
        min_rx: None,
        min_tx: None,
        idle_tx: None,
        multiplier: None,
        passive: false,
        ttl: None,
        max_hops: 0,
        multihop: false,
        track: Track { weight: PriorityWeight::FAULT, reverse: false },
        vrrp: false,
        checker: false,
    })
}

fn close(draft: &mut ConfigDraft, session: SessionDraft, context: &mut Context<'_>) {
    if session.dropped {
        return;
    }
    let complain = |context: &mut Context<'_>, message: String| {
        let message = format!("Configuration error: BFD instance {} {message}", session.name);
        context.push(Diagnostic::at(Class::GeneralError, session.span, message));
    };
    let Some(neighbor) = session.neighbor else {
        return complain(context, "has no neighbor address set, disabling instance".to_owned());
    };
    if let Some(source) = session.source.filter(|source| Family::of(*source) != Family::of(neighbor)) {
        let message = format!(
            "source address {source} and neighbor address {neighbor} are not of the same family, disabling instance"
        );
        return complain(context, message);
    }
    // Without a source, a session may have any.
    let sources = draft.bfd.pairs.entry(neighbor).or_default();
    let clashes = match session.source {
        None => !sources.is_empty(),
        source => sources.contains(&source) || sources.contains(&None),
    };
    if clashes {
        return complain(
            context,
            match session.source {
                Some(source) => {
                    format!("has duplicate source/neighbor address {source}/{neighbor}, ignoring instance")
                }
                None => format!("has duplicate neighbor address {neighbor}, ignoring instance"),
            },
        );
    }
    sources.insert(session.source);
    file(&mut draft.bfd, &session, neighbor, context);
}

fn file(draft: &mut BfdDraft, session: &SessionDraft, neighbor: IpAddr, context: &mut Context<'_>) {
    let listeners = match (session.vrrp, session.checker) {
        (false, false) => Listeners { vrrp: true, checker: true },
        (vrrp, checker) => Listeners { vrrp, checker },
    };
    let name = &session.name;
    if listeners.vrrp {
        let index = draft.tracked.len();
        // `open` has seen to it that the name is new.
        let _ = context.symbols.define(Symbol::Bfd, name, session.span, index);
        draft.tracked.push(TrackedBfd { name: name.clone(), track: session.track });
    }
    draft.names.insert(name.clone(), listeners.checker);
    let defaults = SessionConfig::new(name, neighbor);
    let ttl = session.ttl.unwrap_or_else(|| default_ttl(neighbor));
    let max_hops = match u8::try_from(session.max_hops) {
        Err(_) | Ok(u8::MAX) => None,
        Ok(hops) if hops > ttl => {
            let message =
                format!("BFD instance {name}: max_hops exceeds ttl/hoplimit - setting to ttl/hoplimit");
            context.push(Diagnostic::at(Class::GeneralError, session.span, message));
            Some(ttl)
        }
        Ok(hops) => Some(hops),
    };
    draft.sessions.push(SessionConfig {
        source: session.source,
        min_rx: session.min_rx.unwrap_or(defaults.min_rx),
        min_tx: session.min_tx.unwrap_or(defaults.min_tx),
        idle_tx: session.idle_tx.unwrap_or(defaults.idle_tx),
        multiplier: session.multiplier.unwrap_or(defaults.multiplier),
        passive: session.passive,
        ttl,
        max_hops,
        multihop: session.multihop,
        listeners,
        ..defaults
    });
}

fn source_ip(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    if session.dropped {
        return;
    }
    match cut_address(word, context) {
        Some(source) => session.source = Some(source),
        None => {
            let message = format!(
                "Configuration error: BFD instance {} has malformed source address {}, ignoring",
                session.name, word.text
            );
            mistaken(word, context, message);
        }
    }
}

fn neighbor_ip(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    if session.dropped {
        return;
    }
    match cut_address(word, context) {
        Some(neighbor) => session.neighbor = Some(neighbor),
        None => {
            let message = format!(
                "Configuration error: BFD instance {} has malformed neighbor address {}, ignoring instance",
                session.name, word.text
            );
            mistaken(word, context, message);
            session.dropped = true;
        }
    }
}

/// An interval in milliseconds with three decimals.
fn interval(
    session: &mut SessionDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    least: u64,
    slot: fn(&mut SessionDraft) -> &mut Option<Duration>,
) {
    let Some(word) = args.required(context) else { return };
    if session.dropped {
        return;
    }
    let keyword = args.keyword();
    let range = i128::from(least) * 1000..=i128::from(LONGEST_MS) * 1000;
    let micros = value::decimal(word, range, 3, context).and_then(|micros| u64::try_from(micros).ok());
    let Some(micros) = micros else {
        let range = format!("{least}-{LONGEST_MS}");
        return refuse(
            session,
            word,
            context,
            &format!("{keyword} value {} is not valid", word.text),
            &range,
        );
    };
    if micros > LONGEST_SENSIBLE_MS * 1000 {
        let message = format!(
            "Configuration warning: BFD instance {} {keyword} value {} is larger than max sensible ({LONGEST_SENSIBLE_MS})",
            session.name, word.text
        );
        context.report(Class::LogOnly, word.span, message);
    }
    *slot(session) = Some(Duration::from_micros(micros));
}

fn refuse(session: &SessionDraft, word: Word<'_>, context: &mut Context<'_>, what: &str, range: &str) {
    let message = format!(
        "Configuration error: BFD instance {} {what} (must be in range [{range}]), ignoring",
        session.name
    );
    mistaken(word, context, message);
}

fn small_number(
    session: &SessionDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    what: &str,
    least: i64,
    most: i64,
) -> Option<i16> {
    let word = args.required(context)?;
    if session.dropped {
        return None;
    }
    let number = scalar::signed(word, least..=most, context);
    if number.is_none() {
        let range = format!("{least}-{most}");
        refuse(session, word, context, &format!("{what} value {} not valid", word.text), &range);
    }
    number
}

fn multiplier(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let number = small_number(session, args, context, "multiplier", 1, 255);
    if let Some(number) = number.and_then(|number| u8::try_from(number).ok()) {
        session.multiplier = Some(number);
    }
}

fn ttl(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let number = small_number(session, args, context, "ttl/hoplimit", 1, 255);
    if let Some(number) = number.and_then(|number| u8::try_from(number).ok()) {
        session.ttl = Some(number);
    }
}

fn max_hops(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(hops) = small_number(session, args, context, "max_hops", -1, 255) {
        session.max_hops = hops;
    }
}

fn multihop(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid multihop parameter {text}");
    if let Some(multihop) = scalar::switch(args, context, complain) {
        session.multihop = multihop;
    }
}

fn weight(session: &mut SessionDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let number = small_number(session, args, context, "weight", -253, 253);
    let Some(weight) = number.and_then(PriorityWeight::new) else { return };
    let reverse = match args.next_word() {
        None => false,
        Some(word) if word.text == "reverse" => true,
        Some(word) => {
            let message = format!(
                "Configuration error: BFD instance {} unknown weight option {}",
                session.name, word.text
            );
            mistaken(word, context, message);
            false
        }
    };
    session.track = Track { weight, reverse };
}
