//! Load balancing with IPVS: the configuration of virtual servers, real servers and their health checks.

#![forbid(unsafe_code)]

pub mod config;
mod outcome;

pub use outcome::{Attempt, Failure, HttpTest, Outcome, Remark};
