//! `garp_group`, `linkbeat_interfaces`, `interface_up_down_delays`: settings of single interfaces.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{ConfigDraft, Interfaces};
use crate::keyword::{Keyword, Kind, Section, Status};
use crate::line::Word;
use crate::span::Span;
use crate::tables::item::absent;
use crate::tables::row::{acted, block, list};
use crate::tables::scalar::{mistaken, seconds};
use keepalived_types::InterfaceName;
use keepalived_vrrp::config::{GarpGroup, InterfaceDelay, Linkbeat};
use std::collections::HashSet;
use std::time::Duration;

pub(super) const GARP_GROUP: Keyword<ConfigDraft> = block(
    Status::Acted,
    "garp_group",
    "{ ... }",
    "Interfaces that share a limit for the rate of announcements.",
    &GARP_GROUP_BLOCK,
);

/// What a `garp_group` says.
struct GarpDraft {
    span: Span,
    number: usize,
    group: GarpGroup,
    taken: HashSet<InterfaceName>,
    interfaces: Interfaces,
    listed: bool,
}

static GARP_GROUP_BLOCK: Section<ConfigDraft, GarpDraft> = Section {
    keywords: &[GARP_INTERVAL, GNA_INTERVAL, INTERFACE, INTERFACES],
    open: |config, args, _| {
        Some(GarpDraft {
            span: args.span(),
            number: config.vrrp.garp_groups.len(),
            group: GarpGroup { garp_interval: None, gna_interval: None, interfaces: Vec::new() },
            taken: std::mem::take(&mut config.vrrp.garp_interfaces),
            interfaces: Interfaces { dynamic: config.global.engine.dynamic_interfaces, missing: Vec::new() },
            listed: false,
        })
    },
    close: |config, draft, context| {
        config.vrrp.garp_interfaces = draft.taken;
        config.vrrp.interfaces.absorb(draft.interfaces);
        if draft.group.garp_interval.is_none() && draft.group.gna_interval.is_none() {
            // Its interfaces are free for another group.
            for interface in &draft.group.interfaces {
                config.vrrp.garp_interfaces.remove(interface);
            }
            let message = format!("garp group {} does not have any delay set - removing", draft.number);
            return context.report(Class::GeneralError, draft.span, message);
        }
        config.vrrp.garp_groups.push(draft.group);
    },
};

/// `garp_interval` and `gna_interval`: a second or more is remarkable.
fn interval(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let word = args.required(context)?;
    let range = Duration::ZERO..=Duration::from_micros(4_294_967_295);
    let Some(interval) = seconds(word, range, context) else {
        // The number itself has been reported; the original adds nothing to a word that is no number.
        return None;
    };
    if interval >= Duration::from_secs(1) {
        let message = format!("The {} is very large - {} seconds", args.keyword(), word.text);
        context.report(Class::LogOnly, word.span, message);
    }
    Some(interval)
}

const GARP_INTERVAL: Keyword<GarpDraft> = acted(
    "garp_interval",
    "<seconds>",
    "none",
    "Least time between gratuitous ARPs.",
    |draft, args, context| draft.group.garp_interval = interval(args, context).or(draft.group.garp_interval),
);

const GNA_INTERVAL: Keyword<GarpDraft> = acted(
    "gna_interval",
    "<seconds>",
    "none",
    "Least time between unsolicited neighbour advertisements.",
    |draft, args, context| draft.group.gna_interval = interval(args, context).or(draft.group.gna_interval),
);

const INTERFACE: Keyword<GarpDraft> =
    acted("interface", "<interface>", "", "An interface of the group.", |draft, args, context| {
        if let Some(word) = args.required(context) {
            garp_interface(draft, word, context);
        }
    });

const INTERFACES: Keyword<GarpDraft> = Keyword {
    name: "interfaces",
    usage: "{ <interface> ... }",
    default: "",
    help: "Interfaces of the group, any number per line.",
    status: Status::Acted,
    kind: Kind::Lines {
        item: |draft, args, context| {
            while let Some(word) = args.next_word() {
                draft.listed = true;
                garp_interface(draft, word, context);
            }
        },
        open: Some(|draft, _, _| draft.listed = false),
        close: Some(|draft, context| {
            if !draft.listed {
                let message = "Warning - empty garp_group interfaces block";
                context.report(Class::GeneralError, draft.span, message);
            }
        }),
        words: &[],
    },
};

/// One interface; it can be in one group only.
fn garp_interface(draft: &mut GarpDraft, word: Word<'_>, context: &mut Context<'_>) {
    let complaint =
        |missing: &str| format!("WARNING - interface {missing} specified for garp_group doesn't exist");
    let Some(name) = draft.interfaces.take(word, context, complaint) else { return };
    if !draft.taken.insert(name.clone()) {
        return mistaken(word, context, format!("garp_group already specified for {name} - ignoring"));
    }
    draft.group.interfaces.push(name);
}

pub(super) const LINKBEAT: Keyword<ConfigDraft> = list(
    Status::Acted,
    "linkbeat_interfaces",
    "Interfaces whose link is polled, one per line: a name, then MII, ETHTOOL or IOCTL.",
    |config, args, context| {
        let Some(word) = args.next_word() else { return };
        let Some(interface) = known(config, word, "linkbeat interface", context) else { return };
        let mut kind = Linkbeat::Automatic;
        if let Some(option) = args.next_word() {
            match option.text {
                "MII" => kind = Linkbeat::Mii,
                "ETHTOOL" => kind = Linkbeat::Ethtool,
                "IOCTL" => kind = Linkbeat::Ioctl,
                other => mistaken(option, context, format!("extra characters {other} in linkbeat interface")),
            }
        }
        if !config.vrrp.linkbeat.iter().any(|(name, _)| *name == interface) {
            config.vrrp.linkbeat.push((interface, kind));
        }
    },
    &[],
);

pub(super) const DELAYS: Keyword<ConfigDraft> = list(
    Status::Acted,
    "interface_up_down_delays",
    "One interface per line: how many seconds \"down\", and then \"up\", must last to count; 0 to 255 with decimals.",
    |config, args, context| {
        let Some(word) = args.next_word() else { return };
        let Some(interface) = known(config, word, "up/down delay", context) else { return };
        let range = Duration::ZERO..=Duration::from_secs(255);
        let mut times = [Duration::ZERO; 2];
        for time in &mut times {
            let Some(word) = args.next_word() else { break };
            let Some(value) = seconds(word, range.clone(), context) else { return };
            *time = value;
        }
        let [down, up] = times;
        config.vrrp.delays.push(InterfaceDelay { interface, down, up });
    },
    &[],
);

/// An interface that must exist, whatever `dynamic_interfaces` says about instances.
fn known(
    config: &ConfigDraft,
    word: Word<'_>,
    purpose: &str,
    context: &mut Context<'_>,
) -> Option<InterfaceName> {
    let name = InterfaceName::new(word.text).ok();
    if let Some(name) = name
        && (config.global.engine.dynamic_interfaces || context.host.interface(&name).is_some())
    {
        return Some(name);
    }
    let message = format!("unknown interface {} specified for {purpose}", word.text);
    let report = Diagnostic::at(Class::Fatal, word.span, message);
    context.push(absent::explain(report, word.text, context));
    None
}
