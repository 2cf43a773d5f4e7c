//! One network namespace: made, entered, and removed with everything that lives in it.

use std::fs::File;
use std::os::fd::AsFd;
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::command::run;
use crate::{Error, Result, names, processes};

/// A network namespace. Dropping it kills every process inside and deletes it.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace with a unique name and its loopback up.
    ///
    /// # Errors
    /// When `ip netns add` fails.
    pub fn create(label: &str) -> Result<Self> {
        let name = names::unique(label);
        run(&["ip", "netns", "add", &name])?;
        let namespace = Self { name };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Its name below /run/netns.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip -n NAME ARGUMENTS` and returns what it prints.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn ip(&self, arguments: &[&str]) -> Result<String> {
        let mut command = vec!["ip", "-n", &self.name];
        command.extend(arguments);
        run(&command)
    }

    /// Runs a command inside and returns what it prints.
    ///
    /// # Errors
    /// When the command fails.
    pub fn exec(&self, arguments: &[&str]) -> Result<String> {
        let mut command = vec!["ip", "netns", "exec", &self.name];
        command.extend(arguments);
        run(&command)
    }

    /// Starts a thread of this process that lives inside: sockets it opens belong to the namespace.
    ///
    /// # Errors
    /// When the namespace cannot be opened or the thread not started.
    pub fn thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<Result<T>>> {
        let path = format!("/run/netns/{}", self.name);
        let file = File::open(&path).map_err(Error::io(format!("opening {path}")))?;
        let builder = std::thread::Builder::new().name(self.name.chars().take(15).collect());
        builder
            .spawn(move || {
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                    .map_err(|errno| Error::Io { what: format!("entering {path}"), source: errno.into() })?;
                Ok(work())
            })
            .map_err(Error::io("starting a thread"))
    }

    /// Writes a kernel setting below /proc/sys/net of this namespace, such as `ipv6/conf/default/accept_dad`.
    ///
    /// # Errors
    /// When the setting does not exist or refuses the value.
    pub fn set_sysctl(&self, key: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/net/{key}");
        let value = value.to_owned();
        let what = format!("writing {path}");
        let written = self.thread(move || std::fs::write(path, value))?;
        match written.join() {
            Ok(result) => result?.map_err(Error::io(what)),
            Err(_) => Err(Error::Unexpected(format!("{what}: the thread panicked"))),
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Kills what lives in a namespace and deletes it. Failures are not reported: this runs in destructors, and the
/// next run sweeps what is left.
pub(crate) fn remove(name: &str) {
    let pids = run(&["ip", "netns", "pids", name]).unwrap_or_default();
    for pid in pids.lines().filter_map(|line| line.trim().parse().ok()) {
        if pid != std::process::id() {
            processes::kill(pid);
        }
    }
    let _gone_or_swept_later = run(&["ip", "netns", "del", name]);
}
