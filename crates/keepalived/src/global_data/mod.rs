//! The section `Global definitions`, with which every `.data` file begins (runtime reference 10.1): what `global_defs`
//! and the top level of the configuration say, every default filled in.
//!
//! It shows the daemon's configuration, which is no engine's, so it is made here and not where the other sections are.
//! The supervisor makes it for itself and for each child, as text: a child knows only its own part.
//!
//! | Lines | File |
//! |---|---|
//! | names, mail, scripts, reload | `daemon.rs` |
//! | IPVS, FIFOs | `outside.rs` |
//! | VRRP | `vrrp.rs` |
//! | processes, SNMP, D-Bus, buffers | `processes.rs` |

mod daemon;
mod outside;
mod processes;
mod vrrp;

#[cfg(test)]
mod tests;

use keepalived_config::model::Config;
use std::fmt::{Arguments, Write as _};

/// Whose file the section begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// `keepalived_parent.data`.
    Parent,
    /// `keepalived.data`.
    Vrrp,
    /// `keepalived_check.data`.
    Checkers,
}

/// What the section shows beside the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    /// The network namespace, wherever it was given.
    pub(crate) namespace: Option<String>,
    /// The umask in force.
    pub(crate) umask: u32,
    /// When `reload_time_file` has the next reload happen, in words.
    pub(crate) reload_at: Option<String>,
}

/// The section, banner included.
pub(crate) fn section(config: &Config, whose: Whose, circumstances: &Circumstances) -> String {
    let mut lines = Lines(String::from("------< Global definitions >------\n"));
    daemon::lines(&mut lines, config, whose, circumstances);
    outside::lines(&mut lines, config, whose);
    vrrp::lines(&mut lines, config, whose);
    processes::lines(&mut lines, config);
    processes::buffers(&mut lines, config, circumstances);
    vrrp::last_lines(&mut lines, config);
    daemon::last_lines(&mut lines, config);
    lines.0
}

/// The section that is being made.
struct Lines(String);

impl Lines {
    /// A line, set in by a blank.
    fn put(&mut self, text: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ok = writeln!(self.0, " {text}");
    }

    /// ` LABEL = VALUE`.
    fn value(&mut self, label: &str, value: impl std::fmt::Display) {
        self.put(format_args!("{label} = {value}"));
    }

    /// The same, when there is a value.
    fn given(&mut self, label: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.value(label, value);
        }
    }
}
