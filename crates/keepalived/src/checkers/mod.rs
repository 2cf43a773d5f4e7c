//! The checker process: one thread that runs the LVS engine, its checks, and the kernel's table.
//!
//! | Question | File |
//! |---|---|
//! | From the first message to the last line? | `process.rs` |
//! | What happens in a turn? | `driver.rs`, and below `driver/` what it is told, watches and does |
//! | What wakes it? | `inputs.rs`, and its deadline: `alarm.rs` |
//! | What is written to the kernel, and read back? | `table.rs` |
//! | Which packets are marked for it? | `marker.rs` |
//! | Which programs run? | `programs.rs` |
//! | Which checks is nobody there to make? | `unfollowed.rs` |
//! | Whom does the kernel let ping? | `ping_range.rs` |

mod alarm;
mod driver;
mod dumps;
mod inputs;
mod marker;
mod ping_range;
mod process;
mod programs;
mod table;
mod unfollowed;

pub use process::run;
