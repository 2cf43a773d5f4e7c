//! From the command line to a daemon whose children may start, in the original's order: log, configuration, identity,
//! pid file, background.

use super::damage::Mistakes;
use super::launch::Launch;
use super::paths::Identity;
use super::systemd::Notifier;
use super::{Supervisor, setup};
use crate::configuration::{self, Reading};
use crate::host::RealHost;
use crate::version;
use keepalived_config::model::Config;
use keepalived_kernel::lock_file::{LockError, LockFile};
use keepalived_kernel::process::{self, Side};
use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_kernel::sched::{self, Limit};
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{namespace, sysctl};
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// What the kernel names core dumps.
pub(super) const CORE_PATTERN: &str = "kernel/core_pattern";

/// How a start ended.
pub(super) enum Started {
    /// The daemon runs: go on with its main loop.
    Daemon(Box<Supervisor>),
    /// This process is done: it was the launcher, or something was wrong.
    Done(u8),
}

/// Starts, up to the point where children can be started.
pub(super) fn start(mut launch: Launch) -> Started {
    sched::set_umask(launch.options.umask.unwrap_or(configuration::DEFAULT_UMASK));
    announce(&launch);
    let Some(reading) = read_configuration(&mut launch) else {
        return Started::Done(stopped(&launch, 0));
    };
    let stops = reading.stops();
    let pending: Vec<&str> = reading.pending().collect();
    let mistakes = Mistakes::of(reading.diagnostics());
    let copy = reading.copy();
    let Some(config) = reading.into_config() else {
        return Started::Done(stopped(&launch, stops.unwrap_or(configuration::MISSING_FILE)));
    };
    if stops == Some(configuration::MISSING_FILE) {
        // An include that had to be there: known before anything was touched.
        return Started::Done(stopped(&launch, configuration::MISSING_FILE));
    }
    if launch.options.umask.is_some() && config.global.identity.umask.is_some() {
        launch.logger.info("umask command line option specified, ignoring config option");
    }
    sched::set_umask(setup::umask(&launch, &config.global));
    if !pending.is_empty() {
        let words = pending.join(", ");
        launch.logger.info(format_args!("These keywords are understood, but not acted on yet: {words}"));
    }
    launch.make_paths_absolute();
    limit_core_dumps(&mut launch);
    super::reload::remove_stale_marker(&config.global, &launch.pids.parent);
    let lock = match take_pid_file(&launch) {
        Ok(lock) => lock,
        Err(status) => return Started::Done(status),
    };
    let lock = match go_to_background(&launch, lock) {
        Ok(Some(lock)) => lock,
        Ok(None) => return Started::Done(0),
        Err(error) => {
            launch.logger.error(format_args!("{error}"));
            return Started::Done(1);
        }
    };
    if let Some(name) = &config.global.names.parent {
        // A long name is cut by the kernel, as it is for the original.
        drop(sched::set_name(name));
    }
    match daemon(launch, (config, mistakes), stops, lock) {
        Ok(mut supervisor) => {
            supervisor.save_copy(copy);
            Started::Daemon(Box::new(supervisor))
        }
        Err(status) => Started::Done(status),
    }
}

/// The first lines of the log.
fn announce(launch: &Launch) {
    let logger = &launch.logger;
    logger.info(format_args!("Starting {}", version::full()));
    logger.info(version::kernel_line());
    for line in super::wording::command_line(&launch.argv) {
        logger.info(line);
    }
}

/// Which files were read.
pub(super) fn tell_files(launch: &Launch, reading: &Reading) {
    for (number, file) in reading.files().enumerate() {
        launch.logger.detail(format_args!("Opening file '{file}'."));
        if number == 0 {
            launch.logger.info(format_args!("Configuration file {file}"));
        }
    }
}

/// Reads the configuration, in the network namespace it belongs to. `None`: that namespace does not exist.
fn read_configuration(launch: &mut Launch) -> Option<Reading> {
    let mut reading = configuration::read(&launch.options, &RealHost::new());
    tell_files(launch, &reading);
    launch.identify(reading.config().map(|config| identity(launch, config)).unwrap_or_default());
    if let Some(name) = launch.identity.namespace.clone() {
        launch.origin = namespace::current().ok();
        if let Err(error) = namespace::enter(&name) {
            launch.logger.info(format_args!("Failed to open /run/netns/{name}"));
            launch.logger.detail(format_args!("{error}"));
            launch.logger.error(format_args!("Unable to set network namespace {name} - exiting"));
            return None;
        }
        // Only here can be seen which interfaces there are.
        reading = configuration::read(&launch.options, &RealHost::new());
    }
    reading.log_lines().for_each(|line| launch.logger.info(line));
    reading.notes().for_each(|line| launch.logger.detail(line));
    Some(reading)
}

/// The command line's namespace beats the configuration's.
fn identity(launch: &Launch, config: &Config) -> Identity {
    let configured = &config.global.identity;
    let given = launch.options.namespace.clone();
    if let (Some(given), Some(configured)) = (&given, &configured.net_namespace) {
        launch.logger.info(format_args!(
            "Overriding config net_namespace '{configured}' with command line namespace '{given}'"
        ));
    }
    Identity {
        namespace: given.or_else(|| configured.net_namespace.clone()),
        instance: configured.instance.clone(),
        use_pid_dir: configured.use_pid_dir,
    }
}

fn limit_core_dumps(launch: &mut Launch) {
    if !launch.options.core_dumps {
        return;
    }
    if let Err(error) = sched::set_limit(Limit::Core, None, None) {
        launch.logger.info(format_args!("{error}"));
    }
    let Some(pattern) = &launch.options.core_pattern else {
        return;
    };
    let before = sysctl::read(CORE_PATTERN).ok();
    match sysctl::write(CORE_PATTERN, pattern) {
        Ok(()) => launch.core_pattern_before = before,
        Err(error) => launch.logger.info(format_args!("{error}")),
    }
}

/// Makes the directory of the pid files and takes the parent's. `Err` is the exit status.
fn take_pid_file(launch: &Launch) -> Result<LockFile, u8> {
    if let Some(directory) = launch.identity.pid_directory() {
        // It is there already for every daemon but the first.
        drop(std::fs::DirBuilder::new().recursive(true).mode(0o755).create(directory));
        open_to_all(directory);
        if let Some(name) = &launch.identity.namespace
            && let Err(error) = namespace::isolate_directory(directory, name)
        {
            launch.logger.info(format_args!("{error}"));
        }
        open_to_all(directory);
    }
    match LockFile::acquire(&launch.pids.parent, own_pid()) {
        Ok(lock) => Ok(lock),
        Err(LockError::Held(_)) => {
            let path = launch.pids.parent.display();
            launch.logger.info(format_args!("Another process has pid file {path} locked"));
            launch.logger.info("daemon is already running");
            Err(0)
        }
        // Addresses matter more than a number in a file.
        Err(LockError::Unwritten(lock, error)) => {
            launch.logger.error(format_args!("no pid file: {error}"));
            Ok(lock)
        }
        Err(LockError::Failed(error)) if takes_no_file(&error) => {
            launch.logger.error(format_args!("no pid file, and nothing keeps a second daemon away: {error}"));
            Ok(LockFile::absent(&launch.pids.parent))
        }
        Err(LockError::Failed(error)) => {
            let path = launch.pids.parent.display();
            launch.logger.info(format_args!("pidfile_write : Cannot open {path} pidfile"));
            launch.logger.error(format_args!("{error}"));
            Err(stopped(launch, 1))
        }
    }
}

/// The file system is read-only or full.
fn takes_no_file(error: &keepalived_kernel::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), ReadOnlyFilesystem | StorageFull | QuotaExceeded)
}

/// The umask is 0177, but other programs look for pid files.
fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    drop(std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)));
}

fn own_pid() -> process::Pid {
    rustix::process::getpid()
}

/// Unless told to stay: forks, and lets the launcher go when the pid file names the daemon. `None`: we are the
/// launcher.
fn go_to_background(launch: &Launch, lock: LockFile) -> Result<Option<LockFile>, keepalived_kernel::Error> {
    if launch.options.foreground {
        return Ok(Some(lock));
    }
    let pipe = std::io::pipe();
    launch.logger.flush();
    match process::daemonise()? {
        Side::Launcher => {
            if let Ok((mut reader, writer)) = pipe {
                drop(writer);
                // Ends when the daemon has written its pid file, or has died.
                drop(reader.read(&mut [0]));
            }
            // Its process id is no longer ours to write.
            std::mem::forget(lock);
            Ok(None)
        }
        Side::Daemon => {
            if let Err(error) = lock.write(own_pid()) {
                launch.logger.error(format_args!("no pid file: {error}"));
            }
            drop(pipe);
            Ok(Some(lock))
        }
    }
}

/// Signals, notification, the value that runs. `Err` is the exit status.
fn daemon(
    launch: Launch,
    (config, mistakes): (Config, Mistakes),
    stops: Option<u8>,
    lock: LockFile,
) -> Result<Supervisor, u8> {
    remove_unused_pid_files(&launch);
    // Fails only outside a session of our own, where nobody is orphaned to us either.
    drop(sched::adopt_orphans());
    let notifier = Notifier::from_environment();
    if let Some(status) = stops {
        // A start with this configuration would only fail later, and less clearly.
        notifier.failed(libc::EINVAL);
        return Err(withdraw(&launch, lock, status));
    }
    let watched = match watch_signals(&launch) {
        Ok(watched) => watched,
        Err(error) => {
            launch.logger.error(format_args!("{error}"));
            return Err(withdraw(&launch, lock, 1));
        }
    };
    if config.global.auto_priority.max == 0 {
        launch.logger.info(
            "NOTICE: setting config option max_auto_priority should result in better keepalived performance",
        );
    }
    Ok(Supervisor::new(launch, (config, mistakes), watched, notifier, lock))
}

/// Gives back the pid file and ends.
fn withdraw(launch: &Launch, lock: LockFile, status: u8) -> u8 {
    super::shutdown::remove_pid_files(launch, lock);
    stopped(launch, status)
}

/// Everything is ignored but faults and what we read from the descriptor.
fn watch_signals(launch: &Launch) -> keepalived_kernel::Result<(Signals, Reactor)> {
    let mut wanted = vec![
        libc::SIGHUP,
        libc::SIGTERM,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGCHLD,
        signals::json(),
        signals::stats_clear(),
    ];
    if !launch.options.ignore_sigint {
        wanted.push(libc::SIGINT);
    }
    let kept = [
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGABRT,
        libc::SIGTRAP,
        libc::SIGSYS,
        libc::SIGKILL,
        libc::SIGSTOP,
        libc::SIGCONT,
    ];
    for number in 1..=libc::SIGRTMAX() {
        if !wanted.contains(&number) && !kept.contains(&number) {
            // The C library keeps some numbers for itself and refuses.
            drop(signals::ignore(number));
        }
    }
    let signals = Signals::block(&wanted)?;
    let reactor = Reactor::new()?;
    reactor.register(signals.as_fd(), super::SIGNALS, Interest::Read)?;
    Ok((signals, reactor))
}

/// Files of processes that do not run would mislead whoever reads them. None of ours runs yet.
fn remove_unused_pid_files(launch: &Launch) {
    for path in [&launch.pids.vrrp, &launch.pids.checkers, &launch.pids.bfd] {
        if path.exists()
            && let Ok(lock) = LockFile::acquire(path, own_pid())
        {
            drop(lock.remove());
        }
    }
}

/// The last line of a daemon that ends before it began.
fn stopped(launch: &Launch, status: u8) -> u8 {
    super::shutdown::restore_core_pattern(launch);
    super::shutdown::tell_cpu_usage(launch);
    launch.logger.info(format_args!("Stopped {}", version::full()));
    status
}
