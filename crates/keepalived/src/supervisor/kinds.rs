//! The kinds of children. Adding a kind is one more entry of [`KINDS`], and a program.

use super::Supervisor;
use super::custody::Custody;
use super::kept::Has;
use super::launch::Launch;
use super::paths::Pids;
use super::setup;
use crate::ipc::{Channel, ChannelError, ToChild};
use crate::local_igmp::LocalIgmp;
use keepalived_config::model::Config;
use keepalived_kernel::signals;
use keepalived_types::Instant;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// What a kind of child is, and what its parent does for it.
#[derive(Debug)]
pub(super) struct Kind {
    /// Which one.
    pub(super) role: Role,
    /// As the original's log calls it: `VRRP` child process.
    pub(super) name: &'static str,
    /// The program is `keepalived-PROGRAM` beside the parent's, or PROGRAM where programs of ours are installed.
    pub(super) program: &'static str,
    /// Where its process id is to be found.
    pub(super) pid_file: fn(&Pids) -> &PathBuf,
    /// The configuration has something for it to do, or the command line insists.
    pub(super) is_wanted: fn(&Launch, Has) -> bool,
    /// Hands it its part of the configuration.
    pub(super) brief: fn(&mut Channel, Errand, &Source<'_>) -> Result<(), ChannelError>,
    /// Signals to the parent that are meant for this child.
    pub(super) hears: fn(i32) -> bool,
    /// The process says that it does its work.
    pub(super) took_over: fn(&mut Supervisor),
    /// The process is gone: what the parent does in its place.
    pub(super) bereaved: fn(&mut Supervisor, Fate, Instant),
}

/// Tells the kinds apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Runs the virtual routers.
    Vrrp,
    /// Runs the virtual servers and their checks.
    Checkers,
}

/// Why a child is handed its part of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// It has just been started.
    Start,
    /// The configuration has changed.
    Reload,
}

/// What a child's part of the configuration is made from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The command line, and what follows from it.
    pub(super) launch: &'a Launch,
    /// The whole configuration.
    pub(super) config: &'a Config,
    /// What a predecessor left.
    pub(super) custody: &'a Custody,
    /// What there was before `disable_local_igmp`.
    pub(super) local_igmp: &'a LocalIgmp,
}

/// What follows the end of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No other will be started.
    Over,
    /// A successor will be started after this time.
    Respawn(Duration),
}

/// All kinds, in the order in which they are started.
pub(super) static KINDS: [Kind; 2] = [CHECKERS, VRRP];

const VRRP: Kind = Kind {
    role: Role::Vrrp,
    name: "VRRP",
    program: "vrrp",
    pid_file: |pids| &pids.vrrp,
    is_wanted: setup::wants_vrrp,
    brief: |channel, errand, from| {
        let adopt = match errand {
            Errand::Start => from.custody.adoptions(),
            Errand::Reload => Vec::new(),
        };
        errand.deliver(channel, setup::vrrp(from, adopt))
    },
    hears: |number| [libc::SIGUSR1, libc::SIGUSR2, signals::json(), signals::stats_clear()].contains(&number),
    took_over: |parent| parent.custody.process_took_over(),
    bereaved: Supervisor::vrrp_bereaved,
};

const CHECKERS: Kind = Kind {
    role: Role::Checkers,
    name: "Healthcheck",
    program: "checkers",
    pid_file: |pids| &pids.checkers,
    is_wanted: setup::wants_checkers,
    brief: |channel, errand, from| {
        let predecessor = match errand {
            Errand::Start => from.custody.standing().cloned(),
            Errand::Reload => None,
        };
        errand.deliver(channel, setup::checkers(from.launch, from.config, predecessor))
    },
    hears: |number| number == libc::SIGUSR1,
    took_over: |_| {},
    // The table stays as it is: a successor takes it over, and packets go on meanwhile.
    bereaved: |_, _, _| {},
};

impl Errand {
    /// Sends `setup` as what this errand is about.
    fn deliver<S: Serialize>(self, channel: &mut Channel, setup: S) -> Result<(), ChannelError> {
        channel.send(&match self {
            Self::Start => ToChild::Start(Box::new(setup)),
            Self::Reload => ToChild::Reload(Box::new(setup)),
        })
    }
}
