//! What the checks of one configuration share.

use crate::attempt::random_id;
use crate::pattern::{self, Pattern};
use crate::program::Programs;
use crate::tls::{Tls, TlsError};
use keepalived_lvs::config::{Checker, Config, HttpCheck, Probe, Regex, TlsMaterial};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;

/// How much is read at once; as in the original.
const PIECE: usize = 4095;

/// TLS contexts and their sessions, regular expressions compiled once, and the way to start programs. Made anew for
/// each configuration; see [`Context::inherit`].
pub struct Context {
    tls: Option<Tls>,
    patterns: HashMap<Regex, Pattern>,
    programs: Box<dyn Programs>,
    /// What is read goes here first. One for all checks: none holds it while it waits.
    scratch: RefCell<Vec<u8>>,
    /// The identifier of the last ICMP request.
    last_id: Cell<u16>,
}

/// Something about a check that its operator should know at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The regular expression does not compile. Checks with it cannot run.
    Regex {
        /// The pattern as configured.
        pattern: String,
        /// What is wrong, and where.
        error: String,
    },
    /// An option of the expression that has no effect here.
    RegexOption {
        /// The pattern as configured.
        pattern: String,
        /// The option's name.
        option: &'static str,
    },
    /// `tls_ca_file` cannot be used. Checks with it cannot run.
    Authorities(TlsError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Regex { pattern, error } => write!(f, "regex '{pattern}' does not compile: {error}"),
            Self::RegexOption { pattern, option } => {
                write!(f, "regex_options {option} has no effect (regex '{pattern}')")
            }
            Self::Authorities(error) => error.fmt(f),
        }
    }
}

impl Context {
    /// Gets ready for the checks of `config`; `programs` starts those of `MISC_CHECK`. Reads files, so it may block.
    ///
    /// # Errors
    /// When there is an `SSL_GET` and the `SSL` block names a file that cannot be used: no such check could be made.
    pub fn new(config: &Config, programs: Box<dyn Programs>) -> Result<(Self, Vec<Problem>), TlsError> {
        let servers = config.virtual_servers.iter().flat_map(|service| &service.real_servers);
        let probes = servers.flat_map(|server| &server.checkers).filter_map(|checker| match checker {
            Checker::Active(check) => Some(&check.probe),
            Checker::File(_) | Checker::Bfd(_) => None,
        });
        Self::of(probes, config.tls.as_ref(), programs)
    }

    /// The same for probes by themselves. `material` is the `SSL` block.
    ///
    /// # Errors
    /// As [`Context::new`].
    pub fn of<'a>(
        probes: impl IntoIterator<Item = &'a Probe>,
        material: Option<&TlsMaterial>,
        programs: Box<dyn Programs>,
    ) -> Result<(Self, Vec<Problem>), TlsError> {
        let material = material.cloned().unwrap_or_default();
        let mut context = Self {
            tls: None,
            patterns: HashMap::new(),
            programs,
            scratch: RefCell::new(vec![0; PIECE]),
            last_id: Cell::new(random_id()),
        };
        let mut problems = Vec::new();
        for probe in probes {
            match probe {
                Probe::Http(check) => context.compile(check, &mut problems),
                Probe::Ssl(check) => {
                    context.compile(check, &mut problems);
                    context.trust(check, &material, &mut problems)?;
                }
                _ => {}
            }
        }
        Ok((context, problems))
    }

    /// Takes the TLS sessions of the context of another configuration over, so that a reload does not ask every server for
    /// a full handshake at once. Sessions that show a certificate of ours begin afresh.
    pub fn inherit(&self, predecessor: &Self) {
        if let (Some(tls), Some(before)) = (&self.tls, &predecessor.tls) {
            tls.inherit(before);
        }
    }

    fn compile(&mut self, check: &HttpCheck, problems: &mut Vec<Problem>) {
        for regex in check.urls.iter().filter_map(|url| url.regex.as_ref()) {
            if self.patterns.contains_key(regex) {
                continue;
            }
            let pattern = || regex.pattern.clone();
            let options = pattern::without_effect(regex).into_iter();
            problems.extend(options.map(|option| Problem::RegexOption { pattern: pattern(), option }));
            match Pattern::compile(regex) {
                Ok(compiled) => drop(self.patterns.insert(regex.clone(), compiled)),
                Err(error) => problems.push(Problem::Regex { pattern: pattern(), error }),
            }
        }
    }

    fn trust(
        &mut self,
        check: &HttpCheck,
        material: &TlsMaterial,
        problems: &mut Vec<Problem>,
    ) -> Result<(), TlsError> {
        let tls = match &mut self.tls {
            Some(tls) => tls,
            none => none.insert(Tls::new(material)?),
        };
        let problem = tls.prepare(&check.verification, material).err().map(Problem::Authorities);
        problems.extend(problem.filter(|problem| !problems.contains(problem)));
        Ok(())
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(crate) fn pattern(&self, regex: &Regex) -> Option<&Pattern> {
        self.patterns.get(regex)
    }

    pub(crate) fn programs(&self) -> &dyn Programs {
        &*self.programs
    }

    /// An identifier for a request: no two that are under way have the same.
    pub(crate) fn next_id(&self) -> u16 {
        self.last_id.set(self.last_id.get().wrapping_add(1));
        self.last_id.get()
    }

    pub(crate) fn scratch(&self) -> &RefCell<Vec<u8>> {
        &self.scratch
    }
}

/// For daemons and tests without a `MISC_CHECK`: starts nothing.
pub struct NoPrograms;

impl Programs for NoPrograms {
    fn start(&self, _command: &keepalived_types::Command) -> std::io::Result<Box<dyn crate::Program>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
