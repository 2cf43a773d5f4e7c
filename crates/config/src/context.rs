//! What a keyword's function may use besides its draft and its words.

use crate::diagnostic::{Class, Diagnostic, Report};
use crate::host::Host;
use crate::iproute;
use crate::span::Span;
use keepalived_types::Credentials;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Handed to every keyword function.
pub struct Context<'a> {
    /// The machine.
    pub host: &'a dyn Host,
    /// Where problems go.
    pub report: &'a mut Report,
    /// Names defined so far.
    pub symbols: Symbols,
    /// `-t`: nothing may be created or changed on the machine.
    pub test_mode: bool,
    /// Keywords met that are known, but that nobody acts on yet.
    pub pending: Pending,
    /// Who scripts run as, and what was found out about them.
    pub scripts: ScriptPolicy,
    /// `iproute_etc_dir`, `iproute_usr_dir`.
    pub iproute: iproute::Directories,
}

/// What `script_user` and `enable_script_security` said, and which scripts there are (runtime reference 13.3, 13.4).
#[derive(Clone, Debug, Default)]
pub struct ScriptPolicy {
    /// Set by `script_user`; without it [`Args::command`](crate::args::Args::command) finds the default.
    pub user: Option<Credentials>,
    /// `script_user` named somebody who does not exist: scripts without a user of their own are dropped.
    pub user_is_invalid: bool,
    /// The name of that user.
    pub user_name: Option<String>,
    /// Set by `enable_script_security`.
    pub security: bool,
    /// Set by `use_symlink_paths`.
    pub use_symlink_paths: bool,
    /// Set by `set_supplementary_groups`.
    pub supplementary_groups: bool,
    /// Which kinds of scripts will be run; see [`report_violations`](crate::script::report_violations).
    pub used: ScriptsUsed,
    pub(crate) default_user: Option<Option<Credentials>>,
}

/// The scripts of a configuration by who runs them. The original's processes report theirs each for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptsUsed {
    /// `startup_script`, `shutdown_script`: the parent.
    pub start_or_shutdown: ScriptUse,
    /// Notify and track scripts of VRRP, and the readers of its FIFOs.
    pub vrrp: ScriptUse,
    /// Notify scripts of virtual and real servers, `misc_path`, and the readers of their FIFOs.
    pub checks: ScriptUse,
}

/// What is known of the scripts that one process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptUse {
    /// There is one.
    pub any: bool,
    /// Somebody other than root could change one of them.
    pub insecure: bool,
}

impl ScriptUse {
    /// Adds a script.
    pub(crate) fn note(&mut self, insecure: bool) {
        self.any = true;
        self.insecure |= insecure;
    }
}

/// Keywords that are known, but that nobody acts on yet, each with the place of its first use.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    seen: HashSet<&'static str, BuildHasherDefault<NameHasher>>,
    list: Vec<(&'static str, Span)>,
}

impl Pending {
    /// Notes a keyword, once.
    pub fn note(&mut self, name: &'static str, span: Span) {
        if self.seen.insert(name) {
            self.list.push((name, span));
        }
    }

    /// In the order of first use.
    #[must_use]
    pub fn into_list(self) -> Vec<(&'static str, Span)> {
        self.list
    }
}

/// A hash of names that only we choose, so that nobody can make them collide: they are met at every line.
#[derive(Clone, Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            // The multiplier is 2^64 divided by the golden ratio, as in Fibonacci hashing.
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        // The low bits of a product know little of the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

/// What kind of thing a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// `vrrp_script`.
    Script,
    /// `track_file`.
    File,
    /// `vrrp_track_process`.
    Process,
    /// `bfd_instance`.
    Bfd,
    /// `track_group`.
    TrackGroup,
    /// `vrrp_instance`.
    Instance,
    /// `vrrp_sync_group`.
    SyncGroup,
    /// `virtual_server_group`.
    ServerGroup,
}

/// A defined name.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Where.
    pub span: Span,
    /// Its position among its kind in the draft.
    pub index: usize,
    /// Somebody refers to it.
    pub used: bool,
}

/// Names defined so far: references must come after definitions where the original wants that (config-language
/// reference 2.2).
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    table: HashMap<Symbol, HashMap<String, Definition>>,
}

impl Symbols {
    /// Defines a name; gives back the older definition instead when there is one.
    ///
    /// # Errors
    /// The place of the first definition.
    pub fn define(&mut self, kind: Symbol, name: &str, span: Span, index: usize) -> Result<(), Span> {
        let names = self.table.entry(kind).or_default();
        if let Some(older) = names.get(name) {
            return Err(older.span);
        }
        names.insert(name.to_owned(), Definition { span, index, used: false });
        Ok(())
    }

    /// Looks a name up and marks it as used.
    pub fn refer(&mut self, kind: Symbol, name: &str) -> Option<&Definition> {
        let definition = self.table.get_mut(&kind)?.get_mut(name)?;
        definition.used = true;
        Some(definition)
    }

    /// All names of a kind, in no particular order.
    pub fn all(&self, kind: Symbol) -> impl Iterator<Item = (&str, &Definition)> {
        self.table.get(&kind).into_iter().flatten().map(|(name, definition)| (name.as_str(), definition))
    }
}

impl<'a> Context<'a> {
    /// Nothing defined, nothing known about scripts.
    pub fn new(host: &'a dyn Host, report: &'a mut Report, test_mode: bool) -> Self {
        Self {
            host,
            report,
            symbols: Symbols::default(),
            test_mode,
            pending: Pending::default(),
            scripts: ScriptPolicy::default(),
            iproute: iproute::Directories::default(),
        }
    }

    /// The number behind a name of one of iproute2's tables.
    pub fn iproute_name(&self, table: &str, name: &str) -> Option<u32> {
        self.iproute.number(self.host, table, name)
    }

    /// Reports a problem at `span` in the original's words.
    pub fn report(&mut self, class: Class, span: Span, message: impl Into<String>) {
        self.report.push(Diagnostic::at(class, span, message));
    }

    /// Reports a problem that has more to say.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.report.push(diagnostic);
    }
}
