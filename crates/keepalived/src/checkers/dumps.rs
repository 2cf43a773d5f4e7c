//! `keepalived_check.data`: what SIGUSR1, `--dump-conf` and `config_save_dir` show of the checker process.

use super::driver::Driver;
use crate::dump_file::{self, Mode};
use crate::dump_setup::DumpSetup;
use keepalived_surfaces::dump;
use std::path::Path;

/// What dumps are made from beside the engine.
#[derive(Debug)]
pub(super) struct Dumps {
    setup: DumpSetup,
    /// How many reloads there have been.
    reloads: u32,
}

impl Dumps {
    /// Keeps what will be shown.
    pub(super) const fn new(setup: DumpSetup) -> Self {
        Self { setup, reloads: 0 }
    }

    /// Shows it otherwise from now on.
    pub(super) fn reload(&mut self, setup: DumpSetup) {
        self.setup = setup;
    }
}

impl Driver {
    /// SIGUSR1.
    pub(super) fn dump_data(&self) {
        let pid = std::process::id();
        self.logger.info(format_args!("Printing checker data for process({pid}) on signal"));
        self.write_data(&self.dumps.setup.data);
    }

    /// `--dump-conf`.
    pub(super) fn log_configuration(&self) {
        if self.dumps.setup.at_start {
            self.data().lines().for_each(|line| self.logger.info(line));
        }
    }

    /// `config_save_dir`: the data before and after a reload.
    pub(super) fn save_data(&mut self, when: &str) {
        self.dumps.reloads += u32::from(when == "pre");
        let Some(directory) = &self.dumps.setup.save_directory else { return };
        let number = self.dumps.reloads;
        let path = directory.join(format!("keepalived_check.{}.{number}.{when}", std::process::id()));
        self.write_data(&path);
    }

    fn write_data(&self, path: &Path) {
        dump_file::write(path, &self.data(), Mode::ByUmask, &self.logger);
    }

    fn data(&self) -> String {
        let (config, snapshot) = (self.engine.config(), self.engine.snapshot());
        let shown = dump::check_data(&config, &snapshot, &self.engine.file_values());
        format!("{}{shown}", self.dumps.setup.global)
    }
}
