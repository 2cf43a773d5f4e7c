//! The end: children first, then the shutdown script, then our traces.

use super::child::Child;
use super::kinds::{Fate, Role};
use super::launch::Launch;
use super::scripts::Around;
use super::start::CORE_PATTERN;
use super::{Phase, Supervisor, setup};
use crate::version;
use keepalived_kernel::lock_file::LockFile;
use keepalived_kernel::process::{CpuTimes, cpu_times};
use keepalived_kernel::{namespace, sysctl};
use keepalived_types::Instant;
use std::fs;
use std::time::Duration;

impl Supervisor {
    /// Begins to stop; a second request changes nothing.
    pub(super) fn stop(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Running) {
            return;
        }
        self.launch.logger.info("Stopping");
        self.notifier.stopping();
        let patience = self.config.global().identity.child_wait_time.0;
        self.end_children(now, now + patience);
    }

    /// Asks the children to end. What those without a process left behind goes now.
    pub(super) fn end_children(&mut self, now: Instant, kill_at: Instant) {
        self.phase = Phase::Stopping { kill_at };
        // Other routers should hear first that we go.
        let vrrp_first = |child: &&Child| child.kind.role != Role::Vrrp;
        let mut living: Vec<&Child> = self.children.iter().filter(|child| child.pid().is_some()).collect();
        living.sort_by_key(vrrp_first);
        living.iter().for_each(|child| child.signal(libc::SIGTERM));
        for index in 0..self.children.len() {
            self.children[index].restart_at = None;
            if self.children[index].pid().is_none() {
                (self.children[index].kind.bereaved)(self, Fate::Over, now);
            }
        }
        self.stopped_if_alone();
    }

    /// There is nobody left to wait for.
    pub(super) fn stopped_if_alone(&mut self) {
        if self.children.iter().all(|child| child.pid().is_none()) {
            self.phase = Phase::Stopped;
        }
    }

    /// The children have had their time.
    pub(super) fn force_end(&mut self) {
        for child in self.children.iter().filter(|child| child.pid().is_some()) {
            let name = child.kind.name;
            self.launch.logger.info(format_args!("{name} process failed to die - forcing termination"));
            child.signal(libc::SIGKILL);
        }
        // They cannot escape that; their end is told by SIGCHLD.
        self.phase = Phase::Killing;
    }

    /// The VRRP process is gone: its addresses are ours to look after.
    pub(super) fn vrrp_bereaved(&mut self, fate: Fate, now: Instant) {
        match fate {
            Fate::Over => self.release_addresses(),
            Fate::Respawn(delay) => {
                self.custody.process_died(now);
                if !delay.is_zero() {
                    // A successor that starts at once removes them itself.
                    self.remove_strays();
                }
            }
        }
    }

    /// Removes addresses that no process will remove any more.
    pub(super) fn release_addresses(&mut self) {
        if !self.launch.options.shutdown.keep_vrrp
            && let Some(config) = self.running_config()
        {
            let outcome = self.custody.remove_addresses(&config.vrrp);
            self.tell_removal(outcome);
        }
    }

    /// Removes addresses that the dead process should not have had any more.
    fn remove_strays(&self) {
        if !self.launch.options.shutdown.keep_vrrp
            && let Some(config) = self.running_config()
        {
            self.tell_removal(self.custody.remove_stray_addresses(&config.vrrp));
        }
    }

    fn tell_removal(&self, outcome: keepalived_kernel::Result<usize>) {
        match outcome {
            Ok(0) => {}
            Ok(count) => {
                self.launch
                    .logger
                    .info(format_args!("Removed {count} virtual addresses of the VRRP process"));
            }
            Err(error) => self.launch.logger.error(format_args!("Virtual addresses may be left: {error}")),
        }
    }

    /// Everything after the children. Returns the exit status.
    pub(super) fn finish(self) -> u8 {
        let Self { launch, config, parent_file, status, control, local_igmp, made_fifos, .. } = self;
        // Its socket may lie beside the pid files, in a directory that goes with the last of them.
        drop(control);
        made_fifos.remove();
        local_igmp.restore(&launch.logger);
        let scripts = &config.global().scripts;
        if let Some(command) = &scripts.shutdown {
            let umask = setup::umask(&launch, config.global());
            Around { which: "shutdown", command, timeout: scripts.shutdown_timeout, umask }
                .run(&launch, None);
        }
        tell_cpu_usage(&launch);
        restore_core_pattern(&launch);
        remove_pid_files(&launch, parent_file);
        launch.logger.info(format_args!("Stopped {}", version::full()));
        status
    }
}

/// Removes the parent's pid file, and the directory if no other daemon uses it.
pub(super) fn remove_pid_files(launch: &Launch, parent_file: LockFile) {
    if let Err(error) = parent_file.remove() {
        launch.logger.info(format_args!("{error}"));
    }
    match (launch.identity.pid_directory(), &launch.identity.namespace) {
        (Some(directory), Some(name)) => namespace::release_directory(directory, name),
        (Some(directory), None) => drop(fs::remove_dir(directory)),
        (None, _) => {}
    }
}

/// With `-D`: what the daemon has cost.
pub(super) fn tell_cpu_usage(launch: &Launch) {
    if let Ok(times) = cpu_times() {
        launch.logger.detail(usage_line(times));
    }
}

/// Core dumps of others are not our business any more.
pub(super) fn restore_core_pattern(launch: &Launch) {
    if let Some(pattern) = &launch.core_pattern_before {
        drop(sysctl::write(CORE_PATTERN, pattern));
    }
}

/// `CPU usage (self/children) user: 0.002161/0.017196 system: ...`.
fn usage_line(times: CpuTimes) -> String {
    let show = |time: Duration| format!("{}.{:06}", time.as_secs(), time.subsec_micros());
    format!(
        "CPU usage (self/children) user: {}/{} system: {}/{}",
        show(times.user),
        show(times.children_user),
        show(times.system),
        show(times.children_system)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_usage_is_told_to_the_microsecond() {
        let times = CpuTimes { user: Duration::from_micros(2_161), ..CpuTimes::default() };
        assert_eq!(
            usage_line(times),
            "CPU usage (self/children) user: 0.002161/0.000000 system: 0.000000/0.000000"
        );
    }
}
