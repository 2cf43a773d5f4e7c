//! CPU time used, for the last line of the log.

use crate::error::{Doing, Result, check};
use std::mem::MaybeUninit;
use std::time::Duration;

/// CPU time of this process and of its children that have been reaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// Ours, in user mode.
    pub user: Duration,
    /// Ours, in the kernel.
    pub system: Duration,
    /// The children's, in user mode.
    pub children_user: Duration,
    /// The children's, in the kernel.
    pub children_system: Duration,
}

/// The CPU time used so far (getrusage(2)).
///
/// # Errors
/// When the kernel refuses, which it has no reason for.
pub fn cpu_times() -> Result<CpuTimes> {
    let (user, system) = times(libc::RUSAGE_SELF)?;
    let (children_user, children_system) = times(libc::RUSAGE_CHILDREN)?;
    Ok(CpuTimes { user, system, children_user, children_system })
}

fn times(who: i32) -> Result<(Duration, Duration)> {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is to memory for one rusage, which the kernel fills in.
    check(unsafe { libc::getrusage(who, usage.as_mut_ptr()) }).doing("ask for the CPU time used")?;
    // SAFETY: the call succeeded, so it was filled in.
    let usage = unsafe { usage.assume_init() };
    Ok((duration(usage.ru_utime), duration(usage.ru_stime)))
}

fn duration(time: libc::timeval) -> Duration {
    let micros = u32::try_from(time.tv_usec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), micros * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_only_grows() {
        let before = cpu_times().expect("the kernel tells");
        let mut sum = 0_u64;
        for number in 0..3_000_000_u64 {
            sum = sum.wrapping_mul(31).wrapping_add(std::hint::black_box(number));
        }
        std::hint::black_box(sum);
        let after = cpu_times().expect("the kernel tells");
        assert!(after.user + after.system >= before.user + before.system);
    }
}
