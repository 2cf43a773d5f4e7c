//! What runs came to: a figure of nothing says that nothing was shown.

use std::fmt;
use std::ops::AddAssign;

/// Figures of one run, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Operations on the kernel's table.
    pub operations: u64,
    /// Attempts of checks.
    pub checks: u64,
    /// Reloads.
    pub reloads: u64,
    /// Killed checker processes.
    pub crashes: u64,
    /// Changes of the table by somebody else.
    pub disturbances: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.operations += other.operations;
        self.checks += other.checks;
        self.reloads += other.reloads;
        self.crashes += other.crashes;
        self.disturbances += other.disturbances;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, checks, reloads, crashes, disturbances } = self;
        write!(
            f,
            "{operations} operations, {checks} checks, {reloads} reloads, {crashes} crashes, {disturbances} changes by \
             somebody else"
        )
    }
}
