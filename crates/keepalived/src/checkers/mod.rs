//! The checker process: one thread that runs the LVS engine, its checks, and the kernel's table.
//!
//! | Question | File |
//! |---|---|
//! | From the first message to the last line? | `process.rs` |
//! | What happens in a turn? | `driver.rs` |
//! | What wakes it? | `inputs.rs` |
//! | What is written to the kernel, and read back? | `table.rs` |
//! | Which packets are marked for it? | `marker.rs` |
//! | Which programs run? | `programs.rs` |
//! | Whom does the kernel let ping? | `ping_range.rs` |

mod driver;
mod dumps;
mod inputs;
mod marker;
mod ping_range;
mod process;
mod programs;
mod table;

pub use process::run;
