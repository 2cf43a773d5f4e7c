//! What is fixed from the first moment on: arguments, options, names, files. A reload changes none of it.

use super::kinds::KINDS;
use super::paths::{Identity, Pids, log_file};
use crate::exec_helper::companion;
use crate::log::{FileSettings, LogSettings, Logger};
use crate::options::Options;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// What is fixed from the first moment on.
#[derive(Debug)]
pub(super) struct Launch {
    /// The command line, `argv[0]` first.
    pub(super) argv: Vec<OsString>,
    /// What it means.
    pub(super) options: Options,
    /// What tells this daemon from others on the machine.
    pub(super) identity: Identity,
    /// The pid files.
    pub(super) pids: Pids,
    /// The program that starts scripts.
    pub(super) exec_helper: PathBuf,
    /// The programs of [`KINDS`], in that order: looked for before anything is mounted over them.
    pub(super) programs: Vec<PathBuf>,
    /// The parent's log.
    pub(super) logger: Logger,
    /// What the kernel called core dumps before `-M`.
    pub(super) core_pattern_before: Option<String>,
    /// The network namespace that we were started in, when we have left it: process events come there only.
    pub(super) origin: Option<OwnedFd>,
}

impl Launch {
    /// Before the configuration is read: no identity yet.
    pub(super) fn new(argv: Vec<OsString>, options: Options) -> Self {
        let identity = Identity::default();
        let pids = Pids::new(&options.pid_files, &identity);
        let logger = Logger::new(log_settings(&options, "", &identity));
        Self {
            argv,
            options,
            identity,
            pids,
            exec_helper: companion("keepalived-exec", "exec"),
            programs: KINDS
                .iter()
                .map(|kind| companion(&format!("keepalived-{}", kind.program), kind.program))
                .collect(),
            logger,
            core_pattern_before: None,
            origin: None,
        }
    }

    /// Takes the identity that the configuration gives: idents and file names follow from it.
    pub(super) fn identify(&mut self, identity: Identity) {
        let suffix = identity.suffix();
        if !suffix.is_empty() {
            self.logger.info(format_args!("Changing syslog ident to Keepalived{suffix}"));
            self.logger.replace(log_settings(&self.options, "", &identity));
        }
        self.pids = Pids::new(&self.options.pid_files, &identity);
        self.identity = identity;
    }

    /// The log settings of a child: `_vrrp`.
    pub(super) fn child_log(&self, part: &str) -> LogSettings {
        log_settings(&self.options, part, &self.identity)
    }

    /// Relative paths mean the directory we were started in, which a daemon leaves.
    pub(super) fn make_paths_absolute(&mut self) {
        let absolute = |path: &mut PathBuf| {
            if let Ok(found) = std::path::absolute(&path) {
                *path = found;
            }
        };
        if let Some(file) = &mut self.options.config_file
            && let Ok(found) = std::path::absolute(&file)
        {
            *file = found.to_string_lossy().into_owned();
        }
        for path in [&mut self.pids.parent, &mut self.pids.vrrp, &mut self.pids.checkers, &mut self.pids.bfd]
        {
            absolute(path);
        }
    }
}

fn log_settings(options: &Options, part: &str, identity: &Identity) -> LogSettings {
    let suffix = identity.suffix();
    let file = options.log.file.as_ref().map(|given| FileSettings {
        path: log_file(given.as_deref(), part, &suffix),
        flush: options.log.flush,
    });
    LogSettings {
        ident: format!("Keepalived{part}{suffix}"),
        facility: options.log.facility,
        syslog: !options.log.no_syslog,
        console: options.log.console && options.foreground,
        detail: options.log.detail,
        file,
    }
}
