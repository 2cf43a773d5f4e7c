//! How this process and its threads run: priority, memory, processors, limits, name, umask.

use crate::error::{Doing, Result, check};
use rustix::mm::MlockAllFlags;
use rustix::process::Pid;
use rustix::thread::CpuSet;
use std::ffi::CString;
use std::io;
use std::time::Duration;

/// Sets the nice value of the calling process, -20 to 19.
///
/// # Errors
/// When a value below the present one is asked for without CAP_SYS_NICE.
pub fn set_nice(nice: i32) -> Result<()> {
    rustix::process::setpriority_process(None, nice).doing("set the nice value")
}

/// Runs the calling thread under SCHED_RR; `priority` is clamped to what the kernel has (1 to 99), and returned so.
/// Threads and processes that it starts begin without it.
///
/// # Errors
/// When we lack CAP_SYS_NICE, or the cgroup has no real-time budget.
pub fn set_realtime(priority: i32) -> Result<i32> {
    // SAFETY: both only look up a constant of the kernel.
    let (lowest, highest) = unsafe {
        (libc::sched_get_priority_min(libc::SCHED_RR), libc::sched_get_priority_max(libc::SCHED_RR))
    };
    let priority = priority.clamp(lowest, highest.max(lowest));
    set_scheduler(libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, priority)
        .doing("set the real-time priority")?;
    Ok(priority)
}

/// Runs the calling thread under SCHED_OTHER, as every program expects.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn set_ordinary() -> Result<()> {
    set_scheduler(libc::SCHED_OTHER, 0).doing("return to ordinary scheduling")
}

fn set_scheduler(policy: i32, priority: i32) -> io::Result<()> {
    // SAFETY: sched_param is integers; all zero is a valid value.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = priority;
    // SAFETY: the pointer is to a live sched_param, which the kernel only reads; 0 is the calling thread.
    check(unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) }).map(drop)
}

/// The smallest slice the kernel has (kernel/sched/syscalls.c clamps to it).
pub const SHORTEST_SLICE: Duration = Duration::from_micros(100);

/// Has the calling thread, under SCHED_OTHER, scheduled in slices of this length instead of some milliseconds: it gets no
/// more time than others, but sooner when it wakes up, for the scheduler runs the earliest end of a slice first
/// (Linux 6.12, Documentation/scheduler/sched-eevdf.rst). Older kernels ignore it. Its nice value stays, and threads
/// and processes that it starts inherit the slice. A thread under another policy, which whoever started the program
/// chose, is left alone.
///
/// # Errors
/// When the kernel is too old to know the system call's structure, or a sandbox forbids the call.
pub fn set_slice(slice: Duration) -> Result<()> {
    // SAFETY: no memory is involved.
    if unsafe { libc::sched_getscheduler(0) } != libc::SCHED_OTHER {
        return Ok(());
    }
    let nice = rustix::process::getpriority_process(None).doing("read the nice value")?;
    // SAFETY: sched_attr is integers; all zero is a valid value.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    attributes.size = u32::try_from(size_of::<libc::sched_attr>()).expect("a small structure");
    attributes.sched_policy = u32::try_from(libc::SCHED_OTHER).expect("it is 0");
    attributes.sched_nice = nice;
    attributes.sched_runtime = u64::try_from(slice.as_nanos()).unwrap_or(u64::MAX);
    // SAFETY: the pointer is to a live sched_attr of the size it names, which the kernel only reads; 0 is the calling
    // thread, and there are no flags.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }.doing("choose a time slice")
}

/// What a real-time thread may use at most without sleeping before it counts as run away.
const RUN_AWAY: Duration = Duration::from_secs(2);

/// Limits the CPU time that a real-time thread may use without sleeping: SIGXCPU after half of it, and SIGKILL after
/// all of it but not before two seconds, because a reload of thousands of instances has not run away. `None` lifts the
/// limit.
///
/// # Errors
/// When a limit is to be raised without CAP_SYS_RESOURCE.
pub fn limit_realtime(time: Option<Duration>) -> Result<()> {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let soft = time.map(|time| micros(time) / 2);
    set_limit(Limit::RealtimeTime, soft, time.map(|time| micros(time.max(RUN_AWAY))))
}

/// A resource limit (setrlimit(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// RLIMIT_CORE: bytes of a core dump.
    Core,
    /// RLIMIT_NOFILE: open descriptors.
    Descriptors,
    /// RLIMIT_RTTIME: microseconds of CPU time without sleeping, for real-time threads.
    RealtimeTime,
}

impl Limit {
    const fn resource(self) -> u32 {
        // The C library's type for these numbers is unsigned with glibc and signed with musl.
        match self {
            Self::Core => libc::RLIMIT_CORE,
            Self::Descriptors => libc::RLIMIT_NOFILE,
            Self::RealtimeTime => libc::RLIMIT_RTTIME,
        }
    }
}

/// Sets both values of a limit; `None` is "no limit".
///
/// # Errors
/// When the hard limit is to be raised without CAP_SYS_RESOURCE, or the soft one is above it.
pub fn set_limit(limit: Limit, soft: Option<u64>, hard: Option<u64>) -> Result<()> {
    let value = libc::rlimit {
        rlim_cur: soft.unwrap_or(libc::RLIM_INFINITY),
        rlim_max: hard.unwrap_or(libc::RLIM_INFINITY),
    };
    // SAFETY: the pointer is to a live rlimit, which the kernel only reads.
    check(unsafe { libc::setrlimit(limit.resource(), &raw const value) })
        .map(drop)
        .doing("set a resource limit")
}

/// Both values of a limit, soft and hard; `None` is "no limit".
///
/// # Errors
/// When the kernel does not know the limit.
pub fn limit(limit: Limit) -> Result<(Option<u64>, Option<u64>)> {
    let mut value = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live, writable rlimit.
    check(unsafe { libc::getrlimit(limit.resource(), &raw mut value) }).doing("read a resource limit")?;
    let known = |value: u64| (value != libc::RLIM_INFINITY).then_some(value);
    Ok((known(value.rlim_cur), known(value.rlim_max)))
}

/// Keeps the pages of this process, those of the future included, in memory once they are there.
///
/// # Errors
/// When we lack CAP_IPC_LOCK and RLIMIT_MEMLOCK is too small.
pub fn lock_memory() -> Result<()> {
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    rustix::mm::mlockall(flags).doing("lock memory")
}

/// Lets pages be swapped again.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn unlock_memory() -> Result<()> {
    rustix::mm::munlockall().doing("unlock memory")
}

/// Lets the calling thread run on these processors only.
///
/// # Errors
/// When none of them exists or is allowed. Numbers above 1023 are refused (`InvalidInput`).
pub fn set_affinity(processors: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for &processor in processors {
        if processor >= CpuSet::MAX_CPU {
            return Err(io::Error::from(io::ErrorKind::InvalidInput)).doing("choose processors");
        }
        set.set(processor);
    }
    rustix::thread::sched_setaffinity(None, &set).doing("choose processors")
}

/// Names the calling thread, and the process when it is the first one: /proc/PID/comm. The kernel keeps 15 bytes.
///
/// # Errors
/// When the name holds a NUL.
pub fn set_name(name: &str) -> Result<()> {
    let name = CString::new(name).map_err(io::Error::from).doing("set the process name")?;
    rustix::thread::set_name(&name).doing("set the process name")
}

/// Has the kernel send SIGTERM to this process when its parent ends. False: `parent` has ended already.
///
/// "Parent" is the *thread* that started us: it has to live as long as its process. A change of user id undoes this.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn stop_with_parent(parent: Pid) -> Result<bool> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))
        .doing("ask to be stopped with the parent")?;
    Ok(rustix::process::getppid() == Some(parent))
}

/// Makes orphaned descendants children of this process instead of the first one's.
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn adopt_orphans() -> Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).doing("become a child subreaper")
}

/// Sets the file mode creation mask and returns the one before. Process-wide.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: it cannot fail and touches no memory.
    unsafe { libc::umask(mask & 0o777) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `test` on a thread of its own: scheduling and affinity are a thread's.
    fn on_a_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().expect("the test passed");
    }

    #[test]
    fn a_real_time_thread_is_clamped_and_its_threads_start_ordinary() {
        on_a_thread(|| {
            assert_eq!(set_realtime(1000).expect("needs root"), 99);
            assert_eq!(policy(), libc::SCHED_RR | libc::SCHED_RESET_ON_FORK);
            on_a_thread(|| assert_eq!(policy(), libc::SCHED_OTHER));
            set_ordinary().expect("back");
            assert_eq!(policy(), libc::SCHED_OTHER);
        });
    }

    fn policy() -> i32 {
        // SAFETY: no memory is involved.
        unsafe { libc::sched_getscheduler(0) }
    }

    #[test]
    fn a_short_slice_changes_neither_policy_nor_nice_value() {
        on_a_thread(|| {
            set_nice(3).expect("downwards is always allowed");
            set_slice(SHORTEST_SLICE).expect("the kernel has sched_setattr");
            assert_eq!(policy(), libc::SCHED_OTHER);
            assert_eq!(rustix::process::getpriority_process(None).expect("known"), 3);
            set_realtime(1).expect("needs root");
            set_slice(SHORTEST_SLICE).expect("nothing is done");
            assert_eq!(policy(), libc::SCHED_RR | libc::SCHED_RESET_ON_FORK);
        });
    }

    #[test]
    fn a_thread_is_named_and_pinned() {
        on_a_thread(|| {
            set_name("keepalived_vrrp_and_more").expect("a name");
            let name = rustix::thread::name().expect("a name");
            assert_eq!(name.to_bytes(), b"keepalived_vrrp");
            assert!(set_name("a\0b").is_err());
            set_affinity(&[0]).expect("processor 0 exists");
            assert_eq!(rustix::thread::sched_getaffinity(None).expect("known").count(), 1);
            assert!(set_affinity(&[99_999]).is_err());
        });
    }

    #[test]
    fn limits_are_read_back() {
        let (soft, hard) = limit(Limit::Descriptors).expect("known");
        set_limit(Limit::Descriptors, soft, hard).expect("unchanged limits are allowed");
        assert_eq!(limit(Limit::Descriptors).expect("known"), (soft, hard));
    }
}
