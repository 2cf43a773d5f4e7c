//! Reading the configuration again. The running one stays until the new one is known to be good, whole.

use super::Supervisor;
use super::damage::{self, Mistakes};
use super::kept::Kept;
use super::reload_queue::Decision;
use super::start::tell_files;
use crate::configuration::{self, Reading};
use crate::control::Answer;
use crate::file_in_place;
use crate::host::RealHost;
use keepalived_config::model::{Config, Global, ReloadMarker};
use keepalived_types::Instant;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

impl Supervisor {
    /// Somebody wants a reload: SIGHUP, D-Bus through the child.
    pub(super) fn request_reload(&mut self, now: Instant) {
        if self.phase != super::Phase::Running {
            return;
        }
        match self.reloads.request() {
            Decision::Begin => self.reload(now),
            Decision::Queued => self.launch.logger.detail("Reload already in progress, request queued"),
        }
    }

    fn reload(&mut self, now: Instant) {
        self.reload_begins();
        let check_log = self.config.global().reload.check_log.clone();
        match &check_log {
            Some(_) => self.launch.logger.detail("validate conf before Reload"),
            None => self.launch.logger.info("Reloading ..."),
        }
        self.notifier.reloading(now.as_nanos() / 1_000);
        let marker = Marker::place(self.config.global(), &self.launch.pids.parent);
        if let (Some(path), Some(error)) = (&marker.path, &marker.missing) {
            self.launch.logger.info(format_args!("reload_file: {}: {error}", path.display()));
        }
        let reading = configuration::read(&self.launch.options, &RealHost::new());
        drop(marker);
        let verdict = match &check_log {
            Some(log) => self.passes_check(&reading, log),
            None => {
                tell_files(&self.launch, &reading);
                self.is_usable(&reading)
            }
        };
        if check_log.is_some() && verdict.is_ok() {
            self.launch.logger.info("Reloading ...");
            tell_files(&self.launch, &reading);
        }
        self.save_copy(reading.copy());
        self.remarks = reading.placed_lines().collect();
        let mistakes = Mistakes::of(reading.diagnostics());
        let Some(config) = reading.into_config().filter(|_| verdict.is_ok()) else {
            let diagnostics = verdict.err().unwrap_or_default();
            self.tell_reload(&Answer::Refused { diagnostics }, now);
            self.notifier.reloaded("The new configuration was refused, the old one is running");
            self.next_reload(now);
            return;
        };
        self.take(config, mistakes, now);
    }

    /// `reload_check_config`: any problem at all refuses the reload, and is told in a file. The error is what to tell
    /// whoever asked.
    fn passes_check(&self, reading: &Reading, log: &Path) -> Result<(), Vec<String>> {
        let kept = file_in_place::write(log, 0o666, &reading.plain());
        if let Err(error) = &kept {
            self.launch.logger.info(format_args!("reload_check_config: {}: {error}", log.display()));
        }
        if reading.test_status() == 0 && reading.config().is_some() {
            return Ok(());
        }
        let told: Vec<String> = reading.placed_lines().collect();
        if kept.is_ok() {
            let log = log.display();
            self.launch.logger.info(format_args!("New config failed validation, see {log} for details"));
        } else {
            // Nowhere else could anybody see them.
            told.iter().for_each(|line| self.launch.logger.info(line));
            self.launch
                .logger
                .info("New config failed validation, see the messages before this one for details");
        }
        Err(told)
    }

    /// Without it, what the daemon could not run with, and damage that would take away what runs. The error is what
    /// to tell whoever asked.
    fn is_usable(&self, reading: &Reading) -> Result<(), Vec<String>> {
        let obstacle = match (reading.stops(), reading.config()) {
            (None, Some(config)) => self.running_config().and_then(|running| {
                let mistakes = Mistakes::of(reading.diagnostics());
                damage::objection((&running, &self.mistakes), (config, &mistakes))
            }),
            _ => Some("the daemon cannot run with it".to_owned()),
        };
        let Some(why) = obstacle else {
            reading.log_lines().for_each(|line| self.launch.logger.info(line));
            reading.notes().for_each(|line| self.launch.logger.detail(line));
            return Ok(());
        };
        let mut told: Vec<String> = reading.placed_lines().collect();
        told.push(format!(
            "New config failed validation: {why}. See the messages before this one for details. The running \
             configuration is kept"
        ));
        told.iter().for_each(|line| self.launch.logger.info(line));
        Err(told)
    }

    /// Replaces the configuration by one that is good, unless it changes what cannot change.
    fn take(&mut self, config: Config, mistakes: Mistakes, now: Instant) {
        let running = self.running_config();
        let immutable =
            running.map(|running| configuration::immutable_changes(&running, &config)).unwrap_or_default();
        if !immutable.is_empty() {
            for message in &immutable {
                self.launch.logger.info(message);
            }
            self.tell_reload(&Answer::Refused { diagnostics: immutable }, now);
            self.notifier.reloaded("The new configuration was refused, the old one is running");
            self.next_reload(now);
            return;
        }
        self.custody.forget_removed(&config.vrrp);
        self.config = Kept::new(config);
        self.mistakes = mistakes;
        self.mention_missing_processes();
        self.configure_reload_time(now);
        self.prepare_for_children();
        self.reload_children(now);
        self.reload_finished(now);
    }

    /// Ends the reload if all children run with the new configuration.
    pub(super) fn reload_finished(&mut self, now: Instant) {
        if !self.reloads.is_running() || !self.all_run() {
            return;
        }
        self.launch.logger.info("Reload complete");
        let remarks = std::mem::take(&mut self.remarks);
        self.tell_reload(&Answer::Reloaded { remarks }, now);
        self.notifier.reloaded("Running");
        self.next_reload(now);
    }

    fn next_reload(&mut self, now: Instant) {
        if self.reloads.finished() {
            self.launch.logger.detail("Processing queued reload");
            self.request_reload(now);
        }
    }
}

/// `reload_file`: there while the configuration is being read, so that whoever writes it can wait.
struct Marker {
    path: Option<PathBuf>,
    /// Why it is not there.
    missing: Option<io::Error>,
}

impl Marker {
    fn place(global: &Global, pid_file: &Path) -> Self {
        let path = Self::path(global, pid_file);
        let missing = path.as_ref().and_then(|path| file_in_place::write(path, 0o666, "").err());
        Self { path, missing }
    }

    fn path(global: &Global, pid_file: &Path) -> Option<PathBuf> {
        global.reload.marker.as_ref().map(|marker| match marker {
            ReloadMarker::Path(path) => path.clone(),
            ReloadMarker::InPidDirectory => pid_file.with_file_name("keepalived.reload"),
        })
    }
}

/// Removes a file that a daemon left which died while it was reading.
pub(super) fn remove_stale_marker(global: &Global, pid_file: &Path) {
    drop(Marker { path: Marker::path(global, pid_file), missing: None });
}

impl Drop for Marker {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            drop(fs::remove_file(path));
        }
    }
}
