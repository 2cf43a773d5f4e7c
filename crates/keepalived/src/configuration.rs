//! Reading keepalived.conf for this machine: what the daemon and the configuration test have in common.

use crate::options::Options;
use keepalived_config::diagnostic::{Class, Diagnostic};
use keepalived_config::host::Host;
use keepalived_config::load::{LoadOptions, Loaded, default_config_id, load};
use keepalived_config::model::Config;
use keepalived_config::{reload, render, status};
use std::path::PathBuf;

/// The default of `-f`.
pub const DEFAULT_FILE: &str = "/etc/keepalived/keepalived.conf";
/// The umask unless somebody says otherwise: files are nobody else's business.
pub const DEFAULT_UMASK: u32 = 0o177;
/// The status of a start whose configuration file is missing.
pub const MISSING_FILE: u8 = 6;

/// A configuration that was read, with everything that is wrong with it.
#[derive(Debug)]
pub struct Reading {
    loaded: Loaded,
}

/// Reads the file of the command line.
#[must_use]
pub fn read(options: &Options, host: &dyn Host) -> Reading {
    let file = options.config_file.as_deref().unwrap_or(DEFAULT_FILE);
    let options = LoadOptions {
        config_id: options.config_id.clone().unwrap_or_else(|| default_config_id(host)),
        all_includes_checked: options.all_includes_checked,
        test_mode: options.test.is_some(),
    };
    Reading { loaded: load(file, &options, host) }
}

impl Reading {
    /// What it means; `None` when there was no file to read.
    #[must_use]
    pub const fn config(&self) -> Option<&Config> {
        self.loaded.config.as_ref()
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_config(self) -> Option<Config> {
        self.loaded.config
    }

    /// What `config_save_dir` asks for: the directory, and the configuration as one text whose first line names the
    /// file.
    #[must_use]
    pub fn copy(&self) -> Option<(PathBuf, String)> {
        let directory = self.config()?.global.files.config_save_dir.clone()?;
        let text = self.loaded.copy.as_deref()?;
        let file = self.files().next().unwrap_or_default();
        Some((directory, format!("# {file}\n{text}!\n")))
    }

    /// The network namespace it names.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.config()?.global.identity.net_namespace.as_deref()
    }

    /// The status a daemon ends with because it cannot run with this.
    #[must_use]
    pub fn stops(&self) -> Option<u8> {
        status::of_start(&self.loaded.report)
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.loaded.report.diagnostics()
    }

    /// The status of `-t`.
    #[must_use]
    pub fn test_status(&self) -> u8 {
        status::of_test(&self.loaded.report)
    }

    /// The problems as the original words them, each with its line end. Remarks that only we make are left out: status
    /// 0 of `-t` means that nothing was said.
    #[must_use]
    pub fn plain(&self) -> String {
        let report = &self.loaded.report;
        let mut text = String::new();
        for found in
            report.diagnostics().iter().filter(|found| !matches!(found.class, Class::Note | Class::LogOnly))
        {
            text.push_str(&render::line(found, &self.loaded.sources));
            text.push('\n');
        }
        if report.dropped() > 0 {
            text.push_str(&format!("{} more problems are not shown\n", report.dropped()));
        }
        text
    }

    /// The problems with the lines they are about, and what to do.
    #[must_use]
    pub fn explained(&self, colours: bool) -> String {
        render::rich(&self.loaded.report, &self.loaded.sources, colours)
    }

    /// What a running daemon writes to its log, where the original's remarks belong that `-t` does not show.
    pub fn log_lines(&self) -> impl Iterator<Item = String> {
        self.lines(true)
    }

    /// Other remarks that only we make: what is allowed, but hardly meant.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.lines(false)
    }

    fn lines(&self, logged_always: bool) -> impl Iterator<Item = String> {
        let diagnostics = self.loaded.report.diagnostics().iter();
        diagnostics.filter(move |found| found.logged_always == logged_always).map(|found| {
            let line = render::line(found, &self.loaded.sources);
            if found.class == Class::Note { format!("note: {line}") } else { line }
        })
    }

    /// The same as `FILE:LINE:COLUMN: message`: for somebody who has to find out why a reload was refused.
    pub fn placed_lines(&self) -> impl Iterator<Item = String> {
        let kept = |found: &&Diagnostic| !matches!(found.class, Class::Note | Class::LogOnly);
        self.loaded.report.diagnostics().iter().filter(kept).map(|found| self.with_place(found))
    }

    fn with_place(&self, found: &Diagnostic) -> String {
        match found.span {
            Some(span) => format!("{}: {}", self.loaded.sources.place(span), found.message),
            None => found.message.clone(),
        }
    }

    /// The files that were read, in order, by the names the configuration gives them.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.loaded.sources.files().iter().map(|file| file.name())
    }

    /// Keywords that are understood but not acted on yet.
    pub fn pending(&self) -> impl Iterator<Item = &'static str> {
        self.loaded.pending.iter().map(|(name, _)| *name)
    }
}

/// Why a running daemon cannot take this configuration instead of the other; nothing if it can.
#[must_use]
pub fn immutable_changes(old: &Config, new: &Config) -> Vec<String> {
    reload::diff(old, new).immutable
}
