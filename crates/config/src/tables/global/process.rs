//! What the processes are called and how they are scheduled.

use super::{Row, flag, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::GlobalDraft;
use crate::keyword::{Keyword, Kind, Status};
use crate::model::ProcessSettings;
use crate::tables::row::{Apply, acted, line};
use crate::tables::scalar::{mistaken, signed, unsigned};
use std::time::Duration;

/// Which process a keyword is about.
type Place = fn(&mut GlobalDraft) -> &mut ProcessSettings;

const VRRP: Place = |global| &mut global.settings.vrrp_process;
const CHECKER: Place = |global| &mut global.settings.checker_process;
const BFD: Place = |global| &mut global.settings.bfd_process;

pub(super) const PROCESS_NAMES: Row = flag(
    Status::Acted,
    "process_names",
    "Call the child processes keepalived_vrrp, keepalived_lvs and keepalived_bfd.",
    |global, _, _| global.settings.names.distinct = true,
);

const fn name(
    name: &'static str,
    default: &'static str,
    help: &'static str,
    apply: Apply<GlobalDraft>,
) -> Row {
    let usage = "<at most 15 characters>";
    Keyword { name, usage, default, help, status: Status::Acted, kind: Kind::Line(apply) }
}

pub(super) const PROCESS_NAME: Row =
    name("process_name", "keepalived", "What the parent process is called.", |global, args, context| {
        global.settings.names.parent = process_name(args, context);
    });

pub(super) const VRRP_PROCESS_NAME: Row =
    name("vrrp_process_name", "the parent's", "What the VRRP process is called.", |global, args, context| {
        global.settings.names.vrrp = process_name(args, context);
    });

pub(super) const CHECKER_PROCESS_NAME: Row = name(
    "checker_process_name",
    "the parent's",
    "What the checker process is called.",
    |global, args, context| {
        global.settings.names.checker = process_name(args, context);
    },
);

pub(super) const LVS_PROCESS_NAME: Row =
    name("lvs_process_name", "", "Former name of checker_process_name.", |global, args, context| {
        deprecated(args, "checker_process_name", context);
        global.settings.names.checker = process_name(args, context);
    });

pub(super) const BFD_PROCESS_NAME: Row =
    name("bfd_process_name", "the parent's", "What the BFD process is called.", |global, args, context| {
        global.settings.names.bfd = process_name(args, context);
    });

/// The kernel keeps 15 bytes of a process name (`TASK_COMM_LEN`).
fn process_name(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<String> {
    let word = args.required(context)?;
    if word.text.len() <= 15 {
        return Some(word.text.to_owned());
    }
    let message = format!("Process name {} more than 15 characters, truncating", word.text);
    mistaken(word, context, message);
    let mut end = 15;
    while !word.text.is_char_boundary(end) {
        end -= 1;
    }
    word.text.get(..end).map(str::to_owned)
}

/// A former spelling that the original mentions in the log only.
fn deprecated(args: &Args<'_>, instead: &str, context: &mut Context<'_>) {
    let message = format!("Keyword \"{}\" is deprecated - please use \"{instead}\"", args.keyword());
    context.report(Class::LogOnly, args.span(), message);
}

/// How reports name the process of a keyword: the part before its first `_`.
fn process<'a>(args: &Args<'a>) -> &'a str {
    args.keyword().split('_').next().unwrap_or_default()
}

/// `*_priority`.
fn nice(args: &mut Args<'_>, context: &mut Context<'_>, place: &mut ProcessSettings) {
    let process = process(args);
    let Some(word) = wanted(args, context, &format!("No {process} process priority specified")) else {
        return;
    };
    match signed(word, -20..=19, context) {
        Some(nice) => place.nice = Some(nice),
        None => mistaken(word, context, format!("Invalid {process} process priority specified")),
    }
}

/// `*_rt_priority`: clamped to 1..99.
fn real_time(args: &mut Args<'_>, context: &mut Context<'_>, place: &mut ProcessSettings) {
    let process = process(args);
    let complaint = format!("No {process} process real-time priority specified");
    let Some(word) = wanted(args, context, &complaint) else { return };
    let range = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let Some(priority) = signed::<i32>(word, range, context) else {
        let message = format!("{process} process real-time priority '{}' invalid", word.text);
        return mistaken(word, context, message);
    };
    if priority < 1 {
        let message = format!(
            "{process} process real-time priority {priority} less than minimum 1 - setting to minimum"
        );
        mistaken(word, context, message);
    }
    if priority > 99 {
        let message = format!(
            "{process} process real-time priority {priority} greater than maximum 99 - setting to maximum"
        );
        mistaken(word, context, message);
    }
    place.rt_priority = u8::try_from(priority.clamp(1, 99)).ok();
}

/// `*_cpu_affinity`: one bad number discards the whole set.
fn affinity(args: &mut Args<'_>, context: &mut Context<'_>, place: &mut ProcessSettings) {
    let process = process(args);
    if args.remaining() == 0 {
        wanted(args, context, &format!("No {process} cpu_id set specified"));
        return;
    }
    let last = u64::from(context.host.processors().saturating_sub(1));
    let mut set = Vec::new();
    while let Some(word) = args.next_word() {
        match unsigned::<u32>(word, 0..=last, context) {
            Some(cpu) if set.contains(&cpu) => {}
            Some(cpu) => set.push(cpu),
            None => {
                let number = word.text.parse().unwrap_or(0_i64);
                let message = format!("Invalid cpu_id:{number} specified for {process} process");
                return mistaken(word, context, message);
            }
        }
    }
    place.cpu_affinity = set;
}

/// `*_rlimit_rttime` in microseconds; the kernel counts from 2.
fn rttime(args: &mut Args<'_>, context: &mut Context<'_>, place: &mut ProcessSettings) {
    let process = process(args);
    let Some(word) = args.required(context) else { return };
    match unsigned::<u32>(word, 1..=4_294_967_295, context) {
        Some(micros) => place.rlimit_rttime_us = Some(micros.max(2)),
        None => mistaken(word, context, format!("Invalid {process} real-time limit - {}", word.text)),
    }
}

/// The rows of one process.
macro_rules! process_rows {
    ($place:ident, $priority:ident $priority_name:literal, $swap:ident $swap_name:literal,
     $rt:ident $rt_name:literal, $cpu:ident $cpu_name:literal, $limit:ident $limit_name:literal,
     $former:ident $former_name:literal, $who:literal, $status:expr) => {
        pub(super) const $priority: Row = line(
            $status,
            $priority_name,
            "<-20-19>",
            "0",
            concat!("Nice value of the ", $who, " process."),
            |global, args, context| nice(args, context, $place(global)),
        );
        pub(super) const $swap: Row =
            flag($status, $swap_name, concat!("Lock the ", $who, " process in memory."), |global, _, _| {
                $place(global).no_swap = true
            });
        pub(super) const $rt: Row = line(
            $status,
            $rt_name,
            "<1-99>",
            "none",
            concat!("SCHED_RR priority of the ", $who, " process."),
            |global, args, context| real_time(args, context, $place(global)),
        );
        pub(super) const $cpu: Row = line(
            $status,
            $cpu_name,
            "<processor> ...",
            "all",
            concat!("Processors that the ", $who, " process may use."),
            |global, args, context| affinity(args, context, $place(global)),
        );
        pub(super) const $limit: Row = line(
            $status,
            $limit_name,
            "<microseconds>",
            "10000",
            concat!("RLIMIT_RTTIME of the ", $who, " process where it has a real-time priority."),
            |global, args, context| rttime(args, context, $place(global)),
        );
        pub(super) const $former: Row = line(
            $status,
            $former_name,
            "<microseconds>",
            "",
            concat!("Former name of ", $limit_name, "."),
            |global, args, context| {
                deprecated(args, $limit_name, context);
                rttime(args, context, $place(global));
            },
        );
    };
}

process_rows!(VRRP, VRRP_PRIORITY "vrrp_priority", VRRP_NO_SWAP "vrrp_no_swap",
    VRRP_RT_PRIORITY "vrrp_rt_priority", VRRP_CPU_AFFINITY "vrrp_cpu_affinity",
    VRRP_RLIMIT_RTTIME "vrrp_rlimit_rttime", VRRP_RLIMIT_RTIME "vrrp_rlimit_rtime", "VRRP", Status::Acted);
process_rows!(CHECKER, CHECKER_PRIORITY "checker_priority", CHECKER_NO_SWAP "checker_no_swap",
    CHECKER_RT_PRIORITY "checker_rt_priority", CHECKER_CPU_AFFINITY "checker_cpu_affinity",
    CHECKER_RLIMIT_RTTIME "checker_rlimit_rttime", CHECKER_RLIMIT_RTIME "checker_rlimit_rtime", "checker", Status::Acted);
process_rows!(BFD, BFD_PRIORITY "bfd_priority", BFD_NO_SWAP "bfd_no_swap",
    BFD_RT_PRIORITY "bfd_rt_priority", BFD_CPU_AFFINITY "bfd_cpu_affinity",
    BFD_RLIMIT_RTTIME "bfd_rlimit_rttime", BFD_RLIMIT_RTIME "bfd_rlimit_rtime", "BFD", Status::Pending);

pub(super) const MAX_AUTO_PRIORITY: Row = acted(
    "max_auto_priority",
    "[<-1-99>]",
    "0 (off); 99 without a number",
    "How far the scheduling priority may rise when timers run late; -1 is off without a word at start.",
    |global, args, context| {
        let Some(word) = args.next_word() else {
            global.settings.auto_priority.max = 99;
            return;
        };
        match signed(word, -1..=99, context) {
            Some(max) => global.settings.auto_priority.max = max,
            None => {
                let message = format!(
                    "max_auto_priority '{}' must be in [0, 99] (or -1 to disable) - ignoring",
                    word.text
                );
                mistaken(word, context, message);
            }
        }
    },
);

pub(super) const MIN_AUTO_PRIORITY_DELAY: Row = acted(
    "min_auto_priority_delay",
    "<1-10000000 microseconds>",
    "1000000",
    "Lateness that raises the scheduling priority.",
    |global, args, context| {
        let Some(word) = wanted(args, context, "min_auto_priority_delay requires delay time") else { return };
        match unsigned(word, 1..=10_000_000, context) {
            Some(micros) => global.settings.auto_priority.min_delay = Duration::from_micros(micros),
            None => {
                let message =
                    format!("min_auto_priority_delay '{}' must be in [1, 10000000] - ignoring", word.text);
                mistaken(word, context, message);
            }
        }
    },
);
