//! The body of the exec helper: from "just started by a real-time daemon" to "an ordinary script of some user".
//!
//! It runs after `posix_spawn`, in a process of its own, so that the daemon never forks.

use super::Pid;
use super::daemonise::null_streams;
use crate::error::{Doing, Error, Result, check};
use crate::sched::{self, Limit};
use crate::signals;
use keepalived_types::{Command, Credentials};
use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt;

/// Variables that a script of another user must not get from a daemon's environment.
const DROPPED_VARIABLES: [&str; 3] = ["IFS", "LD_PRELOAD", "LD_LIBRARY_PATH"];

/// What the daemon had before it changed it, to be given back to scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOptions {
    /// Who started the helper: when that process is gone already, nothing is executed.
    pub parent: Option<Pid>,
    /// RLIMIT_CORE, soft and hard, if the daemon changed it; `None` inside is "no limit".
    pub core_limit: Option<(Option<u64>, Option<u64>)>,
    /// RLIMIT_NOFILE, soft and hard, if the daemon changed it.
    pub descriptor_limit: Option<(Option<u64>, Option<u64>)>,
    /// Leave standard input, output and error as they are.
    pub keep_streams: bool,
}

/// Becomes `command`: own process group, default signals, nothing real-time, standard streams on /dev/null, no other
/// descriptors, SIGTERM when the parent ends, and the command's user. Returns only when that fails.
///
/// # Errors
/// When the user cannot be taken or the program cannot be executed.
pub fn exec_as(command: &Command, options: &ExecOptions) -> Error {
    match prepare_and_exec(command, options) {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

fn prepare_and_exec(command: &Command, options: &ExecOptions) -> Result<Infallible> {
    rustix::process::setpgid(None, None).doing("make a process group")?;
    undo_real_time(options)?;
    signals::reset_all()?;
    if !options.keep_streams {
        null_streams()?;
    }
    close_others()?;
    take_credentials(&command.run_as)?;
    // Only now: a change of user id takes the parent-death signal back.
    let parent = options.parent.or_else(rustix::process::getppid);
    if let Some(parent) = parent
        && !sched::stop_with_parent(parent)?
    {
        return Err(io::Error::other("the daemon has ended")).doing("execute a script");
    }
    let mut program = program_of(command)?;
    for name in DROPPED_VARIABLES {
        program.env_remove(name);
    }
    Err(program.exec()).doing(format!("execute {}", command.path.display()))
}

fn undo_real_time(options: &ExecOptions) -> Result<()> {
    sched::set_ordinary()?;
    sched::unlock_memory()?;
    // Going up again takes capabilities (SYS_NICE, SYS_RESOURCE) that a confined daemon may not have. A script that
    // runs a little nicer is better than none.
    drop(sched::set_nice(0));
    give_back(Limit::RealtimeTime, Some((None, None)));
    give_back(Limit::Core, options.core_limit);
    give_back(Limit::Descriptors, options.descriptor_limit);
    Ok(())
}

/// Sets a limit to what it was, or else as high as we may.
fn give_back(limit: Limit, before: Option<(Option<u64>, Option<u64>)>) {
    let Some((soft, hard)) = before else { return };
    if sched::set_limit(limit, soft, hard).is_err()
        && let Ok((_, highest)) = sched::limit(limit)
    {
        // `None` is no limit, which is above all numbers.
        let soft = match (soft, highest) {
            (Some(soft), Some(highest)) => Some(soft.min(highest)),
            (soft, highest) => soft.or(highest),
        };
        drop(sched::set_limit(limit, soft, highest));
    }
}

/// Marks all descriptors but the standard streams to be closed by exec. Ours are so anyway; inherited ones may not.
fn close_others() -> Result<()> {
    let flags = libc::CLOSE_RANGE_CLOEXEC;
    // SAFETY: numbers only, and CLOEXEC closes nothing that this process still uses.
    match unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, flags) } {
        0 => Ok(()),
        _ => close_one_by_one(),
    }
}

/// For kernels before 5.11, which lack close_range or its flag.
fn close_one_by_one() -> Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd").doing("list our descriptors")?.flatten() {
        let Some(fd) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if fd > 2 {
            // SAFETY: numbers only; a descriptor that is gone by now is answered with EBADF.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// Group, supplementary groups, user: in this order, because after the last step the others are no longer allowed.
fn take_credentials(credentials: &Credentials) -> Result<()> {
    let Credentials { uid, gid, groups } = credentials;
    let is_already = rustix::process::getuid().as_raw() == *uid
        && rustix::process::getgid().as_raw() == *gid
        && !rustix::process::geteuid().is_root();
    // A daemon without privileges runs its scripts as itself; it may not set even its own groups.
    if is_already {
        return Ok(());
    }
    // SAFETY: numbers only.
    check(unsafe { libc::setgid(*gid) }).doing(format!("take group {gid}"))?;
    let only_primary = [*gid];
    let groups = groups.as_deref().unwrap_or(&only_primary);
    // SAFETY: the pointer and the length describe one live array, which is only read.
    check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }).doing("take supplementary groups")?;
    // SAFETY: numbers only.
    check(unsafe { libc::setuid(*uid) }).map(drop).doing(format!("take user {uid}"))
}

fn program_of(command: &Command) -> Result<std::process::Command> {
    let (name, arguments) = command
        .argv
        .split_first()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
        .doing("execute a script without a name")?;
    if command.through_shell {
        let mut line = quoted(&command.path.to_string_lossy());
        for argument in arguments {
            line.push(' ');
            line.push_str(&quoted(argument));
        }
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &line]);
        return Ok(shell);
    }
    let mut program = std::process::Command::new(&command.path);
    program.arg0(name).args(arguments);
    Ok(program)
}

/// One word for the shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quoted_word_means_itself_to_the_shell() {
        let word = "it's $HOME; `x` \"y\"";
        let printed = crate::testing::run("/bin/sh", &["-c", &format!("printf %s {}", quoted(word))]);
        assert_eq!(printed, word);
    }
}
